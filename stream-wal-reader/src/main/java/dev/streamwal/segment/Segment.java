package dev.streamwal.segment;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SharedFile;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A segment that was listed, with what hardly changes of it once it has been read: its header, and its footer. Thread-safe. */
public final class Segment implements Comparable<Segment> {

    private final StreamKey key;
    private final SegmentName name;
    private final Path file;
    private final FooterCache footers;

    private volatile @Nullable SegmentHeader header;
    private volatile @Nullable Footer footer;
    private volatile long dataSize;
    private volatile int lastSeen;

    /** @param footers what is kept of the log's footers */
    public Segment(StreamKey key, SegmentName name, Path file, FooterCache footers) {
        this.key = key;
        this.name = name;
        this.file = file;
        this.footers = footers;
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
            SegmentHeader read = known == null ? SegmentFiles.readHeader(bytes, file, key, name) : known;
            header = read;
            return new SegmentReader(this, read, bytes, footers, known == null);
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

    /** The footer, if it was found already. */
    public @Nullable Footer knownFooter() {
        return footer;
    }

    void footerIs(Footer found) {
        footer = found;
    }

    /** Forgets this footer, not one that was found after it. */
    void forget(Footer old) {
        if (old.equals(footer)) {
            footer = null;
        }
    }

    long knownDataSize() {
        return dataSize;
    }

    void dataSizeIs(long size) {
        dataSize = size;
    }

    /** Offset of some record that was there; 0 where none is known. It may have been cut off since. */
    public int lastSeen() {
        return lastSeen;
    }

    public void lastSeenIs(int offset) {
        lastSeen = offset;
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
