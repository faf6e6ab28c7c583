package dev.streamwal.recovery;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.PaddingLayout;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.recovery.TailEvidence.Behind;
import dev.streamwal.recovery.TailEvidence.Left;
import dev.streamwal.recovery.TailEvidence.Stop;
import dev.streamwal.segment.RecoveredTail;
import dev.streamwal.segment.ScanStop;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.TailBuilder;
import dev.streamwal.storage.SegmentFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Walks one segment without a footer and repairs its end: gathers the evidence, asks {@link RecoveryTable}, acts.
 *
 * <p>Idempotent, and safe to end anywhere. What isn't as it was promised is copied to the quarantine, durably, before any of its bytes changes.
 * Padding is then written in this order: first the slot's commit word becomes zero, then the rest of it; of a pair, the second record is written
 * first; and of each record the commit word last, by a separate write. So at every moment a walk stops at the same place, at what it stopped at
 * before or at a zero commit word, with the same data behind it, and the same decision makes the same padding of it. A cut either happened or didn't.
 */
final class SegmentRepair {

    private static final int PAGE_BYTES = 4 << 10;
    /** What every disk writes atomically; some write more. */
    private static final int SECTOR_BYTES = 512;

    private static final String READ_AND_DELETE = "copy what you need (the stream can be read around the damage), then delete the stream";
    private static final String GO_ON_BY_POLICY =
            "open the log with RecoveryPolicy.SKIP_BAD_RECORDS to continue after it; or " + READ_AND_DELETE;
    private static final String NO_PADDING_FITS =
            "no padding fits, because the records behind the damage aren't contiguous; " + READ_AND_DELETE;

    private final SegmentHeader header;
    private final SegmentFile file;
    private final SegmentBytes bytes;
    private final Quarantine quarantine;
    private final DamagePolicy policy;
    private final Bounds bounds;
    private final Findings findings;

    private final TailBuilder tail;
    private int mark;
    private boolean lossy;

    /**
     * What is known about a segment from outside of it.
     *
     * @param left see {@link TailEvidence}
     * @param knownEnd offset where a successor says that the data ends; {@link #UNKNOWN} if none does
     * @param durable offset before which everything was acknowledged as durable
     * @param isRestarted whether the machine has certainly been restarted since the segment was written: what wasn't durable was lost with its memory
     */
    record Bounds(Left left, long knownEnd, long durable, boolean isRestarted) {

        static final long UNKNOWN = Long.MAX_VALUE;

        /**
         * Whether a known end says that there was data before it. For a closed segment only if that is durable: otherwise a segment between this one
         * and the successor may have been lost, and this one is whole.
         */
        boolean isEndEvidence() {
            return knownEnd != UNKNOWN && (left != Left.CLOSED || knownEnd <= durable);
        }
    }

    /**
     * @param bytes of the file
     * @param findings receives what is found
     */
    SegmentRepair(
            SegmentHeader header,
            SegmentFile file,
            SegmentBytes bytes,
            Bounds bounds,
            Quarantine quarantine,
            DamagePolicy policy,
            Findings findings) {
        this.header = header;
        this.tail = new TailBuilder(RecoveredTail.empty(header.headerLength()));
        this.mark = header.mark();
        this.file = file;
        this.bytes = bytes;
        this.bounds = bounds;
        this.quarantine = quarantine;
        this.policy = policy;
        this.findings = findings;
    }

    /**
     * @throws CorruptSegmentException if a record is damaged, and the policy, or the quarantine, doesn't allow to continue behind it; nothing has
     *     been changed from there on
     * @throws UnsupportedFormatException if a record needs a newer version
     */
    RecoveredTail repair() throws IOException {
        try (SegmentScan scan = new SegmentScan(bytes, header)) {
            scan.limit(Math.min(bounds.knownEnd(), header.capacity()));
            for (; ; ) {
                walk(scan);
                TailEvidence evidence = gather(scan);
                RecoveryDecision decision = RecoveryTable.decide(evidence, policy);
                int end = (int) scan.offset();
                switch (decision) {
                    case KEEP -> {
                        return cutAt(end);
                    }
                    case PAD_HOLE -> scan.seek(fillHole(scan, end));
                    case SKIP_DAMAGE -> scan.seek(skipDamage(scan, end));
                    case CUT_TORN_TAIL -> {
                        cutTornTail(end, bounds.isRestarted() || evidence.behind() == Behind.NOTHING);
                        return cutAt(end);
                    }
                    case PAD_DAMAGED_END -> {
                        long to = endOfContent(end);
                        if (to == end) {
                            return keepWhatIsLeft(end);
                        }
                        return padDamagedEnd(scan, end, to);
                    }
                    case KEEP_WHAT_IS_LEFT -> {
                        return keepWhatIsLeft(end);
                    }
                    case REFUSE_CORRUPT -> throw corrupt(scan, end, GO_ON_BY_POLICY);
                    case REFUSE_TOO_NEW -> throw tooNew(scan);
                    case SET_ASIDE_BEHIND, SKIP_UNREADABLE, GO_ON_BEHIND_GAP ->
                        throw new IllegalStateException("not a decision about a place in a segment: " + decision);
                }
            }
        }
    }

    private StreamKey key() {
        return header.key();
    }

    /** Walks also up to a footer that isn't at the file's end, because the file was extended behind it. */
    private void walk(SegmentScan scan) throws IOException {
        while (scan.next()) {
            tail.add((int) scan.offset(), scan.flags(), scan.timestampMillis(), scan.frameBytes());
        }
    }

    // ---------------------------------------------------------------- evidence

    private TailEvidence gather(SegmentScan scan) throws IOException {
        boolean atKnownEnd = scan.offset() == bounds.knownEnd();
        Behind behind = atKnownEnd ? Behind.NOTHING : behind(scan);
        return new TailEvidence(stop(scan, behind), atKnownEnd, behind, header.mark() >= scan.offset(), bounds.left(),
                isInOneSector(scan), isPromised(scan.offset()));
    }

    private static boolean isInOneSector(SegmentScan scan) {
        return scan.nextValid() >= 0 && scan.nextValid() / SECTOR_BYTES == scan.offset() / SECTOR_BYTES;
    }

    private boolean isPromised(long offset) {
        return offset < bounds.durable();
    }

    private Behind behind(SegmentScan scan) throws IOException {
        ScanStop judged = scan.judge();
        if (scan.nextValid() >= 0) {
            return Behind.DATA;
        }
        // the search was given up
        boolean perhaps = judged == ScanStop.CORRUPT;
        return bounds.isEndEvidence() && !(perhaps && scan.isEmpty()) ? Behind.DATA : perhaps ? Behind.PERHAPS : Behind.NOTHING;
    }

    private static Stop stop(SegmentScan scan, Behind behind) {
        if (scan.isEnd()) {
            return Stop.END;
        }
        if (scan.isTooNew()) {
            return Stop.TOO_NEW;
        }
        return scan.isEmpty() && behind != Behind.PERHAPS ? Stop.EMPTY : Stop.INVALID;
    }

    // ---------------------------------------------------------------- actions

    private void cutTornTail(int end, boolean isWorthless) throws IOException {
        long to = endOfContent(end);
        if (to > end) {
            findings.add(new Repair(RecoveryDecision.CUT_TORN_TAIL, file.path(), end, to - end, copyOfTornTail(end, to, isWorthless)));
        }
        takeBackMark(end);
    }

    /**
     * Empty if the quarantine has no room for it: then the tail is cut all the same, because nothing in it was promised to survive. The tail of a
     * shared segment is also cut if the disk is full: otherwise no stream that shares could go on, and nothing of the segment could be packed, and
     * later deleted, to make room. It isn't cut if whole records stand behind the place and perhaps only the process has ended, which they were to
     * survive: then the tail waits for room. The tail of a stream's own segment waits, too, because a full disk takes nothing that is appended to the
     * stream anyway. Damaged records were promised to survive, and aren't touched without a copy.
     *
     * @param isWorthless whether nothing whole stands there that was to survive what has happened
     */
    private Optional<Path> copyOfTornTail(int end, long to, boolean isWorthless) throws IOException {
        try {
            return quarantine.setAside(key(), file.path(), bytes, end, to);
        } catch (IOException e) {
            if (!isWorthless || !key().equals(StreamKey.SHARED) || !IoFailure.isDiskFull(e)) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** Moves the mark back: it is no evidence here, and a reader that found it before the footer would report the cut part as lost. */
    private void takeBackMark(int end) throws IOException {
        if (header.mark() >= end) {
            mark = tail.lastStart();
            writeMark(mark);
        }
    }

    private void writeMark(int offset) throws IOException {
        file.write(SegmentHeaderLayout.MARK, ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(0, offset));
    }

    /** The header as it is in the file now. */
    SegmentHeader header() {
        return new SegmentHeader(header.key(), header.window(), header.expirationMillis(), header.basePosition(), header.previousEnd(),
                header.incarnation(), header.salt(), header.createdMillis(), header.capacity(), mark, header.featureFlags());
    }

    private int fillHole(SegmentScan scan, int start) throws IOException {
        Slot slot = slot(scan, start, nextKnown(scan));
        findings.add(new Repair(RecoveryDecision.PAD_HOLE, file.path(), start, slot.bytes(), Optional.empty()));
        return pad(slot);
    }

    /** Continues behind damage, which is in the quarantine before any of its bytes changes. */
    private int skipDamage(SegmentScan scan, int start) throws IOException {
        long next = nextKnown(scan);
        // what stands behind the frontier, in a log that wasn't closed, is judged on its own
        boolean endsAtFrontier = bounds.left() != Left.CLOSED && isPromised(start) && bounds.durable() < next;
        Slot slot = slot(scan, start, endsAtFrontier ? bounds.durable() : next);
        Optional<Path> copy = setAsideDamage(scan, start, Math.min(slot.end(), bytes.size()));
        findings.add(new Repair(RecoveryDecision.SKIP_DAMAGE, file.path(), start, slot.bytes(), copy));
        return pad(slot);
    }

    /** Offset of the next record that verifies, or of the known end. */
    private long nextKnown(SegmentScan scan) {
        return scan.nextValid() >= 0 ? scan.nextValid() : bounds.knownEnd();
    }

    /**
     * What is to become padding: one record, or two if the next record's {@code previous size} must land on the second.
     *
     * @param second bytes of the second one; 0 for none
     */
    private record Slot(int start, int end, int second) {

        int bytes() {
            return end - start;
        }

        int first() {
            return end - start - second;
        }
    }

    /** Moves the scan. */
    private Slot slot(SegmentScan scan, int start, long end) throws IOException {
        if (end - start < RecordLayout.PREFIX_BYTES || end % RecordLayout.ALIGNMENT != 0 || end > header.capacity()) {
            throw corrupt(scan, start, NO_PADDING_FITS);
        }
        scan.seek(end);
        boolean isBeforeRecord = end != bounds.knownEnd() && scan.next();
        int previous = isBeforeRecord ? scan.previousSize() : 0;
        Slot slot = new Slot(start, (int) end, previous == end - start ? 0 : previous);
        if (slot.second() != 0 && (slot.second() < RecordLayout.PREFIX_BYTES || slot.first() < RecordLayout.PREFIX_BYTES)) {
            throw corrupt(scan, start, NO_PADDING_FITS);
        }
        return slot;
    }

    /** @return where the walk continues */
    private int pad(Slot slot) throws IOException {
        file.write(slot.start(), ByteBuffer.allocate(Long.BYTES));
        file.zero(slot.start(), slot.end());
        if (slot.second() > 0) {
            writePadding(slot.start() + slot.first(), slot.second(), slot.first());
        }
        writePadding(slot.start(), slot.first(), tail.lastSize());
        tail.add(slot.start(), RecordLayout.PADDING, 0, slot.first());
        if (slot.second() > 0) {
            tail.add(slot.start() + slot.first(), RecordLayout.PADDING, 0, slot.second());
        }
        return slot.end();
    }

    /** Writes the commit word last: so a record is complete, or its slot is a hole. */
    private void writePadding(int offset, int frameBytes, int previousSize) throws IOException {
        ByteBuffer prefix = PaddingLayout.encodePrefix(frameBytes, previousSize, header.salt(), header.positionAt(offset));
        file.write(offset + Long.BYTES, prefix.slice(Long.BYTES, prefix.limit() - Long.BYTES));
        file.write(offset, prefix.slice(RecordLayout.COMMIT_WORD, Long.BYTES));
    }

    /**
     * It is unknown how far the data went. The mark is moved to the padding's end first: so a recovery after a crash, and one that finds the footer,
     * know that there was more, and don't give the positions behind it again.
     */
    private RecoveredTail padDamagedEnd(SegmentScan scan, int start, long endOfContent) throws IOException {
        long end = Math.max(RecordLayout.align(endOfContent), start + RecordLayout.PREFIX_BYTES);
        Slot slot = slot(scan, start, end);
        Optional<Path> copy = setAsideDamage(scan, start, endOfContent);
        findings.add(new Repair(RecoveryDecision.PAD_DAMAGED_END, file.path(), start, endOfContent - start, copy));
        mark = Math.max(mark, slot.end());
        writeMark(mark);
        lossy = true;
        return cutAt(pad(slot));
    }

    /** If it was promised, the mark keeps saying that there was more: otherwise the stream could continue here after the next close. */
    private RecoveredTail keepWhatIsLeft(int end) throws IOException {
        long known = Math.max(bounds.durable(), bounds.left() == Left.EARLIER ? 0 : header.mark());
        findings.add(new Repair(RecoveryDecision.KEEP_WHAT_IS_LEFT, file.path(), end, Math.max(0, known - end), Optional.empty()));
        lossy = true;
        if (bounds.left() == Left.CLOSED || isPromised(end)) {
            mark = (int) Math.max(mark, Math.min(known, header.capacity()));
            writeMark(mark);
        } else {
            takeBackMark(end);
        }
        return cutAt(end);
    }

    private Optional<Path> setAsideDamage(SegmentScan scan, long from, long to) throws IOException {
        if (to <= from) {
            return Optional.empty();
        }
        Optional<Path> copy = quarantine.setAside(key(), file.path(), bytes, from, to);
        if (copy.isEmpty()) {
            throw corrupt(scan, from, quarantine.whatToDoWhenFull(to - from));
        }
        return copy;
    }

    /** Where the nonzero bytes end, rounded up to a page: behind that is prepared space. */
    private long endOfContent(long from) throws IOException {
        long size = bytes.size();
        ByteBuffer chunk = ByteBuffer.allocate(16 * PAGE_BYTES);
        for (long end = size; end > from; ) {
            long start = Math.max(from, end - chunk.capacity());
            chunk.clear().limit((int) (end - start));
            int read = bytes.read(chunk, start);
            for (int i = read - 1; i >= 0; i--) {
                if (chunk.get(i) != 0) {
                    long page = (start + i) / PAGE_BYTES + 1;
                    return Math.min(size, page * PAGE_BYTES);
                }
            }
            end = start;
        }
        return from;
    }

    private RecoveredTail cutAt(int end) throws IOException {
        if (bytes.size() > end) {
            file.truncate(end);
        }
        return tail.at(end);
    }

    /** Whether records at the end are gone whose positions were given: nothing may be appended behind them. */
    boolean isLossy() {
        return lossy;
    }

    // ---------------------------------------------------------------- refusals

    private CorruptSegmentException corrupt(SegmentScan scan, long offset, String whatToDo) throws IOException {
        long end = scan.nextValid() >= 0 ? scan.nextValid() : bytes.size();
        String evidence = offset < bounds.durable()
                ? "it was acknowledged as durable (to offset " + bounds.durable() + ")"
                : "it was durable when the log was closed";
        return new CorruptSegmentException(
                "a record is damaged, and " + evidence + ": file=" + file.path() + ", stream=" + key()
                        + ", position=" + header.positionAt(offset) + ", offset=" + offset + ", length=" + Math.max(0, end - offset)
                        + "; nothing was changed there: " + whatToDo,
                file.path(), key().text(), header.positionAt(offset), offset, Math.max(0, end - offset), null);
    }

    private UnsupportedFormatException tooNew(SegmentScan scan) {
        return new UnsupportedFormatException(
                "a record needs a newer version: flags=0x" + Integer.toHexString(scan.flags()) + ", file=" + file.path() + ", stream="
                        + key()
                        + ", offset=" + scan.offset() + "; append with the version that wrote it",
                file.path(), key().text(), scan.position(), null);
    }
}
