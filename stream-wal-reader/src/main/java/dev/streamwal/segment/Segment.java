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
 * A segment that was listed, with what hardly changes of it once it has been read: its header, and its footer. It has a file of its own
 * ({@link OwnSegment}), or stands in another one with segments of other streams; who reads it can't tell. Thread-safe.
 */
public abstract class Segment implements Comparable<Segment> {

    /** While one is opened; it moves once into a pack, and from there when half of that has gone. */
    private static final int MAX_MOVES = 16;

    private final StreamKey key;
    private final SegmentName name;
    private final Path file;

    private final Moves moves;

    private volatile @Nullable Footer footer;
    private volatile long dataSize;
    private volatile int lastSeen;

    /** Finds a segment whose file has gone, should it stand in another one now: a pack, or the pack that took that one's place. */
    @FunctionalInterface
    public interface Moves {

        /** Segments that never move. */
        Moves NONE = gone -> null;

        /**
         * What the segment has, in another file: it may have become one with those behind it, and go on. Null where it is deleted.
         */
        @Nullable Segment of(Segment gone) throws IOException;
    }

    /** @param file in which it stands */
    protected Segment(StreamKey key, SegmentName name, Path file, Moves moves) {
        this.key = key;
        this.name = name;
        this.file = file;
        this.moves = moves;
    }

    /** Of the stream it belongs to. */
    public StreamKey key() {
        return key;
    }

    /** Where it begins and when it expires; of a segment with a file of its own, the file's name. */
    public SegmentName name() {
        return name;
    }

    /** In which it stands. */
    public Path file() {
        return file;
    }

    /** Where in {@link #file()} an offset of the segment is: for errors. */
    public abstract long fileOffset(long offset);

    /** Stream position of its first record. */
    public long basePosition() {
        return name.basePosition();
    }

    /** Stream position where its data ends, as far as the listing tells; its beginning where it doesn't, as of a file. */
    public long listedEnd() {
        return basePosition();
    }

    /** Whether the listing tells that none of its records has a timestamp in a range; false where it doesn't tell. */
    public boolean isListedOutside(TimeRange range) {
        return false;
    }

    /**
     * Opens it; the caller closes it.
     *
     * @throws NoSuchFileException where it has been deleted
     * @throws CorruptSegmentException where its header is damaged, or another segment's
     * @throws UnsupportedFormatException where it is of a later version, or a nano-wal file
     */
    public final SegmentReader open(ChannelCache channels) throws IOException {
        Segment now = this;
        for (int moves = 0; ; moves++) {
            try {
                return now.openHere(channels);
            } catch (NoSuchFileException e) {
                if (moves == MAX_MOVES) {
                    throw e;
                }
                now = now.moved(e);
            }
        }
    }

    /** By which it is found where its file has gone. */
    protected final Moves moves() {
        return moves;
    }

    /** Where it stands now. */
    final Segment moved(NoSuchFileException gone) throws IOException {
        Segment moved = moves.of(this);
        if (moved == null) {
            throw gone;
        }
        return moved;
    }

    /** As {@link #open}, in this file. */
    protected abstract SegmentReader openHere(ChannelCache channels) throws IOException;

    /** As {@link #open}, for the header alone. */
    public abstract SegmentHeader header(ChannelCache channels) throws IOException;

    /**
     * Of its file, or of what stands of it in a pack.
     *
     * @throws NoSuchFileException where it has been deleted
     */
    public abstract long bytes() throws IOException;

    /** Where its records end, as far as its bytes say. */
    protected abstract SegmentEnd readEnd(SegmentBytes bytes, SegmentHeader header) throws IOException;

    /** Whether it still ends with this footer, or with another one of its size at its place. */
    protected abstract boolean hasFooter(SegmentBytes bytes, Footer known) throws IOException;

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
        return file.toString();
    }
}
