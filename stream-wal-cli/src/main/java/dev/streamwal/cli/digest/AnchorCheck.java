package dev.streamwal.cli.digest;

import dev.streamwal.cli.digest.StreamFinding.Difference;
import dev.streamwal.cli.digest.StreamFinding.State;
import dev.streamwal.reader.EntryCursor;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares a stream with what an anchor says of it: from the first checkpoint behind which nothing was deleted, part by part from one checkpoint to
 * the next. Each part starts with the digest that the anchor has, so a difference in one says nothing of those behind it.
 */
public final class AnchorCheck {

    private final AnchoredStream anchored;
    private final List<Checkpoint> checkpoints;
    private final ChainDigest chain;
    private final List<Difference> differences = new ArrayList<>();
    /** The part that is being compared ends at this one; all are, if there is none. */
    private int next;
    private long partFrom;
    private long recordsBefore;
    private long partRecords;
    private long end;
    private final long streamEnd;
    private final long from;
    private final long unchecked;

    /**
     * Begins to compare.
     *
     * @param firstPosition where the stream begins now
     * @param streamEnd where it ends now
     */
    public AnchorCheck(AnchoredStream anchored, long firstPosition, long streamEnd) {
        this.anchored = anchored;
        this.streamEnd = streamEnd;
        this.checkpoints = anchored.checkpoints();
        this.chain = new ChainDigest(anchored.key());
        this.partFrom = anchored.begin();
        while (firstPosition > partFrom && next < checkpoints.size()) {
            startBehind(checkpoints.get(next));
        }
        this.from = partFrom;
        this.end = partFrom;
        this.unchecked = recordsBefore;
    }

    /** What is said of a stream that isn't there. */
    public static StreamFinding gone(AnchoredStream anchored) {
        Checkpoint last = anchored.last();
        return new StreamFinding(anchored, State.GONE, last.end(), 0, last.records(), last.end(), List.of());
    }

    private void startBehind(Checkpoint checkpoint) {
        chain.goOnFrom(checkpoint.digest());
        partFrom = checkpoint.end();
        recordsBefore = checkpoint.records();
        partRecords = 0;
        next++;
    }

    /** Whether the anchor says nothing of records from this position on. */
    public boolean isBehind(long position) {
        return position >= anchored.last().end();
    }

    /** Takes in the record at which the cursor is: all of the stream in order, those before and behind what is compared, too. */
    public void add(EntryCursor record) {
        if (record.position() < from || isBehind(record.position())) {
            return;
        }
        while (record.position() >= checkpoints.get(next).end()) {
            compare();
        }
        chain.add(record);
        partRecords++;
        end = record.ref().end();
    }

    private void compare() {
        Checkpoint checkpoint = checkpoints.get(next);
        long then = checkpoint.records() - recordsBefore;
        if (partRecords != then || !chain.hex().equals(checkpoint.digest())) {
            differences.add(new Difference(partFrom, checkpoint.end(), then, partRecords));
        }
        startBehind(checkpoint);
    }

    /** What was found, when there are no more records. */
    public StreamFinding finding() {
        int before = differences.size();
        while (next < checkpoints.size()) {
            compare();
        }
        Checkpoint last = anchored.last();
        return new StreamFinding(anchored, state(before), from, last.records() - unchecked, unchecked, end, List.copyOf(differences));
    }

    /**
     * A stream that goes on behind what the anchor covers wasn't cut, as no position is given twice.
     *
     * @param before how many parts differ behind which the stream has records that the anchor covers
     */
    private State state(int before) {
        long last = anchored.last().end();
        if (from == last) {
            return State.EXPIRED;
        }
        if (differences.isEmpty()) {
            return unchecked == 0 ? State.UNCHANGED : State.PARTLY_EXPIRED;
        }
        return before == 0 && streamEnd < last ? State.CUT : State.ALTERED;
    }
}
