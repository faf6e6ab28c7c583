package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** Which part of a file is in Linux's page cache, as {@code fincore} says. */
final class PageCache {

    static final int PAGE_BYTES = 4_096;

    private PageCache() {}

    /** Without the command, the test is aborted. */
    static long residentBytes(Path... files) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("fincore", "--bytes", "--noheadings", "--output", "RES"));
        for (Path file : files) {
            command.add(file.toString());
        }
        Process process;
        try {
            process = new ProcessBuilder(command).start();
        } catch (IOException e) {
            Assumptions.abort("there is no fincore: " + e.getMessage());
            throw e;
        }
        String found = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertThat(process.waitFor()).as("fincore").isZero();
        return found.lines().map(String::strip).filter(line -> !line.isEmpty()).mapToLong(Long::parseLong).sum();
    }
}
