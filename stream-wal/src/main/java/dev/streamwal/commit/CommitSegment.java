package dev.streamwal.commit;

import dev.streamwal.format.SegmentHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A segment without a footer, as the committer sees it, and how far it is durable. */
public abstract class CommitSegment {

    /** Provides room for a segment's bytes that aren't durable yet. */
    @FunctionalInterface
    public interface Room {
        /**
         * Called with the segment's lock.
         *
         * @return room for {@code [from, to)} of the segment, or for its beginning; null to copy nothing
         */
        @Nullable ByteBuffer of(int from, int to);
    }

    /**
     * What a segment has that isn't durable.
     *
     * @param from offset up to which it is durable
     * @param to offset up to which its records are published
     * @param copied whether there was room for the bytes between
     * @param complete whether no slot is reserved behind {@code to}
     * @param hopeless whether the slot reserved there will never be published
     */
    public record Undurable(int from, int to, boolean copied, boolean complete, boolean hopeless) {}

    /** Everything before this offset survives power loss, including the file's name, as far as it wasn't cut. Only grows. */
    private volatile int durableOffset;

    /** Where the segment was cut: what a leader gathered before the cut may be behind it. */
    private volatile int cutOffset = Integer.MAX_VALUE;

    /** Whether the names of the file and of its directory were forced. */
    private volatile boolean named;

    private volatile boolean finished;
    private volatile boolean gone;

    /** The {@link OpenJournalFile#life()} that mentioned the segment last, and its number there. Owned by the leader. */
    long mentionedIn;

    int mentionedAs;

    /** The offset up to which its file was forced for a leader, if no block says so yet. Owned by the leader. */
    int forcedOffset;

    /** The offset up to which it is durable once the current block is. Owned by the leader. */
    int gatheredOffset;

    protected CommitSegment(int durableOffset) {
        this.durableOffset = durableOffset;
    }

    public abstract SegmentHeader header();

    public abstract Path path();

    /**
     * Finds, with the segment's lock, what is published but not durable, and copies it if there is room.
     *
     * @return null if the segment has its footer, or is gone: then nothing is left to do
     */
    protected abstract @Nullable Undurable undurable(Room room) throws IOException;

    /** Everything before it survives power loss once the file's name does; the header's length if nothing does. */
    public final int durableOffset() {
        return Math.min(durableOffset, cutOffset);
    }

    /** Called by the leader, or with the segment's lock by the thread that forced all of it. */
    public final void raiseDurableOffset(int offset) {
        if (offset > durableOffset) {
            durableOffset = offset;
        }
    }

    /** Everything behind this offset was cut. */
    public final void lowerDurableOffset(int offset) {
        cutOffset = Math.min(cutOffset, offset);
    }

    /**
     * Whether forcing its file has failed, which another force would not reveal. Waits for the segment's lock, and so for a force in
     * progress.
     */
    protected abstract boolean isForceFailed();

    /** Whether a thread seals it, and holds its lock for as long as forcing the file takes. Takes no lock. */
    protected abstract boolean isBeingSealed();

    /** Returns when the sealing thread has released the lock. */
    protected abstract void awaitSealing();

    /** The footer was written, but not forced yet. */
    protected final void footerWritten() {
        finished = true;
    }

    protected final boolean isFinished() {
        return finished;
    }

    /** The file is going to be deleted. */
    protected final void gone() {
        gone = true;
    }

    protected final boolean isGone() {
        return gone;
    }

    final boolean isNamed() {
        return named;
    }

    /** The names of the file and of its directory were forced. */
    public final void named() {
        named = true;
    }
}
