package dev.streamwal.storage;

import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Copies of parts of segments under other names. */
public final class SegmentCopy {

    private static final int CHUNK_BYTES = 1 << 20;

    private SegmentCopy() {}

    /** Copies what stands before {@code end} into a new file, forces it, and appends a footer; an interrupt doesn't end it early. */
    public static void copy(SegmentBytes source, long end, ByteBuffer footer, Path target) throws IOException {
        try (LogFile copy = new LogFile(target, StandardOpenOption.WRITE)) {
            copy.create();
            ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, end));
            copy.together(open -> {
                source.copy(0, end, chunk, open::write);
                open.force();
                open.write(end, footer.duplicate());
                open.force();
            });
        }
    }
}
