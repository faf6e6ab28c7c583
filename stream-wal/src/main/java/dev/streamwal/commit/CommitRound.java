package dev.streamwal.commit;

import dev.streamwal.commit.CommitSegment.Undurable;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.journal.JournalBlock;
import dev.streamwal.journal.JournalEntryLayout;
import dev.streamwal.measure.Flush;
import dev.streamwal.measure.FlushCause;
import dev.streamwal.measure.Measurements;
import dev.streamwal.storage.WriterFence;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A round: one block in the making, and what becomes durable with its flush. Owned by the leader. */
final class CommitRound {

    /** Least room for a block: a deletion with the longest key, or a segment's header, and the block's own prefix. */
    private static final int MIN_ROOM_BYTES = 4 << 10;

    /** Filling a slot takes well under a microsecond, but its thread may be descheduled meanwhile, or stopped by a debugger. */
    private static final long UNPUBLISHED_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** Least number of looks, at least 20 µs apart, so that a pause of the whole process doesn't count. */
    private static final int MIN_LOOKS = 1_000;

    /** Stands for a block while there is no journal; nothing is put into it. */
    private static final JournalBlock NOTHING = new JournalBlock(ByteBuffer.allocate(2 * JournalBlock.PREFIX_BYTES));

    private final CommitJournal journal;
    private final SegmentForce force;
    private final @Nullable ForceThread forces;
    private final Measurements measured;
    private final WriterFence fence;
    private final CommitPolicy policy;
    private final Copying copying = new Copying();

    private final List<CommitCursor> cursors = new ArrayList<>();
    private final List<CommitSegment> segments = new ArrayList<>();

    /**
     * Undo actions for the deletions in this block, newest last. Streams learn of a deletion before its block is written, since what is
     * gathered after it into the same block must not contain what it deletes. If the block is given up, the actions revoke that.
     */
    private final List<Runnable> condemned = new ArrayList<>();

    /** Allocated with the first block, released at the end. */
    private @Nullable ByteBuf memory;

    private JournalBlock block = NOTHING;

    private @Nullable OpenJournalFile file;
    private long number;

    /** How many segments the file had mentioned when the block was begun. */
    private int mentionsBefore;

    /** The mark of the file's deletions when the block was begun. */
    private int deletionsBefore;

    /** The room that the next block must have for what was too large for this block. */
    private int wantedRoom;

    /** @param forces null: leaders force segments themselves */
    CommitRound(CommitJournal journal, WriterFence fence, SegmentForce force, @Nullable ForceThread forces, Measurements measured) {
        this.measured = measured;
        this.forces = forces;
        this.journal = journal;
        this.fence = fence;
        this.force = force;
        this.policy = new CommitPolicy(journal.sizes());
        this.wantedRoom = minRoom();
    }

    private int minRoom() {
        return Math.min(MIN_ROOM_BYTES, journal.sizes().maxBlockBytes());
    }

    /** @return false if the journal has no room: then a checkpoint is needed first */
    boolean start() throws IOException {
        number++;
        cursors.clear();
        segments.clear();
        condemned.clear();
        return !journal.exists() || startBlock();
    }

    private boolean startBlock() throws IOException {
        file = journal.fileWithRoom(wantedRoom);
        if (file == null) {
            return false;
        }
        wantedRoom = minRoom();
        file.forgetGone();
        mentionsBefore = file.mentions();
        deletionsBefore = file.deletedFrom().mark();
        if (memory == null) {
            int bytes = journal.sizes().maxBlockBytes();
            memory = PooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
            block = new JournalBlock(memory.nioBuffer(0, bytes));
        }
        block.start(Math.min(journal.sizes().maxBlockBytes(), file.room()));
        return true;
    }

    /** Called after the last block. */
    void close() {
        if (memory != null) {
            memory.release();
            memory = null;
            block = NOTHING;
        }
    }

    /**
     * Drops what was gathered, after a failure that isn't the journal's, such as an error of the JVM. It is gathered again from the beginning, and
     * nothing counts as mentioned by the dropped block. Takes no memory, because memory may be what is lacking.
     */
    void abandon() {
        if (file != null) {
            file.forgetMentions(mentionsBefore);
            file.deletedFrom().reset(deletionsBefore);
        }
        for (int i = 0; i < cursors.size(); i++) {
            cursors.get(i).settled = null;
        }
        for (int i = condemned.size() - 1; i >= 0; i--) {
            condemned.get(i).run();
        }
        condemned.clear();
    }

    /** Whether the stream was gathered in this round. */
    boolean hasGathered(CommitCursor cursor) {
        return cursor.gatheredFor == number;
    }

    /**
     * Adds a deletion, which pins the file.
     *
     * @return the file; null if the deletion has to wait for the next block
     */
    @Nullable OpenJournalFile add(Deletion deletion, @Nullable CommitStream stream) {
        int bytes = deletion.key().utf8Length() + 2 * Long.BYTES;
        OpenJournalFile target = file;
        if (target == null || !block.hasRoomFor(bytes)) {
            return null;
        }
        // first what takes memory: once a deletion is condemned, nothing can fail that would leave it condemned
        target.deletedFrom().add(deletion.key());
        if (deletion instanceof Deletion.Below below) {
            block.deletedBelow(below.key(), below.position());
        } else if (deletion instanceof Deletion.Cut cut) {
            block.truncated(cut.key(), cut.from(), cut.to());
        }
        if (stream != null) {
            condemned.add(stream.cursor().undoOfCondemning());
            stream.cursor().condemn(deletion);
        }
        target.pin();
        return target;
    }

    /**
     * Gathers a stream's published records that aren't durable. If what was requested isn't published yet, or doesn't fit, the request stays
     * for the next round.
     *
     * @return false if the block is full
     * @throws FlushFailedException if a segment could not be forced
     */
    boolean add(CommitCursor cursor) throws IOException {
        if (hasGathered(cursor)) {
            return true;
        }
        boolean alone = block.isEmpty();
        cursor.gatheredFor = number;
        cursor.problem = null;
        cursor.gatheredEnd = -1;
        cursors.add(cursor);
        boolean fits = gather(cursor);
        if (!fits && alone && block.isEmpty() && file != null) {
            // an empty block of the largest size has room for it: in the next file, or in the next round, when one has been freed
            wantedRoom = journal.sizes().maxBlockBytes();
            fits = startBlock() && gather(cursor);
        }
        return fits;
    }

    private boolean gather(CommitCursor cursor) throws IOException {
        CommitSegment active = cursor.stream().activeSegment();
        List<? extends CommitSegment> unfinished =
                active != null && active.equals(cursor.settled) ? List.of(active) : cursor.stream().unfinishedSegments();
        copying.takenOfStream = 0;
        for (CommitSegment segment : unfinished) {
            // everything before it is durable, or will be with this block
            cursor.settled = segment;
            if (segment.isBeingSealed() && handOver(cursor, segment, PendingForce.BY_WHO_SEALS)) {
                return true;
            }
            Undurable found = copying.from(cursor, segment);
            if (found == null) {
                continue;
            }
            int end = settle(cursor, segment, found);
            if (end < 0) {
                return false;
            }
            cursor.gatheredEnd = segment.header().positionAt(end);
            if (cursor.forcing != null) {
                return true;
            }
            if (!found.complete() || end < found.to()) {
                cursor.problem = found.hopeless() || isOverdue(cursor) ? unpublished(segment, found) : null;
                return true;
            }
        }
        // each request came after its append, which went to a segment that was gathered as far as it reached, has its footer, or is gone. A requested
        // end behind all segments belongs to a segment that was given up; later appends come after it
        cursor.gatheredEnd = Math.max(cursor.gatheredEnd, cursor.wantedEnd);
        return true;
    }

    /** Whether the slot behind the gathered records had time enough to be published, by the clock and by looks between which its thread could run. */
    private static boolean isOverdue(CommitCursor cursor) {
        long now = System.nanoTime();
        if (cursor.stuckAt != cursor.gatheredEnd) {
            cursor.stuckAt = cursor.gatheredEnd;
            cursor.stuckSince = now;
            cursor.stuckLooks = 0;
        }
        return ++cursor.stuckLooks > MIN_LOOKS && now - cursor.stuckSince > UNPUBLISHED_LIMIT_NANOS;
    }

    private static IOException unpublished(CommitSegment segment, Undurable found) {
        return new IOException((found.hopeless() ? "an append never completed"
                : "an append didn't complete within " + TimeUnit.NANOSECONDS.toSeconds(UNPUBLISHED_LIMIT_NANOS) + " s")
                + ": file=" + segment.path() + ", offset=" + found.to() + "; close the log and open it again");
    }

    /** @return the offset up to which the segment is durable with this block; -1 if the block is full */
    private int settle(CommitCursor cursor, CommitSegment segment, Undurable found) throws IOException {
        int end = found.to();
        if (!found.copied() && found.to() > found.from()) {
            end = Math.max(found.from(), withheldFrom(cursor, segment, found.to()));
            if (end > found.from()) {
                if (copying.choice == CommitPolicy.Choice.NEXT_BLOCK || !copying.hasRoomToMention(segment)) {
                    return -1;
                }
                if (segment.forcedOffset <= found.from()) {
                    if (handOver(cursor, segment, found.to())) {
                        end = found.from();
                        segment.gatheredOffset = end;
                        return end;
                    }
                    force.segment(segment, found.to());
                    segment.forcedOffset = found.to();
                }
                end = Math.min(end, segment.forcedOffset);
                if (file != null) {
                    mention(segment);
                    ByteBuffer unused = block.bytes(segment.mentionedAs, end, 0);
                }
            }
        }
        segment.gatheredOffset = end;
        segments.add(segment);
        return end;
    }

    /** @return false if there is no thread for it */
    private boolean handOver(CommitCursor cursor, CommitSegment segment, int offset) {
        if (forces == null) {
            return false;
        }
        PendingForce pending = new PendingForce(cursor, segment, offset);
        if (!forces.ask(pending)) {
            return false;
        }
        cursor.forcing = pending;
        return true;
    }

    /** Takes a finished force back: the stream is gathered again, and the next block records how far its segment was forced. */
    static void handedBack(PendingForce done) {
        done.cursor.forcing = null;
        if (done.failure == null) {
            done.segment.forcedOffset = Math.max(done.segment.forcedOffset, done.offset);
        }
    }

    /** Keeps out of the block what the journal says is deleted. */
    private static int withheldFrom(CommitCursor cursor, CommitSegment segment, int end) {
        SegmentHeader header = segment.header();
        return (int) Math.min(end, header.offsetOf(Math.min(cursor.journalledEnd(header), header.positionAt(end))));
    }

    private void mention(CommitSegment segment) {
        OpenJournalFile target = file;
        if (target != null && segment.mentionedIn != target.life()) {
            block.segment(target.mention(segment), SegmentHeaderLayout.encode(segment.header()));
        }
    }

    /**
     * Flushes the block, if it contains anything; then what was gathered is durable. Checking the fence after the flush shows that the
     * process that opens the log next finds the block.
     */
    void commit() throws FlushFailedException {
        OpenJournalFile target = file;
        if (target != null && !block.isEmpty()) {
            Flush flush = new Flush();
            int room = target.room();
            journal.write(target, block);
            // from here on it isn't given up any more, whatever fails
            mentionsBefore = target.mentions();
            deletionsBefore = target.deletedFrom().mark();
            condemned.clear();
            measure(flush, target, room - target.room());
        }
        fence.check();
        for (CommitSegment segment : segments) {
            segment.raiseDurableOffset(segment.gatheredOffset);
        }
        for (CommitCursor cursor : cursors) {
            cursor.raiseDurableEnd(cursor.gatheredEnd);
        }
    }

    private void measure(Flush flush, OpenJournalFile target, int bytes) {
        try {
            flush.end(FlushCause.COMMIT, target.path(), bytes, measured);
        } catch (RuntimeException | Error e) {
            // the block is durable, measured or not
        }
    }

    /** Copies into the block, or records why not. */
    private final class Copying implements CommitSegment.Room {

        private CommitPolicy.Choice choice = CommitPolicy.Choice.JOURNAL;
        private long takenOfStream;
        private @Nullable CommitCursor cursor;
        private @Nullable CommitSegment segment;

        @Nullable Undurable from(CommitCursor of, CommitSegment source) throws IOException {
            cursor = of;
            segment = source;
            // unless the segment asks for room: a segment that was closed meanwhile can only be forced
            choice = CommitPolicy.Choice.FORCE;
            int before = block.mark();
            int mentions = file == null ? 0 : file.mentions();
            try {
                Undurable found = source.undurable(this);
                if (found == null) {
                    // it may have asked for room before it found that it has nothing to copy
                    takeBack(before, mentions);
                }
                return found;
            } catch (IOException | RuntimeException | InternalError e) {
                takeBack(before, mentions);
                throw e;
            }
        }

        private void takeBack(int before, int mentions) {
            block.reset(before);
            if (file != null) {
                file.forgetMentions(mentions);
            }
        }

        /** Whether there is room to record how far the segment was forced. */
        boolean hasRoomToMention(CommitSegment source) {
            return file == null || mentionBytes(source) <= block.room();
        }

        @Override
        public @Nullable ByteBuffer of(int from, int to) {
            CommitSegment source = segment;
            CommitCursor of = cursor;
            if (file == null || source == null || of == null) {
                choice = CommitPolicy.Choice.FORCE;
                return null;
            }
            int bytes = withheldFrom(of, source, to) - from;
            if (bytes <= 0) {
                return null;
            }
            choice = policy.choose(bytes, takenOfStream, mentionBytes(source), block.room());
            if (choice != CommitPolicy.Choice.JOURNAL) {
                return null;
            }
            mention(source);
            takenOfStream += bytes;
            return block.bytes(source.mentionedAs, from, bytes);
        }

        private int mentionBytes(CommitSegment source) {
            return (int) (JournalEntryLayout.entryBytes(JournalEntryLayout.segmentPayloadBytes(source.header().headerLength()))
                    + JournalEntryLayout.entryBytes(JournalEntryLayout.bytesPayloadBytes(0)) + Long.BYTES);
        }
    }
}
