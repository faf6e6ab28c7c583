package dev.streamwal.storage;

import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.Uninterrupted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Copies of segments, or of parts of them, under other names. */
public final class SegmentCopy {

    private static final int CHUNK_BYTES = 1 << 20;

    private SegmentCopy() {}

    /** A finished segment never changes, so a link to it will do. */
    public static void linkOrCopy(Path source, Path target) throws IOException {
        try {
            Files.createLink(target, source);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            // another file system, or one without links
            Files.copy(source, target);
        }
    }

    /** Copies {@code [from, to)} into a new file, and forces it; an interrupt doesn't cut it short. */
    public static void copy(SegmentBytes source, long from, long to, Path target) throws IOException {
        Files.createFile(target);
        Uninterrupted.run(() -> {
            try (FileChannel out = FileChannel.open(target, StandardOpenOption.WRITE)) {
                ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, to - from));
                for (long offset = from; offset < to; ) {
                    chunk.clear().limit((int) Math.min(chunk.capacity(), to - offset));
                    if (source.read(chunk, offset) == 0) {
                        throw new IOException("a segment is shorter than what is to be copied: offset=" + offset + ", end=" + to);
                    }
                    chunk.flip();
                    while (chunk.hasRemaining()) {
                        offset += out.write(chunk, offset - from);
                    }
                }
                out.force(true);
                return target;
            }
        });
    }
}
