package dev.streamwal.commit;

import dev.streamwal.commit.CommitSegment.Undurable;
import dev.streamwal.format.SegmentHeaderLayout;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What is made durable at once: a block in the making, and what becomes true when it is flushed. The leader's. */
final class CommitRound {

    /** A deletion with the longest key, or a segment's header, and the block's own prefix: less room isn't worth a block. */
    private static final int MIN_ROOM_BYTES = 4 << 10;

    /** Stands for a block as long as there is no journal; nothing is put into it. */
    private static final JournalBlock NOTHING = new JournalBlock(ByteBuffer.allocate(2 * JournalBlock.PREFIX_BYTES));

    private final CommitJournal journal;
    private final SegmentForce force;
    private final LongAdder flushes;
    private final CommitPolicy policy;
    private final Copying copying = new Copying();

    private final List<CommitCursor> cursors = new ArrayList<>();
    private final List<CommitSegment> segments = new ArrayList<>();

    /** From the first block on until the end. */
    private @Nullable ByteBuf memory;

    private JournalBlock block = NOTHING;

    private @Nullable OpenJournalFile file;
    private long number;

    CommitRound(CommitJournal journal, SegmentForce force, LongAdder flushes) {
        this.flushes = flushes;
        this.journal = journal;
        this.force = force;
        this.policy = new CommitPolicy(journal.sizes());
    }

    /** @return false where the journal has no room: a checkpoint is needed first */
    boolean start() throws IOException {
        number++;
        cursors.clear();
        segments.clear();
        return !journal.exists() || startBlock(Math.min(MIN_ROOM_BYTES, journal.sizes().maxBlockBytes()));
    }

    private boolean startBlock(int minRoom) throws IOException {
        file = journal.fileWithRoom(minRoom);
        if (file == null) {
            return false;
        }
        if (memory == null) {
            int bytes = journal.sizes().maxBlockBytes();
            memory = PooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
            block = new JournalBlock(memory.nioBuffer(0, bytes));
        }
        block.start(Math.min(journal.sizes().maxBlockBytes(), file.room()));
        return true;
    }

    /** No block follows. */
    void close() {
        if (memory != null) {
            memory.release();
            memory = null;
            block = NOTHING;
        }
    }

    private boolean isFirst() {
        return block.isEmpty() && cursors.isEmpty();
    }

    /**
     * The file is pinned by it.
     *
     * @return the file; null where the deletion has to wait for the next block
     */
    @Nullable OpenJournalFile add(Deletion deletion) {
        int bytes = deletion.key().utf8Length() + 2 * Long.BYTES;
        OpenJournalFile target = file;
        if (target == null || !block.hasRoomFor(bytes)) {
            return null;
        }
        if (deletion instanceof Deletion.Below below) {
            block.deletedBelow(below.key(), below.position());
        } else if (deletion instanceof Deletion.Cut cut) {
            block.truncated(cut.key(), cut.from(), cut.to());
        }
        target.deletedFrom(deletion.directory());
        target.pin();
        return target;
    }

    /**
     * Gathers what a stream has that is published and not durable. What was asked for may not be published yet, or not fit: then it is
     * asked for again in the next round.
     *
     * @return false where the block is full
     * @throws FlushFailedException where a segment could not be forced
     */
    boolean add(CommitCursor cursor) throws IOException {
        if (cursor.gatheredFor == number) {
            return true;
        }
        boolean alone = isFirst();
        cursor.gatheredFor = number;
        cursor.problem = null;
        cursor.gatheredEnd = -1;
        cursors.add(cursor);
        boolean fits = gather(cursor);
        if (!fits && alone && block.isEmpty() && file != null && startBlock(journal.sizes().maxBlockBytes())) {
            fits = gather(cursor);
        }
        return fits;
    }

    private boolean gather(CommitCursor cursor) throws IOException {
        CommitSegment active = cursor.stream().activeSegment();
        List<? extends CommitSegment> unfinished =
                active != null && active == cursor.settled ? List.of(active) : cursor.stream().unfinishedSegments();
        copying.takenOfStream = 0;
        boolean allFinished = true;
        for (CommitSegment segment : unfinished) {
            // all before it is durable, or will be with this block
            cursor.settled = segment;
            Undurable found = copying.from(segment);
            allFinished = found == null;
            if (found == null) {
                continue;
            }
            if (!settle(segment, found)) {
                return false;
            }
            cursor.gatheredEnd = segment.header().positionAt(found.to());
            if (!found.complete()) {
                cursor.problem = found.hopeless() ? unpublishable(segment, found.to()) : null;
                return true;
            }
        }
        if (allFinished) {
            // whoever asked had appended before, to a segment that has its footer or is gone
            cursor.gatheredEnd = cursor.wantedEnd;
        }
        return true;
    }

    private static IOException unpublishable(CommitSegment segment, int offset) {
        return new IOException("a slot was reserved that can be neither published nor given up: file=" + segment.path() + ", offset="
                + offset + "; reopen the log");
    }

    /** @return false where the block is full */
    private boolean settle(CommitSegment segment, Undurable found) throws IOException {
        if (!found.copied() && found.to() > found.from()) {
            if (copying.choice == CommitPolicy.Choice.NEXT_BLOCK) {
                return false;
            }
            force.segment(segment);
            if (file != null) {
                mention(segment);
                ByteBuffer unused = block.bytes(segment.mentionedAs, found.to(), 0);
            }
        }
        segment.gatheredOffset = found.to();
        segments.add(segment);
        return true;
    }

    private void mention(CommitSegment segment) {
        OpenJournalFile target = file;
        if (target != null && segment.mentionedIn != target) {
            block.segment(target.mention(segment), SegmentHeaderLayout.encode(segment.header()));
        }
    }

    /** Whether a checkpoint has to make room before anything can be added. */
    boolean needsCheckpoint() {
        return file == null && journal.exists();
    }

    /** Flushes the block, if there is anything in it; what was gathered is durable then. */
    void commit() throws FlushFailedException {
        OpenJournalFile target = file;
        if (target != null && !block.isEmpty()) {
            journal.write(target, block);
            flushes.increment();
        }
        for (CommitSegment segment : segments) {
            segment.raiseDurableOffset(segment.gatheredOffset);
        }
        for (CommitCursor cursor : cursors) {
            cursor.raiseDurableEnd(cursor.gatheredEnd);
        }
    }

    /** Copies into the block, or says why not. */
    private final class Copying implements CommitSegment.Room {

        private CommitPolicy.Choice choice = CommitPolicy.Choice.JOURNAL;
        private long takenOfStream;
        private @Nullable CommitSegment segment;

        @Nullable Undurable from(CommitSegment source) throws IOException {
            segment = source;
            int before = block.mark();
            try {
                return source.undurable(this);
            } catch (IOException | RuntimeException e) {
                block.reset(before);
                source.mentionedIn = null;
                throw e;
            }
        }

        @Override
        public @Nullable ByteBuffer of(int from, int to) {
            CommitSegment source = segment;
            if (file == null || source == null) {
                choice = CommitPolicy.Choice.FORCE;
                return null;
            }
            int bytes = to - from;
            choice = policy.choose(bytes, takenOfStream, mentionBytes(source), block.room());
            if (choice != CommitPolicy.Choice.JOURNAL) {
                return null;
            }
            mention(source);
            takenOfStream += bytes;
            return block.bytes(source.mentionedAs, from, bytes);
        }

        private int mentionBytes(CommitSegment source) {
            return (int) (JournalBlock.entryBytes(2 * Integer.BYTES + source.header().headerLength())
                    + JournalBlock.entryBytes(2 * Integer.BYTES) + Long.BYTES);
        }
    }
}
