package dev.streamwal.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/** Reads files from their beginning to their end, and nothing else: the limit for recovery and scans. */
final class PlainLoop {

    private static final int CHUNK_BYTES = 1 << 20;

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK_BYTES);
    private final CRC32C checksum = new CRC32C();
    private final List<Path> files;
    private final long bytes;

    /** All files below a folder whose names end like this. */
    PlainLoop(Path folder, String suffix) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
        }
        bytes = files.stream().mapToLong(file -> file.toFile().length()).sum();
    }

    long bytes() {
        return bytes;
    }

    int files() {
        return files.size();
    }

    void read() {
        pass(false);
    }

    long readAndChecksum() {
        pass(true);
        return checksum.getValue();
    }

    private void pass(boolean withChecksum) {
        for (Path file : files) {
            try (FileChannel channel = FileChannel.open(file)) {
                while (channel.read(buffer.clear()) >= 0) {
                    if (withChecksum) {
                        checksum.update(buffer.flip());
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
