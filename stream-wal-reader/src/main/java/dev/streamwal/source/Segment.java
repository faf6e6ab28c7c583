package dev.streamwal.source;

import dev.streamwal.format.Footer;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.CorruptSegmentException;
import dev.streamwal.reader.UnsupportedFormatException;
import dev.streamwal.reader.WalException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A segment that was listed, with what never changes of it once it has been read: its header, and its footer. Thread-safe. */
public final class Segment implements Comparable<Segment> {

    private final StreamKey key;
    private final SegmentName name;
    private final Path file;

    private volatile @Nullable SegmentHeader header;
    private volatile @Nullable Footer footer;

    Segment(StreamKey key, SegmentName name, Path file) {
        this.key = key;
        this.name = name;
        this.file = file;
    }

    /** Of the stream it belongs to. */
    public StreamKey key() {
        return key;
    }

    /** What the file's name says. */
    public SegmentName name() {
        return name;
    }

    /** Where it is. */
    public Path file() {
        return file;
    }

    /** Stream position of its first record. */
    public long basePosition() {
        return name.basePosition();
    }

    /**
     * Opens it; the caller closes it.
     *
     * @throws NoSuchFileException where it has been deleted
     * @throws CorruptSegmentException where its header is damaged, or another segment's
     * @throws UnsupportedFormatException where it is of a later version, or a nano-wal file
     */
    public SegmentReader open(ChannelCache channels) throws IOException {
        SharedFile bytes = channels.acquire(file);
        try {
            SegmentHeader known = header;
            if (known == null) {
                known = readHeader(bytes);
                header = known;
            }
            return new SegmentReader(this, known, bytes);
        } catch (IOException | RuntimeException e) {
            bytes.close();
            throw e;
        }
    }

    /** As {@link #open}, for the header alone. */
    public SegmentHeader header(ChannelCache channels) throws IOException {
        SegmentHeader known = header;
        if (known != null) {
            return known;
        }
        try (SegmentReader reader = open(channels)) {
            return reader.header();
        }
    }

    @Nullable Footer knownFooter() {
        return footer;
    }

    void footerIs(Footer found) {
        footer = found;
    }

    SegmentHeader readHeader(SegmentBytes bytes) throws IOException {
        ByteBuffer first = ByteBuffer.allocate(SegmentHeaderLayout.MAX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int available = bytes.read(first, 0);
        try {
            SegmentHeader read = SegmentHeaderLayout.decode(first, available);
            checkBelongsHere(read);
            return read;
        } catch (FormatException e) {
            throw unreadable(e, bytes.size());
        }
    }

    private void checkBelongsHere(SegmentHeader read) throws FormatException {
        if (!read.key().equals(key)) {
            throw FormatException.corrupt("a segment's header names the stream of its directory: key=" + read.key());
        }
        if (!read.name().equals(name)) {
            throw FormatException.corrupt("a segment's header says what its file's name says: basePosition=" + read.basePosition()
                    + ", expiration=" + read.expirationMillis());
        }
    }

    private WalException unreadable(FormatException e, long size) {
        String where = ", stream=" + key + ", file=" + file + ", offset=0";
        if (e.isUnsupported()) {
            return new UnsupportedFormatException(e.getMessage() + where, file, key.text(), basePosition(), e);
        }
        return new CorruptSegmentException(
                e.getMessage() + where + "; the other segments of the stream can be read",
                file, key.text(), basePosition(), 0, size, e);
    }

    @Override
    public int compareTo(Segment other) {
        return name.compareTo(other.name);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
