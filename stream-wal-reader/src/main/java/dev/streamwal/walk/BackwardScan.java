package dev.streamwal.walk;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.segment.DamageDoubt;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/**
 * Walks the data records of a stream from a position back to the first, while the stream is written and swept. One thread; close it.
 *
 * <p>For a place without a record, {@link StopVerdict} tells whether it is damaged, a slot to wait for, or an unpublished slot to pass, as it does
 * for a {@link StreamScan}. Damage is reported once; the call after goes on before it.
 */
public final class BackwardScan extends StreamWalk<BackwardPass> {

    private static final long UNKNOWN = -1;

    private final SegmentSequence sequence;
    private final SlotWait slotWait;

    private long enteringOffset;
    /** Size of the record that ends at that offset; 0 if it isn't known. */
    private int enteringSize;

    private DamageDoubt doubt = new DamageDoubt();

    private BackwardScan(LogSource log, SegmentSequence sequence, @Nullable Segment segment, long offset, int lastSize, long resume) {
        super(log, sequence.key(), resume);
        this.sequence = sequence;
        this.slotWait = new SlotWait(log);
        this.entering = segment;
        this.enteringOffset = offset;
        this.enteringSize = lastSize;
    }

    /** A scan of a stream that has no record before the position. */
    public static BackwardScan ofNothing(LogSource log, SegmentCatalog catalog, long position) {
        return new BackwardScan(log, new SegmentSequence(log, catalog), null, UNKNOWN, 0, position);
    }

    /**
     * A scan of the records that end at or before an offset of a segment, where a record begins or the data ends; -1 for the end of the segment.
     */
    public static BackwardScan from(LogSource log, SegmentCatalog catalog, Segment segment, long offset, long position) {
        return new BackwardScan(log, new SegmentSequence(log, catalog), segment, offset, 0, position);
    }

    /**
     * A scan from the present end of the stream. It goes back by the listing that it is given: looking for the end may list anew, and then it would miss
     * without a word what a sweep has deleted after the end was passed.
     *
     * @param catalog listed just now
     * @throws NoSuchFileException if the newest segment has been deleted since: list anew
     */
    public static BackwardScan fromEnd(LogSource log, SegmentCatalog catalog) throws IOException {
        SegmentSequence listed = new SegmentSequence(log, catalog);
        StreamEnd end = StreamEnd.of(log, catalog).orElse(null);
        if (end == null) {
            return ofNothing(log, catalog, Long.MAX_VALUE);
        }
        BackwardScan scan = new BackwardScan(log, listed, end.segment(), end.offset(), end.lastSize(), end.position());
        scan.first = end.damage();
        return scan;
    }

    // ---- moving

    /**
     * Goes to the data record before.
     *
     * @return false if there is none
     * @throws CorruptSegmentException once for each damage; the call after goes on before it
     * @throws EntryExpiredException once if retention overtook the scan, which then ends
     */
    @Override
    boolean advance() throws IOException {
        while (true) {
            try {
                return step();
            } catch (NoSuchFileException e) {
                passDeleted(e);
            }
        }
    }

    private boolean step() throws IOException {
        while (pass != null || enterBefore()) {
            BackwardPass current = passing();
            switch (current.step()) {
                case RECORD -> {
                    resume = current.passedTo();
                    return true;
                }
                case PASSED -> resume = current.passedTo();
                case TOO_NEW -> throw skipTooNew(current);
                case GAP -> passGap(current);
                case FINISHED -> {
                    resume = current.reader().segment().basePosition();
                    leave();
                }
            }
        }
        return false;
    }

    // ---- from segment to segment

    private boolean enterBefore() throws IOException {
        Segment segment = entering != null ? entering : sequence.before(resume);
        if (segment == null) {
            return false;
        }
        entering = segment;
        try {
            if (enteringOffset == UNKNOWN && segment.listedEnd() > resume) {
                // it was joined with segments that were read: see ListedSegments#joined
                enteringOffset = segment.header(log.channels()).offsetOf(resume);
            }
            pass = enteringOffset == UNKNOWN
                    ? BackwardPass.ofAll(segment, log, previousEndBehind(segment))
                    : BackwardPass.below(segment, log, enteringOffset, enteringSize);
            if (pass.passedTo() > resume) {
                // while it was entered, it was joined with segments that were read
                enteringOffset = pass.reader().header().offsetOf(resume);
                leave();
                pass = BackwardPass.below(segment, log, enteringOffset, 0);
            }
            resume = Math.min(resume, pass.passedTo());
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            resume = Math.min(resume, segment.basePosition());
            entered();
            throw e;
        }
        entered();
        return true;
    }

    private long previousEndBehind(Segment segment) throws IOException {
        Segment successor = sequence.after(segment.basePosition());
        return successor == null ? UNKNOWN : sequence.previousEnd(successor);
    }

    private void entered() {
        entering = null;
        enteringOffset = UNKNOWN;
        doubt = new DamageDoubt();
    }

    /**
     * Handles a segment that isn't in its file any more: the one to be entered, or the one being read, if an interrupt closed its channel. If its records have
     * moved, the walk goes on where it was, by the new listing. Else the segment was deleted, and is passed.
     */
    private void passDeleted(NoSuchFileException e) throws IOException {
        Segment gone = around();
        if (gone == null) {
            throw e;
        }
        leave();
        entered();
        long from = sequence.firstPosition(gone.basePosition());
        sequence.refresh();
        if (sequence.movedTo(gone) != null) {
            return;
        }
        if (sequence.before(gone.basePosition()) == null && from < resume) {
            long to = resume;
            resume = from;
            throw ScanFailures.expired(key, from, to, gone.file(), e);
        }
        // else it was cut off, since only a stream's beginning expires: no record was missed
        resume = Math.min(resume, gone.basePosition());
    }

    // ---- where no record is

    private void passGap(BackwardPass current) throws IOException {
        long offset = current.scan().offset();
        StopVerdict verdict = StopVerdict.of(new StopEvidence(log, current.segment(), sequence));
        switch (verdict) {
            // nothing was written there, or the slot isn't published yet
            case END, LEAVE, TOO_NEW -> current.passGap();
            case AWAIT -> awaitSlot(current, offset);
            case DAMAGED_BELOW_FOOTER, DAMAGED_BELOW_RESERVED, DAMAGED_BELOW_MARK, DAMAGED_BELOW_SUCCESSOR, DAMAGED_IN_FINISHED,
                    DAMAGED_BY_A_CUT, DAMAGED_BEFORE_RECORDS -> passDamage(current, offset, verdict.evidence());
        }
        resume = current.passedTo();
    }

    private void awaitSlot(BackwardPass current, long offset) throws IOException {
        switch (slotWait.await(current.reader(), offset)) {
            case PUBLISHED -> current.retry();
            case FINISHED -> awaitNoMore(current, offset);
            case OVERDUE -> {
                current.retry();
                throw ScanFailures.overdue(current.reader(), offset);
            }
            case GIVEN_UP -> {
                current.passGap();
                resume = current.passedTo();
                throw ScanFailures.givenUp(current.reader(), offset);
            }
        }
    }

    /** Handles a slot that will never have a record: it was cut off, or deleted with its segment. By now the verdict is mostly another one. */
    private void awaitNoMore(BackwardPass current, long offset) throws IOException {
        if (doubt.remains(offset)) {
            sequence.refresh();
            current.retry();
        } else {
            current.passGap();
        }
    }

    private UnsupportedFormatException skipTooNew(BackwardPass current) {
        int flags = current.scan().flags();
        long offset = current.scan().offset();
        current.skipTooNew();
        resume = current.passedTo();
        return ScanFailures.tooNew(current.reader(), offset, flags);
    }

    private void passDamage(BackwardPass current, long offset, String evidence) throws IOException {
        if (doubt.remains(offset)) {
            // the record may have been cut off, and with it the segment that proves that it existed
            sequence.refresh();
            current.retry();
            return;
        }
        SegmentReader reader = current.reader();
        if (reader.isReplaced()) {
            throw new NoSuchFileException(reader.segment().file().toString());
        }
        String fault = current.scan().fault();
        long length = Math.max(0, current.gapEnd() - offset);
        current.passGap();
        resume = current.passedTo();
        boolean awaitsRecovery = reader.footer().isEmpty() && log.awaitsRecovery(reader.header());
        throw ScanFailures.damaged(reader, offset, length, fault, evidence, awaitsRecovery);
    }
}
