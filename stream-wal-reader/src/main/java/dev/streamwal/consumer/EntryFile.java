package dev.streamwal.consumer;

import dev.streamwal.io.Uninterrupted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** A cursor file that entries are added to; it stays open between two of them. Not thread-safe. */
final class EntryFile {

    private final Path file;
    private @Nullable FileChannel channel;

    EntryFile(Path file) {
        this.file = file;
    }

    /** Writes all that remains; an interrupt of the thread doesn't cut it short. */
    void write(ByteBuffer bytes, long offset) throws IOException {
        Uninterrupted.run(() -> {
            FileChannel open = open();
            ByteBuffer left = bytes.duplicate();
            while (left.hasRemaining()) {
                open.write(left, offset + left.position() - bytes.position());
            }
            return file;
        });
    }

    private FileChannel open() throws IOException {
        FileChannel open = channel;
        if (open == null || !open.isOpen()) {
            open = FileChannel.open(file, StandardOpenOption.WRITE);
            channel = open;
        }
        return open;
    }

    /** It is opened again when it is written to. */
    void close() throws IOException {
        FileChannel open = channel;
        channel = null;
        if (open != null) {
            open.close();
        }
    }
}
