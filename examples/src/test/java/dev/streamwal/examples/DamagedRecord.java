package dev.streamwal.examples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/** A record that isn't what was appended any more. */
public final class DamagedRecord {

    private DamagedRecord() {}

    /** Changes a byte of the record that has this text. In place, as the writer may have it mapped. */
    public static void of(Path log, String text) throws IOException {
        for (Path file : segments(log)) {
            int offset = Files.readString(file, ISO_8859_1).indexOf(text);
            if (offset >= 0) {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    int unused = channel.write(ByteBuffer.wrap(new byte[] {'!'}), offset);
                }
                return;
            }
        }
        throw new IllegalStateException("no segment has it: text=" + text);
    }

    private static List<Path> segments(Path log) throws IOException {
        try (Stream<Path> files = Files.walk(log)) {
            return files.filter(each -> each.toString().endsWith(".seg")).toList();
        }
    }
}
