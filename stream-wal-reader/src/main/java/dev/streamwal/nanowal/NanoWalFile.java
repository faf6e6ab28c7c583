package dev.streamwal.nanowal;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.NanoWalLayout;
import dev.streamwal.format.NanoWalName;
import dev.streamwal.format.NanoWalPosition;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.SharedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** A listed nano-wal file, and what is known of it. Thread-safe. */
public final class NanoWalFile {

    /** State of the file's header. */
    enum Header {
        /** Valid. */
        SOUND,
        /** The magic is right, but the expiration differs from the one in the name. The name counts. */
        OTHER_EXPIRATION,
        /** Not completely written yet; there are no records. */
        BEGUN
    }

    private final NanoWalName name;
    private final int ordinal;
    private final Path path;
    private final NanoWalIndex index = new NanoWalIndex();
    private volatile boolean sound;

    NanoWalFile(NanoWalName name, int ordinal, Path path) {
        this.name = name;
        this.ordinal = ordinal;
        this.path = path;
    }

    public String key() {
        return name.prefix();
    }

    NanoWalName name() {
        return name;
    }

    /** Ordinal among the files of its prefix that the reader has seen. */
    public int ordinal() {
        return ordinal;
    }

    public Path path() {
        return path;
    }

    public NanoWalIndex index() {
        return index;
    }

    public long position(long offset) {
        return NanoWalPosition.of(ordinal, offset);
    }

    /**
     * Opens the file; the caller closes it.
     *
     * @throws CorruptSegmentException if it doesn't start as a nano-wal file does
     * @throws UnsupportedFormatException if it is a stream-wal segment, or too long
     */
    public SharedFile open(ChannelCache channels) throws IOException {
        SharedFile bytes = channels.acquire(path);
        try {
            Header unused = header(bytes);
            return bytes;
        } catch (IOException | RuntimeException e) {
            bytes.close();
            throw e;
        }
    }

    Header header(SegmentBytes bytes) throws IOException {
        if (sound) {
            return Header.SOUND;
        }
        if (bytes.size() > NanoWalPosition.MAX_FILE_BYTES) {
            throw NanoWalFailures.unsupported(this, FormatException.unsupported("nano-wal file is longer than " + NanoWalPosition.MAX_FILE_BYTES
                    + " bytes: bytes=" + bytes.size(), "read it with nano-wal itself"));
        }
        ByteBuffer first = ByteBuffer.allocate(NanoWalLayout.FILE_START_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int available = bytes.read(first, 0);
        if (NanoWalLayout.isHeaderBegun(first, available)) {
            return Header.BEGUN;
        }
        try {
            sound = NanoWalLayout.decodeHeader(first, available) == name.expirationMillis();
        } catch (FormatException e) {
            throw e.isUnsupported() ? NanoWalFailures.unsupported(this, e)
                    : NanoWalFailures.badHeader(this, e.getMessage(), bytes.size(), e);
        }
        return sound ? Header.SOUND : Header.OTHER_EXPIRATION;
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
