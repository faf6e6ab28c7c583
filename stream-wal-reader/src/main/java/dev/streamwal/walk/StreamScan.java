package dev.streamwal.walk;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.catalog.SegmentChain;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.segment.OwnSegment;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/**
 * Walks the data records of a stream, from segment to segment, while it is written and swept. One thread; close it.
 *
 * <p>It leaves a segment only where that segment's data ends: at its footer, or where its successor says it ended. Where a scan of a
 * segment stops before, {@link StopEvidence} gathers what is known (footer, successor, mark, writer), and {@link StopVerdict} says whether
 * that is the end for now, a slot to wait for, or damage. Damage is told of once; the call after goes on behind it.
 */
public final class StreamScan extends StreamWalk {

    public static final long UNKNOWN = -1;

    private final SegmentSequence sequence;
    private final TimeRange range;
    private final ReadSizes sizes;
    private final SlotWait slotWait;
    private final ByteBuffer commitWord = ByteBuffer.allocate(Long.BYTES);

    private @Nullable Segment entering;
    private long enteringOffset;
    private long lastBase;
    /** The segment that begins there, as it was read. */
    private @Nullable Segment last;
    private long lastExpiration;

    private @Nullable SegmentPass pass;
    private DamageDoubt doubt;

    private Telling telling;
    /** Whether the call before said that there is no more, for now. */
    private boolean ended;
    /** What is to be said first; null where nothing is, or it was. */
    private @Nullable WalException first;

    /** Of what is missing between two segments, or before the first one that is entered: see {@link #tellGap}. */
    public enum Telling {
        /** Nothing: for scans. */
        NOTHING,
        /** All of it: for tails. */
        ALL,
        /** All, but not what is missing before the next segment that is entered: nobody's, or told of already. */
        ALL_BEHIND_THE_NEXT;

        public Telling butNotBeforeTheNext() {
            return this == NOTHING ? NOTHING : ALL_BEHIND_THE_NEXT;
        }
    }

    /**
     * Where a scan goes on: all that there is to know of one that rests, or is to begin.
     *
     * @param segment to be entered; null for the first one behind {@code lastBase}
     * @param offset where to enter it, of a record or the end of the data; {@link #UNKNOWN} for its first record
     * @param lastBase where the segment begins that was entered last; {@link #UNKNOWN} for none
     * @param doubt of the segment to be entered
     * @param position in the stream
     * @param ended whether there was no more, for now
     */
    public record Rest(@Nullable Segment segment, long offset, long lastBase, DamageDoubt doubt, long position, boolean ended, Telling telling) {

        /** Before the first record there is. */
        public static Rest atOldest(Telling telling) {
            return new Rest(null, UNKNOWN, UNKNOWN, new DamageDoubt(), 0, false, telling.butNotBeforeTheNext());
        }

        public static Rest at(Segment segment, long offset, long position, Telling telling) {
            return new Rest(segment, offset, segment.basePosition() - 1, new DamageDoubt(), position, false, telling);
        }

        /** Behind a segment, or, where that is {@link #UNKNOWN}, before the first one. */
        public static Rest behind(long lastBase, long position, Telling telling) {
            return new Rest(null, UNKNOWN, lastBase, new DamageDoubt(), position, false, telling);
        }

        /** The same place, for a scan that tells this. */
        public Rest with(Telling told) {
            return new Rest(segment, offset, lastBase, doubt, position, ended, told);
        }

        /** As if it had been told already that there is nothing. */
        public Rest whenEnded() {
            return new Rest(segment, offset, lastBase, doubt, position, true, telling);
        }
    }

    /** Goes on where another one, or none yet, has been. */
    public StreamScan(LogSource log, SegmentCatalog catalog, TimeRange range, ReadSizes sizes, Rest rest) {
        super(log, catalog.key().text(), rest.position());
        this.sequence = new SegmentSequence(catalog);
        this.range = range;
        this.sizes = sizes;
        this.slotWait = new SlotWait(log);
        this.entering = rest.segment();
        this.enteringOffset = rest.offset();
        this.lastBase = rest.lastBase();
        this.doubt = rest.doubt();
        this.ended = rest.ended();
        this.telling = rest.telling();
    }

    /** The records in a range of time, from the first one there is. */
    public static StreamScan of(LogSource log, SegmentCatalog catalog, TimeRange range) {
        return new StreamScan(log, catalog, range, ReadSizes.large(log.settings()), Rest.atOldest(Telling.NOTHING));
    }

    /** Where another scan goes on: at the record that this one stands on, or else behind all that it has passed. */
    public Rest rest() {
        SegmentPass current = pass;
        if (current == null) {
            return new Rest(entering, enteringOffset, lastBase, doubt, resume, ended, telling);
        }
        SegmentScan scan = current.scan();
        long offset = isOnRecord() ? scan.offset() : scan.nextOffset();
        return new Rest(current.reader().segment(), offset, lastBase, doubt, scan.header().positionAt(offset), ended, telling);
    }

    /**
     * Where a scan for a tail has come to, for another one to go on from, in whatever segments there are then: less than a {@link Rest}, for
     * many of them to be kept.
     *
     * @param base of the segment it came to last; -1 for none
     * @param expirationMillis of that segment
     * @param resume stream position
     * @param ended whether there was no more, for now
     * @param told offset in the segment of damage that was told of; -1 for none
     */
    public record Bookmark(long base, long expirationMillis, long resume, boolean ended, long told, Telling telling) {

        /** In the segment's file. */
        public long offset(StreamKey key) {
            return SegmentHeaderLayout.headerLength(key.utf8Length()) + resume - base;
        }

        private Rest in(SegmentCatalog catalog) {
            SegmentChain chain = catalog.chain();
            int index = chain.floor(base);
            Segment segment = index < 0 ? null : chain.get(index);
            boolean isThere = segment != null && segment.basePosition() == base;
            DamageDoubt doubt = new DamageDoubt();
            doubt.tell(told);
            return new Rest(isThere ? segment : null, isThere ? offset(catalog.key()) : UNKNOWN, base, doubt, resume, ended, telling);
        }
    }

    /** Goes on where another scan for a tail has come to. */
    public static StreamScan resumed(LogSource log, SegmentCatalog catalog, Bookmark bookmark) {
        StreamScan scan = new StreamScan(log, catalog, TimeRange.ALL, ReadSizes.large(log.settings()), bookmark.in(catalog));
        scan.lastExpiration = bookmark.expirationMillis();
        return scan;
    }

    /** How much memory it has to read into. */
    int bufferBytes() {
        return pass == null ? 0 : pass.scan().bufferBytes();
    }

    /**
     * For a consumer, which has done with everything before the place where it begins. What it is told of as gone was there: so it looks now
     * whether anything is, as it couldn't tell any more once the segment is deleted. Behind all segments, or between them, nothing is, as
     * far as it knows; the next segment says more.
     */
    public StreamScan behindCommit() throws IOException {
        Segment segment = entering;
        ended = segment == null || !isAnythingAt(segment, enteringOffset);
        return this;
    }

    /** Whether it has come to no segment yet. */
    public boolean hasPassedNothing() {
        return pass == null && entering == null && lastBase == UNKNOWN;
    }

    /** Whether it begins in a segment that was there, and not behind it. */
    public boolean beginsInSegment() {
        return entering != null;
    }

    /** Throws this once, before anything else. */
    public StreamScan tellingFirst(WalException told) {
        first = told;
        return this;
    }

    private boolean isAnythingAt(Segment segment, long offset) throws IOException {
        if (offset == UNKNOWN) {
            return true;
        }
        try (StreamScan look = new StreamScan(log, sequence.catalog(), TimeRange.ALL, ReadSizes.small(log.settings()),
                Rest.at(segment, offset, resume, Telling.NOTHING))) {
            return look.next();
        } catch (CorruptSegmentException | UnsupportedFormatException | WalIOException e) {
            // this scan tells of it
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
     * @return false where there is none, for now
     * @throws CorruptSegmentException once for each damage; the call after goes on behind it
     * @throws EntryExpiredException once where retention overtook the scan
     */
    @Override
    boolean advance() throws IOException {
        WalException toBeTold = first;
        if (toBeTold != null) {
            first = null;
            throw toBeTold;
        }
        boolean found = stepPastDeleted();
        // a stream that was never there says nothing of what was behind a position in it
        ended = !found && (ended || lastBase != UNKNOWN);
        return found;
    }

    private boolean stepPastDeleted() throws IOException {
        while (true) {
            try {
                return step();
            } catch (NoSuchFileException e) {
                long from = resume;
                EntryExpiredException expired = overtaken(e);
                if (resume > from) {
                    throw expired;
                }
                // a segment that was given up empty: nothing has been missed
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
     * Where the segment that was left went on, in this one, or where this one begins before that: it is entered behind what was read, or passed. See
     * {@link SegmentChain#joined}.
     */
    private boolean passRead(Segment segment) throws IOException {
        boolean isRead = isListedWithItsEnd(last) && isListedWithItsEnd(segment) && resume > segment.basePosition();
        if (!isRead && segment.basePosition() > lastBase) {
            return false;
        }
        if (segment.listedEnd() <= resume) {
            lastBase = segment.basePosition();
            last = segment;
            return true;
        }
        enteringOffset = segment.header(log.channels()).offsetOf(resume);
        return false;
    }

    /** Of others, which have files, none is ever joined. */
    private static boolean isListedWithItsEnd(@Nullable Segment segment) {
        return segment != null && segment.listedEnd() > segment.basePosition();
    }

    /** Where it is known that nothing is in the range, by the footer or the listing, the file isn't even opened. */
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
        lastBase = segment.basePosition();
        last = segment;
        resume = Math.max(resume, footer == null ? segment.listedEnd() : segment.header(log.channels()).positionAt(footer.dataEnd()));
        return true;
    }

    private void enter(Segment segment, long offset) throws IOException {
        SegmentPass entered;
        try {
            entered = SegmentPass.open(segment, log, range, offset, sizes);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            entering = null;
            enteringOffset = UNKNOWN;
            lastBase = segment.basePosition();
            last = segment;
            telling = telling.butNotBeforeTheNext();
            throw e;
        }
        pass = entered;
        lastBase = segment.basePosition();
        last = entered.reader().segment();
        lastExpiration = segment.name().expirationMillis();
        resume = Math.max(resume, entered.passedTo());
        if (entered.isBeforeRange() && sequence.knowsAfter(lastBase)) {
            // the newest segment may still be appended to
            leave();
        }
    }

    /**
     * Each segment says where the data before it ended. What is between there and where this scan has come to was deleted, in segments that
     * it never saw. Where the stream was deleted and came again, its first segment may not know: then somebody who had read all that there
     * was has missed nothing, unless it was appended and deleted between two looks; and whoever comes back later is told.
     */
    private void tellGap(Segment segment) throws IOException {
        boolean isTold = telling == Telling.ALL_BEHIND_THE_NEXT;
        telling = Telling.ALL;
        SegmentHeader header = headerOf(segment);
        if (header == null) {
            return;
        }
        long from = resume;
        if (isTold || (isUnknown(header) && ended) || header.previousEnd() <= from) {
            resume = header.basePosition();
            return;
        }
        resume = header.previousEnd();
        throw ScanFailures.expired(key, from, resume, segment.file(), null);
    }

    /** Whether the stream was deleted and came again, and nobody knows any more where it ended. */
    static boolean isUnknown(SegmentHeader header) {
        return header.isFirst() && header.previousEnd() == header.basePosition();
    }

    /** Null where it can't be read; whoever enters the segment is told why. */
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
            pass.close();
            pass = null;
            doubt = new DamageDoubt();
        }
    }

    /** The segment to be entered, or the one that was read when its channel was closed by an interrupt, has been deleted. */
    private EntryExpiredException overtaken(NoSuchFileException e) {
        Segment gone = around();
        leave();
        telling = telling == Telling.NOTHING ? Telling.NOTHING : Telling.ALL;
        entering = null;
        enteringOffset = UNKNOWN;
        long from = resume;
        long to = resume;
        try {
            long base = gone == null ? lastBase : gone.basePosition();
            Segment next = sequence.listedAfter(base);
            SegmentHeader comingBack = next == null ? null : headerOf(next);
            boolean comesBack = telling != Telling.NOTHING && ended && (next == null || (comingBack != null && isUnknown(comingBack)));
            if (!sequence.knowsUpTo(base) && !comesBack) {
                long previousEnd = next == null ? log.start() : StopEvidence.previousEnd(log, next);
                to = previousEnd == UNKNOWN && gone != null ? gone.basePosition() + 1 : previousEnd;
                // what was given up empty has nothing between its beginning and where the stream goes on
                to = gone != null && to <= gone.basePosition() ? from : to;
            }
            // else it was cut off, since what expires is the beginning: nothing has been missed; or the segment that the stream comes back
            // with says whether something was
        } catch (IOException | WalException unknown) {
            e.addSuppressed(unknown);
        }
        if (gone != null) {
            lastBase = gone.basePosition();
            last = gone;
        }
        resume = Math.max(from, to);
        return ScanFailures.expired(key, from, resume, gone == null ? null : gone.file(), e);
    }

    // ---- where a segment's scan has stopped

    /** Whether there is a way on, for now. */
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
     * Nothing stands there, and nothing will: it was cut off, or has gone with its segment. That mostly gives another verdict by now; where it
     * doesn't, as all that was reserved behind it has gone too, that is the end.
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
            // what stood there may have been cut off, and with it the segment that says so
            sequence.refresh();
            return true;
        }
        SegmentReader reader = current.reader();
        if (!isTold && reader.isReplaced()) {
            throw new NoSuchFileException(reader.segment().file().toString());
        }
        String rule = current.scan().rule();
        boolean skipped = skipFrom(current, offset, end);
        if (isTold) {
            return skipped;
        }
        long length = Math.max(0, (skipped ? current.scan().nextOffset() : reader.size()) - offset);
        boolean awaitsRecovery = reader.footer().isEmpty() && log.awaitsRecovery(reader.header());
        throw ScanFailures.damaged(reader, offset, length, rule, evidence, awaitsRecovery);
    }

    /** Moves behind what can't be read, to the next record that can, or the end of the data; false where neither is known. */
    private boolean skipFrom(SegmentPass current, long offset, long end) throws IOException {
        SegmentScan scan = current.scan();
        long valid = scan.findValid(offset + RecordLayout.ALIGNMENT, end == UNKNOWN ? current.reader().size() : end);
        long to = valid >= 0 ? valid : end;
        doubt.tell(offset);
        scan.seek(to == UNKNOWN ? offset : to);
        resume = current.passedTo();
        return to != UNKNOWN;
    }

    /** Whether it stands in a segment, whose file it holds. */
    public boolean holdsFile() {
        return pass != null;
    }

    // ---- for a tail, between two calls to next() that say that there is no more

    /** Whether something stands where the scan has stopped. */
    public boolean isMoreWhereItStopped() throws IOException {
        SegmentPass current = pass;
        if (current == null) {
            return entering != null;
        }
        commitWord.clear();
        return current.reader().read(commitWord, current.scan().nextOffset()) == Long.BYTES && commitWord.getLong(0) != 0;
    }

    /** Whether more may come where it has stopped: in a file of the stream's own that had no footer. */
    public boolean mayGrow() {
        return pass != null && pass.reader().segment() instanceof OwnSegment;
    }

    /** Gives its memory back, until it needs it again. */
    public void releaseMemory() {
        leaveRecord();
        if (pass != null) {
            pass.scan().releaseMemory();
        }
    }

    /**
     * Where it has come to, before the record that it stands on, if it does: for another scan, when this one is closed. Null where it hasn't
     * come to anything yet.
     */
    public @Nullable Bookmark bookmark() {
        SegmentPass current = pass;
        if (entering != null) {
            return null;
        }
        long position = isOnRecord() ? onRecord().position() : resume;
        long told = current != null && doubt.isTold(current.scan().nextOffset()) ? current.scan().nextOffset() : UNKNOWN;
        return new Bookmark(lastBase, lastExpiration, position, ended, told, telling);
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

    /** Leaves the segment it stands in, so that a deleted file's space is free. */
    public void leaveSegment() {
        leaveRecord();
        leave();
    }

    private SegmentPass passing() {
        SegmentPass current = pass;
        if (current == null) {
            throw new IllegalStateException("scan stands in no segment: stream=" + key);
        }
        return current;
    }

    // ---- the record it stands on

    @Override
    @Nullable SegmentScan scan() {
        return pass == null ? null : pass.scan();
    }

    @Override
    @Nullable Segment around() {
        return pass == null ? entering : pass.reader().segment();
    }

    /** The segment that the record is in. */
    public Segment segment() {
        onRecord();
        return passing().reader().segment();
    }

    /** The record's offset in its file. */
    public long offset() {
        return onRecord().offset();
    }
}
