package dev.streamwal.segment;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A listed segment, which keeps its header and footer once they have been read, because they hardly change. It has a file of its own ({@link OwnSegment}), or
 * stands in a file with segments of other streams; readers see no difference. Thread-safe.
 */
public abstract class Segment implements Comparable<Segment> {

    private final StreamKey key;
    private final SegmentName name;

    private volatile @Nullable Footer footer;
    private volatile long dataSize;
    private volatile int lastSeen;

    protected Segment(StreamKey key, SegmentName name) {
        this.key = key;
        this.name = name;
    }

    public StreamKey key() {
        return key;
    }

    /** Its base position and expiration; for a segment with a file of its own, the file's name. */
    public SegmentName name() {
        return name;
    }

    /** The file that holds it. */
    public abstract Path file();

    /** Offset in {@link #file()} of an offset of the segment, for exceptions. */
    public abstract long fileOffset(long offset);

    /** Stream position of its first record. */
    public long basePosition() {
        return name.basePosition();
    }

    /** Stream position where its data ends, as far as the listing tells; else its base position, as for a file. */
    public long listedEnd() {
        return basePosition();
    }

    /** Whether it stands, open for reading, in a shared segment that begins below a position of the shared stream. */
    public boolean isSharedBelow(long position) {
        return false;
    }

    /** Whether the listing tells where its data ends. */
    public final boolean isEndListed() {
        return listedEnd() > basePosition();
    }

    /** Whether, by the listing, none of its records has a timestamp in the range; false if the listing doesn't tell. */
    public boolean isListedOutside(TimeRange range) {
        return false;
    }

    /**
     * What is known of it without opening it; null if it has to be opened.
     *
     * @throws NoSuchFileException if it has left its file
     */
    public @Nullable SegmentSummary summary() throws IOException {
        return null;
    }

    /**
     * Reads the parts of its file that reading the segment doesn't need, but finding it there does.
     *
     * @throws NoSuchFileException if it has left its file
     * @throws CorruptSegmentException if one of them is damaged
     */
    public void checkFile() throws IOException {}

    /**
     * Opens it; the caller closes it.
     *
     * @throws NoSuchFileException if it isn't in its file any more: it has been deleted, or has moved into a pack, or from a pack into another
     *     one. A new listing tells which. The records of a segment that has moved may be in several segments there, or in one with others.
     * @throws CorruptSegmentException if its header is damaged, or that of another segment
     * @throws UnsupportedFormatException if it is of a later version, or a nano-wal file
     */
    public abstract SegmentReader open(ChannelCache channels) throws IOException;

    /** As {@link #open}, for the header alone. */
    public abstract SegmentHeader header(ChannelCache channels) throws IOException;

    /**
     * Bytes of its file, or of its part of a pack.
     *
     * @throws NoSuchFileException if it has been deleted
     */
    public abstract long bytes() throws IOException;

    /** Where its records end, according to its bytes. */
    protected abstract SegmentEnd readEnd(SegmentBytes bytes, SegmentHeader header) throws IOException;

    /** Where its records of a range of time can be; null if it doesn't know, so that all have to be read. */
    protected @Nullable TimeSpan spanOf(SegmentBytes bytes, TimeRange range) throws IOException {
        return null;
    }

    /** The index of what was read of it, while it has no footer; null if it isn't in a file of its own, and so keeps none. */
    public @Nullable IndexSoFar indexSoFar() {
        return null;
    }

    /** A copy of {@link #indexSoFar}, to which records can be added; null if it keeps none. */
    public final @Nullable IndexSoFar indexToAddTo() {
        IndexSoFar known = indexSoFar();
        return known == null ? null : known.copy();
    }

    /** Keeps such a copy after records were added, unless more is known by now. */
    public void keep(IndexSoFar added) {}

    /** Whether these bytes are those of the file in which it was opened last: a reader may still have an earlier one open. */
    protected boolean isOf(SegmentBytes bytes) {
        return true;
    }

    /** Whether it still ends with this footer, or with another footer of the same size in its place. */
    protected abstract boolean hasFooter(SegmentBytes bytes, Footer known) throws IOException;

    /** The footer, if it has been read. */
    public @Nullable Footer knownFooter() {
        return footer;
    }

    void footerIs(Footer found) {
        footer = found;
    }

    /** Forgets this footer, but not one that was read later. */
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

    /** Offset of a record that was seen; 0 if none is known. The record may have been cut off since. */
    public int lastSeen() {
        return lastSeen;
    }

    public void lastSeenIs(int offset) {
        lastSeen = offset;
    }

    @Override
    public final int compareTo(Segment other) {
        return name.compareTo(other.name);
    }

    @Override
    public final boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public final int hashCode() {
        return System.identityHashCode(this);
    }

    @Override
    public String toString() {
        return file().toString();
    }
}
