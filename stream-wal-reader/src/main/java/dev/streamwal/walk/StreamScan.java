package dev.streamwal.walk;

import dev.streamwal.catalog.LeftSegment;
import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.Positions;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FileOperation;
import dev.streamwal.segment.DamageDoubt;
import dev.streamwal.segment.OwnSegment;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Walks the data records of a stream, from segment to segment, while the stream is written and swept. One thread; close it.
 *
 * <p>It leaves a segment only where that segment's data ends: at its footer, or where its successor says that it ended. If the scan of a segment stops before
 * that, {@link StopEvidence} gathers the facts (footer, successor, mark, writer), and {@link StopVerdict} tells whether that is the end for now, a slot to wait
 * for, or damage. Damage is reported once; the call after goes on beyond it.
 */
public final class StreamScan extends StreamWalk<SegmentPass> {

    public static final long UNKNOWN = -1;

    private final SegmentSequence sequence;
    private final TimeRange range;
    private final ReadSizes sizes;
    private final SlotWait slotWait;
    private final ByteBuffer commitWord = ByteBuffer.allocate(Long.BYTES);

    private long enteringOffset;
    private long lastBase;
    /** The segment that begins at {@link #lastBase}, as it was read; null if it isn't known any more. */
    private @Nullable LeftSegment last;
    private long lastExpiration;
    /** Whether the segment that was entered last was one of the stream's own. */
    private boolean isOwn;

    private DamageDoubt doubt;

    private Telling telling;
    /** Whether the call before returned false. */
    private boolean ended;
    /** What is known of records behind {@link #resume}, in case all of the stream is deleted: see {@link #doubtEnd}. */
    private EndDoubt endDoubt = EndDoubt.NONE;
    /** Where the first record behind a consumer's commit ends; {@link #UNKNOWN} for none. */
    private long behindCommit = UNKNOWN;
    /** Looks for records that came behind the end; does nothing for a scan that doesn't report gaps. */
    private FileOperation<Boolean> endLook = () -> true;
    /** See {@link #cameAfter}; null if no such moment is known. */
    private @Nullable Positions beforeItCame;

    /** Which gaps to report, between two segments or before the first one that is entered: see {@link #tellGap}. */
    public enum Telling {
        /** None: for scans. */
        NOTHING,
        /** All: for tails. */
        ALL,
        /** All, except the one before the next segment that is entered: it doesn't matter to the reader, or was reported already. */
        ALL_BEHIND_THE_NEXT;

        public Telling butNotBeforeTheNext() {
            return this == NOTHING ? NOTHING : ALL_BEHIND_THE_NEXT;
        }
    }

    /**
     * Where a scan goes on: the full state of a scan that rests, or is to begin.
     *
     * @param segment to be entered; null for the first one after {@code lastBase}
     * @param offset where to enter it, of a record or of the end of the data; {@link #UNKNOWN} for its first record
     * @param lastBase base position of the segment that was entered last; {@link #UNKNOWN} for none
     * @param last that segment, as it was read; null if it isn't known
     * @param doubt of the segment to be entered
     * @param position in the stream
     * @param ended whether there was no more, for now
     */
    public record Rest(@Nullable Segment segment, long offset, long lastBase, @Nullable LeftSegment last, DamageDoubt doubt, long position,
            boolean ended, Telling telling) {

        /** Before the oldest record. */
        public static Rest atOldest(Telling telling) {
            return new Rest(null, UNKNOWN, UNKNOWN, null, new DamageDoubt(), 0, false, telling.butNotBeforeTheNext());
        }

        public static Rest at(Segment segment, long offset, long position, Telling telling) {
            return new Rest(segment, offset, segment.basePosition() - 1, null, new DamageDoubt(), position, false, telling);
        }

        /** After the segment that begins at {@code lastBase}; before the first one if that is {@link #UNKNOWN}. */
        public static Rest behind(long lastBase, long position, Telling telling) {
            return new Rest(null, UNKNOWN, lastBase, null, new DamageDoubt(), position, false, telling);
        }

        /** The same place, with other gaps to report. */
        public Rest with(Telling told) {
            return new Rest(segment, offset, lastBase, last, doubt, position, ended, told);
        }

        /** The same place, as if {@link #next()} had already returned false there. */
        public Rest whenEnded() {
            return new Rest(segment, offset, lastBase, last, doubt, position, true, telling);
        }
    }

    /** A scan that goes on, or begins, at a place. */
    public StreamScan(LogSource log, SegmentCatalog catalog, TimeRange range, ReadSizes sizes, Rest rest) {
        super(log, catalog.key().text(), rest.position());
        this.sequence = new SegmentSequence(log, catalog);
        this.range = range;
        this.sizes = sizes;
        this.slotWait = new SlotWait(log);
        this.entering = rest.segment();
        this.enteringOffset = rest.offset();
        this.lastBase = rest.lastBase();
        this.last = rest.last();
        this.doubt = rest.doubt();
        this.ended = rest.ended();
        this.telling = rest.telling();
    }

    /** A scan of the records in a range of time, from the oldest one on. */
    public static StreamScan of(LogSource log, SegmentCatalog catalog, TimeRange range) {
        return new StreamScan(log, catalog, range, ReadSizes.large(log.settings()), Rest.atOldest(Telling.NOTHING));
    }

    /** Where another scan goes on: at the record that this one stands on, or else after everything that it has passed. */
    public Rest rest() {
        SegmentPass current = pass;
        if (current == null) {
            return new Rest(entering, enteringOffset, lastBase, last, doubt, resume, ended, telling);
        }
        SegmentScan scan = current.scan();
        long offset = isOnRecord() ? scan.offset() : scan.nextOffset();
        return new Rest(current.reader().segment(), offset, lastBase, last, doubt, scan.header().positionAt(offset), ended, telling);
    }

    /**
     * The place of a tail's scan, from which another scan can go on later, with the segments of that time. Smaller than a {@link Rest}, because many are kept.
     *
     * @param base of the segment that it entered last; -1 for none
     * @param expirationMillis of that segment
     * @param isOwn whether it was one of the stream's own
     * @param last that segment, as it was read; null if it isn't known
     * @param resume stream position
     * @param ended whether there was no more, for now
     * @param endDoubt what is known of records behind that position
     * @param told offset in the segment of damage that was reported; -1 for none
     */
    public record Bookmark(long base, long expirationMillis, boolean isOwn, @Nullable LeftSegment last, long resume, boolean ended, EndDoubt endDoubt,
            long told, Telling telling) {

        /** The place of a tail's scan that has come to the end of a segment, of which the listing tells where that is, and has found nothing behind it. */
        public static Bookmark atListedEnd(Segment segment) {
            LeftSegment left = LeftSegment.of(segment);
            return new Bookmark(segment.basePosition(), segment.name().expirationMillis(), false, left, left.listedEnd(), true, EndDoubt.NONE, UNKNOWN,
                    Telling.ALL);
        }

        /** The offset in the segment's file. */
        public long offset(StreamKey key) {
            return StreamScan.offset(key, base, resume);
        }

        private Rest in(SegmentCatalog catalog) {
            ListedSegments chain = catalog.chain();
            int index = chain.floor(base);
            Segment segment = index < 0 ? null : chain.get(index);
            boolean isThere = segment != null && segment.basePosition() == base;
            DamageDoubt doubt = new DamageDoubt();
            doubt.tell(told);
            return new Rest(isThere ? segment : null, isThere ? offset(catalog.key()) : UNKNOWN, base, last, doubt, resume, ended, telling);
        }
    }

    /** The offset of a position in the segment that begins at {@code base}. */
    private static long offset(StreamKey key, long base, long position) {
        return SegmentHeaderLayout.headerLength(key.utf8Length()) + position - base;
    }

    /** A scan that goes on at the place of an earlier tail's scan. */
    public static StreamScan resumed(LogSource log, SegmentCatalog catalog, ReadSizes sizes, Bookmark bookmark) {
        StreamScan scan = new StreamScan(log, catalog, TimeRange.ALL, sizes, bookmark.in(catalog));
        scan.lastExpiration = bookmark.expirationMillis();
        scan.isOwn = bookmark.isOwn();
        scan.endDoubt = bookmark.endDoubt();
        return scan;
    }

    /** The size of its read buffers. */
    public int bufferBytes() {
        return pass == null ? 0 : pass.scan().bufferBytes();
    }

    /**
     * Prepares the scan for a consumer, which has processed every record before the place where it begins. Only records that existed may be reported as
     * deleted. So this method checks now whether there are records at that place: after the segment is deleted, that can't be known any more. After all
     * segments, or between them, there are none as far as is known; the next segment tells more.
     */
    public StreamScan behindCommit() throws IOException {
        Segment segment = entering;
        ended = segment == null || !isAnythingAt(segment, enteringOffset);
        isOwn = (segment == null ? sequence.before(lastBase + 1) : segment) instanceof OwnSegment;
        if (segment == null && lastBase == UNKNOWN) {
            // nothing is left from before: only the segment with which the stream comes again can tell whether anything came behind the commit
            doubtEnd(EndDoubt.MAY_BE_MORE);
        }
        return this;
    }

    /** Whether it hasn't entered a segment yet. */
    public boolean hasPassedNothing() {
        return pass == null && entering == null && lastBase == UNKNOWN;
    }

    /** Whether it begins in an existing segment, and not after it. */
    public boolean beginsInSegment() {
        return entering != null;
    }

    /**
     * Makes the scan look once more for records that came behind its end, if the stream comes again: see {@link #tellGap}.
     *
     * @param look calls {@link #doubtEnd} if there are any, or may be; false if that can't be told yet
     */
    public void lookAgainBy(FileOperation<Boolean> look) {
        endLook = look;
    }

    /**
     * Notes what the log's writer said before a moment at which nothing was left of the stream.
     *
     * <p><b>Why no record is missing before the first segment since.</b> That segment is asked only if it doesn't say where the stream had ended. The writer
     * says it if the stream has come and gone since it opened the log: it keeps the ends of the streams that it has in memory, and of the thousand that went
     * last. So if it is the writer of that moment, the stream has come for the first time since. (A stream that came, went, was forgotten by the writer, and
     * came again before the tail looked once isn't told of. If the tail has looked meanwhile, it has seen a record that ended before this segment.) Another
     * writer can't say where the stream had ended under the one before it.
     */
    public void cameAfter(Positions before) {
        beforeItCame = before;
    }

    private boolean isFirstSinceItCame(SegmentHeader header, long from) {
        Positions before = beforeItCame;
        return before != null && lastBase == UNKNOWN && !endDoubt.hasSeen(from, header.basePosition()) && header.incarnation() == before.incarnation();
    }

    /** Makes the first {@link #next()} throw this, before anything else. */
    public StreamScan tellingFirst(WalException told) {
        first = told;
        return this;
    }

    /**
     * Called if records have come behind the scan's place, or may have, and may be deleted before the scan reads them. Only a stream's beginning expires, so
     * none was deleted if the scan comes to an end while anything is left of what it has read. Until then the scan doubts its end: if the stream comes again
     * behind these records, and doesn't know where it ended, the gap is reported as possible.
     */
    public void doubtEnd(EndDoubt sign) {
        endDoubt = endDoubt.and(sign.behind(resume));
    }

    /** Whether there were no more records, for now. */
    public boolean hasEnded() {
        return ended;
    }

    private boolean isAnythingAt(Segment segment, long offset) throws IOException {
        if (offset == UNKNOWN) {
            return true;
        }
        try (StreamScan look = new StreamScan(log, sequence.catalog(), TimeRange.ALL, ReadSizes.small(log.settings()),
                Rest.at(segment, offset, resume, Telling.NOTHING))) {
            boolean found = look.next();
            if (found) {
                behindCommit = look.nextPosition();
            }
            return found;
        } catch (CorruptSegmentException | UnsupportedFormatException | WalIOException e) {
            // this scan reports it
            return true;
        } catch (EntryExpiredException e) {
            // deleted since it was listed
            return false;
        }
    }

    // ---- moving

    /**
     * Goes to the next data record in the range.
     *
     * @return false if there is none, for now
     * @throws CorruptSegmentException once for each damage; the call after goes on behind it
     * @throws EntryExpiredException once if retention overtook the scan
     */
    @Override
    boolean advance() throws IOException {
        boolean found = stepPastDeleted();
        if (found) {
            endDoubt = endDoubt.behind(resume);
        } else {
            if (sequence.knowsUpTo(lastBase)) {
                endDoubt = EndDoubt.NONE;
            } else if (!ended || isOwn) {
                // all of the stream has gone since it was listed: records that came after that listing were never seen. The stream's own segments leave no
                // sign; of shared ones a tail sees signs at each look
                doubtEnd(EndDoubt.MAY_BE_MORE);
            }
        }
        // while no segment was ever entered, it isn't known whether records existed after the position
        ended = !found && (ended || lastBase != UNKNOWN);
        return found;
    }

    private boolean stepPastDeleted() throws IOException {
        while (true) {
            try {
                return step();
            } catch (NoSuchFileException e) {
                EntryExpiredException expired = overtaken(e);
                if (expired != null) {
                    throw expired;
                }
            }
        }
    }

    private boolean step() throws IOException {
        while (pass != null || enterNext()) {
            SegmentPass current = pass;
            if (current == null) {
                continue;
            }
            SegmentPass.Step step = current.step();
            if (step == SegmentPass.Step.RECORD) {
                resume = current.passedTo();
                return true;
            }
            if (step == SegmentPass.Step.PASSED) {
                resume = current.passedTo();
            } else if (step == SegmentPass.Step.FINISHED) {
                resume = Math.max(resume, current.end());
                leave();
            } else if (!passStop(current)) {
                return false;
            }
        }
        return false;
    }

    // ---- from segment to segment

    private boolean enterNext() throws IOException {
        Segment segment = entering != null ? entering : sequence.next(lastBase, resume, last);
        if (segment == null) {
            return false;
        }
        if (passUnread(segment) || (enteringOffset == UNKNOWN && passRead(segment))) {
            return true;
        }
        if (telling != Telling.NOTHING && enteringOffset == UNKNOWN) {
            tellGap(segment);
        }
        entering = segment;
        enter(segment, enteringOffset);
        entering = null;
        enteringOffset = UNKNOWN;
        return true;
    }

    /**
     * Handles a segment that continues the one that was left, or begins before it. The segment is entered after the records that were read, or passed if it has
     * no others; returns whether it was passed. See {@link ListedSegments#joined}.
     */
    private boolean passRead(Segment segment) throws IOException {
        LeftSegment left = last;
        boolean isRead = left != null && left.isEndListed() && segment.isEndListed() && resume > segment.basePosition();
        if (!isRead && segment.basePosition() > lastBase) {
            return false;
        }
        if (segment.listedEnd() <= resume) {
            leftIs(segment);
            return true;
        }
        entering = segment;
        try {
            enteringOffset = segment.header(log.channels()).offsetOf(resume);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            passUnreadable(segment);
            throw e;
        }
        return false;
    }

    private void passUnreadable(Segment segment) {
        entering = null;
        enteringOffset = UNKNOWN;
        leftIs(segment);
        telling = telling.butNotBeforeTheNext();
    }

    private void leftIs(Segment segment) {
        lastBase = segment.basePosition();
        last = LeftSegment.of(segment);
    }

    /** Passes a segment without opening its file, if the footer or the listing shows that it has no record in the range. */
    private boolean passUnread(Segment segment) throws IOException {
        if (range.isAll()) {
            return false;
        }
        Footer footer = segment.knownFooter();
        boolean isOutside = footer == null ? segment.isListedOutside(range) : !range.overlaps(footer.index());
        if (!isOutside) {
            return false;
        }
        entering = null;
        enteringOffset = UNKNOWN;
        leftIs(segment);
        resume = Math.max(resume, footer == null ? segment.listedEnd() : segment.header(log.channels()).positionAt(footer.dataEnd()));
        return true;
    }

    private void enter(Segment segment, long offset) throws IOException {
        SegmentPass entered;
        try {
            entered = SegmentPass.open(segment, log, range, offset, sizes);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            passUnreadable(segment);
            throw e;
        }
        pass = entered;
        leftIs(segment);
        isOwn = segment instanceof OwnSegment;
        lastExpiration = segment.name().expirationMillis();
        resume = Math.max(resume, entered.passedTo());
        if (entered.isBeforeRange() && sequence.knowsAfter(lastBase)) {
            // the newest segment may still be appended to
            leave();
        }
    }

    /**
     * Reports the records between this scan's position and the end of the data before the segment, which the segment's header names: they were deleted in
     * segments that the scan never entered. If the stream was deleted and came again, its first segment may not know that end. Then a scan that had read the
     * stream to its end has missed no record, and nothing is reported, unless the scan {@linkplain #doubtEnd doubts} that end, and doesn't know that the stream
     * {@linkplain #cameAfter came} with this segment. To any other scan the gap is reported as possible.
     *
     * <p>The doubt has to be as new as the segment: records may have come, and all of the stream may have gone and come again, since the tail looked for new
     * ones. So the tail looks once more, after the segment was found: records that came before that segment came before this look.
     */
    private void tellGap(Segment segment) throws IOException {
        SegmentHeader header = headerOf(segment);
        if (header == null) {
            return;
        }
        boolean isUnknown = header.isEndBeforeUnknown();
        boolean isNewToEnded = isUnknown && ended;
        if (isNewToEnded && telling == Telling.ALL && !endLook.run()) {
            doubtEnd(EndDoubt.MAY_BE_MORE);
        }
        boolean isTold = telling == Telling.ALL_BEHIND_THE_NEXT;
        telling = Telling.ALL;
        long from = resume;
        boolean isBehindAll = isNewToEnded && !isOwn && (isFirstSinceItCame(header, from) || !endDoubt.isCastOn(from, header.basePosition()));
        endDoubt = EndDoubt.NONE;
        // only a stream's beginning is deleted: the writer that began the segment could not read where the stream ended
        boolean isBehindTheLast = isUnknown && sequence.knowsUpTo(from);
        if (isTold || header.previousEnd() <= from || isBehindAll || isBehindTheLast) {
            resume = header.basePosition();
            return;
        }
        if (isUnknown) {
            resume = header.basePosition();
            throw ScanFailures.possiblyExpired(key, from, resume, segment.file());
        }
        resume = header.previousEnd();
        throw ScanFailures.expired(key, from, resume, segment.file(), null);
    }

    /** The segment's header; null if it can't be read, which is reported when the segment is entered. */
    private @Nullable SegmentHeader headerOf(Segment segment) throws IOException {
        try {
            return segment.header(log.channels());
        } catch (NoSuchFileException | CorruptSegmentException | UnsupportedFormatException e) {
            return null;
        }
    }

    @Override
    void leave() {
        if (pass != null) {
            super.leave();
            doubt = new DamageDoubt();
        }
    }

    /**
     * Handles a segment that isn't in its file any more: the one to be entered, or the one being read, if an interrupt closed its channel.
     *
     * <p>If its records have moved, the walk goes on where it was, by the new listing: behind the segment that it left last, or at its place in this one.
     *
     * @return null if no record was missed, as far as is known by now
     */
    private @Nullable EntryExpiredException overtaken(NoSuchFileException e) throws IOException {
        Segment gone = around();
        boolean isPlaced = pass != null || enteringOffset != UNKNOWN;
        sequence.refresh();
        leave();
        entering = null;
        enteringOffset = UNKNOWN;
        if (gone == null) {
            return deleted(null, e);
        }
        Segment moved = sequence.movedTo(gone);
        if (moved == null) {
            leftIs(gone);
            return deleted(gone, e);
        }
        if (isPlaced && moved.basePosition() == gone.basePosition()) {
            entering = moved;
            enteringOffset = offset(moved.key(), moved.basePosition(), resume);
        } else if (isPlaced) {
            leftIs(gone);
        }
        return null;
    }

    /**
     * Handles a deleted segment. If a later segment is left that knows where the data before it ended, all records up to there were missed. If nothing is left
     * of the stream, or it has come again without knowing that end, only what was seen is known. The log's start doesn't help: a stream of the last writer
     * ended above it, and a stream that shares segments may go on below it.
     */
    private @Nullable EntryExpiredException deleted(@Nullable Segment gone, NoSuchFileException e) {
        telling = telling == Telling.NOTHING ? Telling.NOTHING : Telling.ALL;
        long from = resume;
        long to = from;
        boolean isAllGone = false;
        try {
            Segment next = sequence.after(lastBase);
            SegmentHeader comingBack = next == null ? null : headerOf(next);
            isAllGone = next == null || (comingBack != null && comingBack.isEndBeforeUnknown());
            // otherwise it was cut off, since only a stream's beginning expires, and no record was missed
            boolean isExpired = !sequence.knowsUpTo(lastBase);
            if (isExpired && isAllGone) {
                to = goneTo(gone, next == null ? Long.MAX_VALUE : next.basePosition());
            } else if (isExpired && next != null) {
                long previousEnd = sequence.previousEnd(next);
                to = previousEnd == UNKNOWN && gone != null ? gone.basePosition() + 1 : previousEnd;
                // an empty segment had no record between its beginning and the place where the stream goes on
                to = gone != null && to <= gone.basePosition() ? from : to;
            }
        } catch (IOException | WalException unknown) {
            e.addSuppressed(unknown);
        }
        if (to <= from) {
            return null;
        }
        resume = to;
        Path file = gone == null ? null : gone.file();
        long certainTo = isAllGone ? Math.min(to, knownEnd(gone)) : to;
        if (certainTo <= from) {
            return ScanFailures.possiblyUnread(key, from, to, file, e);
        }
        if (certainTo < to) {
            first = ScanFailures.possiblyUnread(key, certainTo, to, file, e);
        }
        return ScanFailures.expired(key, from, certainTo, file, e);
    }

    /** Up to where there certainly was data; {@link #UNKNOWN} if that isn't known. */
    private long knownEnd(@Nullable Segment gone) {
        return Math.max(behindCommit, gone != null && gone.isEndListed() ? gone.listedEnd() : UNKNOWN);
    }

    /**
     * Up to where records were missed when all of the stream was deleted, as far as is known by now; notes a doubt about the rest.
     *
     * @param again where the stream has come again; {@link Long#MAX_VALUE} if it hasn't
     */
    private long goneTo(@Nullable Segment gone, long again) throws IOException {
        long seenTo = Math.max(knownEnd(gone), endDoubt.lastEnd(again));
        if (seenTo > resume) {
            doubtEnd(EndDoubt.MAY_BE_MORE);
            return seenTo;
        }
        if (gone != null && telling == Telling.NOTHING) {
            // a segment behind which the log's writer has begun anew may have had records; one that it began itself may have been abandoned empty
            return log.start() > gone.basePosition() ? Math.max(gone.basePosition(), resume) + 1 : resume;
        }
        // the segment had records, or was still empty: the one with which the stream comes again tells which
        doubtEnd(gone == null ? EndDoubt.NONE : EndDoubt.seen(gone.basePosition() + 1));
        return resume;
    }

    // ---- where a segment's scan has stopped

    /** Handles the stop; returns whether the scan can go on. */
    private boolean passStop(SegmentPass current) throws IOException {
        StopEvidence evidence = new StopEvidence(log, current, sequence);
        StopVerdict verdict = StopVerdict.of(evidence);
        return switch (verdict) {
            case END -> false;
            case LEAVE -> {
                resume = current.scan().position();
                leave();
                yield true;
            }
            case AWAIT -> awaitSlot(current, evidence.end(verdict));
            case TOO_NEW -> throw skipTooNew(current);
            case DAMAGED_BELOW_FOOTER, DAMAGED_BELOW_RESERVED, DAMAGED_BELOW_MARK, DAMAGED_BELOW_SUCCESSOR, DAMAGED_IN_FINISHED,
                    DAMAGED_BY_A_CUT, DAMAGED_BEFORE_RECORDS -> passDamage(current, evidence.end(verdict), verdict.evidence());
        };
    }

    private boolean awaitSlot(SegmentPass current, long end) throws IOException {
        long offset = current.scan().offset();
        return switch (slotWait.await(current.reader(), offset)) {
            case PUBLISHED -> true;
            case FINISHED -> awaitNoMore(offset);
            case OVERDUE -> throw ScanFailures.overdue(current.reader(), offset);
            case GIVEN_UP -> {
                boolean isTold = doubt.isTold(offset);
                boolean skipped = skipFrom(current, offset, end);
                if (!isTold) {
                    throw ScanFailures.givenUp(current.reader(), offset);
                }
                yield skipped;
            }
        };
    }

    /**
     * Handles a slot that will never have a record: it was cut off, or deleted with its segment. By now the verdict is mostly another one. If it is the same,
     * because everything reserved after the slot is gone too, this is the end.
     */
    private boolean awaitNoMore(long offset) throws IOException {
        boolean again = doubt.remains(offset);
        sequence.refresh();
        return again;
    }

    private UnsupportedFormatException skipTooNew(SegmentPass current) {
        long offset = current.scan().offset();
        int flags = current.scan().flags();
        current.scan().skip();
        resume = current.passedTo();
        return ScanFailures.tooNew(current.reader(), offset, flags);
    }

    private boolean passDamage(SegmentPass current, long end, String evidence) throws IOException {
        long offset = current.scan().offset();
        boolean isTold = doubt.isTold(offset);
        if (!isTold && doubt.remains(offset)) {
            // the record may have been cut off, and with it the segment that proves that it existed
            sequence.refresh();
            return true;
        }
        SegmentReader reader = current.reader();
        if (!isTold && reader.isReplaced()) {
            throw new NoSuchFileException(reader.segment().file().toString());
        }
        String fault = current.scan().fault();
        boolean skipped = skipFrom(current, offset, end);
        if (isTold) {
            return skipped;
        }
        long length = Math.max(0, (skipped ? current.scan().nextOffset() : reader.size()) - offset);
        boolean awaitsRecovery = reader.footer().isEmpty() && log.awaitsRecovery(reader.header());
        throw ScanFailures.damaged(reader, offset, length, fault, evidence, awaitsRecovery);
    }

    /** Moves beyond unreadable bytes, to the next readable record or the end of the data; false if neither is known. */
    private boolean skipFrom(SegmentPass current, long offset, long end) throws IOException {
        SegmentScan scan = current.scan();
        long valid = scan.findValid(offset + RecordLayout.ALIGNMENT, end == UNKNOWN ? current.reader().size() : end);
        long to = valid >= 0 ? valid : end;
        doubt.tell(offset);
        scan.seek(to == UNKNOWN ? offset : to);
        resume = current.passedTo();
        return to != UNKNOWN;
    }

    /** Whether it stands on a member of a batch. */
    boolean isOnMember() {
        return isOnRecord() && pass != null && RecordLayout.isMember(pass.scan().flags());
    }

    /** Whether it stands in a segment, and so holds its file. */
    public boolean holdsFile() {
        return pass != null;
    }

    // ---- for a tail, between two calls to next() that say that there is no more

    /** Whether the commit word where the scan has stopped isn't zero any more, or the segment has gone: the next call finds out where it went. */
    public boolean isMoreWhereItStopped() throws IOException {
        SegmentPass current = pass;
        if (current == null) {
            return entering != null;
        }
        commitWord.clear();
        try {
            return current.reader().read(commitWord, current.scan().nextOffset()) == Long.BYTES && commitWord.getLong(0) != 0;
        } catch (NoSuchFileException e) {
            return true;
        }
    }

    /** Whether records may still come where it has stopped: in a segment file of the stream's own that had no footer. */
    public boolean mayGrow() {
        return pass != null && pass.reader().segment() instanceof OwnSegment;
    }

    /** Gives its buffers back; it allocates them again when it needs them. */
    public void releaseMemory() {
        leaveRecord();
        if (pass != null) {
            pass.scan().releaseMemory();
        }
    }

    /**
     * Its place, for another scan to go on when this one is closed: before the record that it stands on, if there is one. Null while it is still
     * about to enter a segment, or to throw something first.
     */
    public @Nullable Bookmark bookmark() {
        return bookmark(isOnRecord() ? onRecord().position() : resume);
    }

    /** As {@link #bookmark}, behind the record that it stands on. */
    public @Nullable Bookmark bookmarkBehind() {
        return bookmark(nextPosition());
    }

    private @Nullable Bookmark bookmark(long position) {
        SegmentPass current = pass;
        if (entering != null || first != null) {
            return null;
        }
        long told = current != null && doubt.isTold(current.scan().nextOffset()) ? current.scan().nextOffset() : UNKNOWN;
        return new Bookmark(lastBase, lastExpiration, isOwn, last, position, ended, endDoubt, told, telling);
    }

    /** Whether it stands in a segment that has been deleted. */
    public boolean isInDeleted() throws IOException {
        SegmentPass current = pass;
        if (current == null) {
            return false;
        }
        Segment segment = current.reader().segment();
        return !segment.equals(sequence.listedAfter(segment.basePosition() - 1));
    }

    /** Whether it stands in a shared segment that begins below a position of the shared stream. */
    public boolean isInSharedBelow(long position) {
        return pass != null && pass.reader().segment().isSharedBelow(position);
    }

    /** Leaves the segment it stands in, so that a deleted file's space is freed. */
    public void leaveSegment() {
        leaveRecord();
        leave();
    }
}
