package dev.streamwal.reading;

import dev.streamwal.reader.WalReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The other process of {@link ReadModelTest}. For each line "root seed keys" it opens a log, says "open", asks until the next line comes, and
 * prints what it was given, and "done".
 */
final class ReadingProcess {

    /** So many are asked in any case. */
    static final int MIN_ANSWERS = 10;

    private ReadingProcess() {}

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split(" ");
            Asker asker = new Asker(Long.parseLong(parts[1]), List.of(parts[2].split(",")));
            AtomicBoolean stopped = new AtomicBoolean();
            Thread stopping = new Thread(() -> {
                try {
                    String unused = lines.readLine();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                } finally {
                    stopped.set(true);
                }
            }, "stopping");
            try (WalReader reader = WalReader.open(Path.of(parts[0]))) {
                System.out.println("open");
                stopping.start();
                while (!stopped.get() || asker.answers().size() < MIN_ANSWERS) {
                    asker.ask(reader);
                }
            }
            stopping.join();
            asker.answers().forEach(answer -> System.out.println(answer.line()));
            System.out.println("done");
        }
    }
}
