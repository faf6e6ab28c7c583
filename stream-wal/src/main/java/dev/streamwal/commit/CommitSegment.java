package dev.streamwal.commit;

import dev.streamwal.format.SegmentHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A segment without a footer, as whoever commits sees it, and how far it is durable. */
public abstract class CommitSegment {

    /** Where what is not durable yet is copied to. */
    @FunctionalInterface
    public interface Room {
        /**
         * Called with the segment's lock.
         *
         * @return where {@code [from, to)} of the segment goes, or as much of its beginning as there is room for; null where none is to be
         *     copied
         */
        @Nullable ByteBuffer of(int from, int to);
    }

    /**
     * What a segment has that is not durable.
     *
     * @param from offset up to which it is durable
     * @param to offset up to which its records are published
     * @param copied whether there was room for what lies between
     * @param complete whether nothing is reserved behind {@code to}
     * @param hopeless whether what is reserved there will never be published
     */
    public record Undurable(int from, int to, boolean copied, boolean complete, boolean hopeless) {}

    /** Everything before it survives power loss, its name included, as far as it has not been cut. Only grows. */
    private volatile int durableOffset;

    /** Where the segment was cut: what a leader gathered before that may be behind it. */
    private volatile int cutOffset = Integer.MAX_VALUE;

    /** Whether the file's name was forced, and its directory's. */
    private volatile boolean named;

    private volatile boolean finished;
    private volatile boolean gone;

    /** The {@link OpenJournalFile#life()} that mentioned the segment last, and as what. Owned by the leader. */
    long mentionedIn;

    int mentionedAs;

    /** Up to where its file was forced for a leader, who has not said so in a block yet. Owned by the leader. */
    int forcedOffset;

    /** Up to where it will be durable when the block that is being gathered is. Owned by the leader. */
    int gatheredOffset;

    protected CommitSegment(int durableOffset) {
        this.durableOffset = durableOffset;
    }

    public abstract SegmentHeader header();

    public abstract Path path();

    /**
     * Looks, with the segment's lock, at what is published and not durable, and copies it where there is room for it.
     *
     * @return null where the segment has its footer, or is gone: nothing is left to do
     */
    protected abstract @Nullable Undurable undurable(Room room) throws IOException;

    /** Everything in front of it survives power loss, once the file's name does; the header's length where nothing does. */
    public final int durableOffset() {
        return Math.min(durableOffset, cutOffset);
    }

    /** By the leader, or with the segment's lock by whoever forced all of it. */
    public final void raiseDurableOffset(int offset) {
        if (offset > durableOffset) {
            durableOffset = offset;
        }
    }

    /** What stood behind this offset was cut. */
    public final void lowerDurableOffset(int offset) {
        cutOffset = Math.min(cutOffset, offset);
    }

    /**
     * Whether its file could not be forced, which nobody finds out by forcing it again. Waits for the segment's lock, and so for a force that
     * is under way.
     */
    protected abstract boolean isForceFailed();

    /** Whether somebody gives it its final form, and has its lock for as long as a force of the file takes. Takes no lock. */
    protected abstract boolean isBeingSealed();

    /** Returns when whoever does that has let go of it. */
    protected abstract void awaitSealing();

    /** The footer is written: not forced yet. */
    protected final void footerWritten() {
        finished = true;
    }

    protected final boolean isFinished() {
        return finished;
    }

    /** The file is to be deleted. */
    protected final void gone() {
        gone = true;
    }

    protected final boolean isGone() {
        return gone;
    }

    final boolean isNamed() {
        return named;
    }

    /** The file's name was forced, and its directory's. */
    public final void named() {
        named = true;
    }
}
