package dev.streamwal.source;

import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.reader.CorruptSegmentException;
import dev.streamwal.reader.EntryExpiredException;
import dev.streamwal.reader.UnsupportedFormatException;
import dev.streamwal.reader.WalClosedException;
import dev.streamwal.reader.WalException;
import dev.streamwal.reader.WalIOException;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Walks the data records of a stream, from segment to segment, while it is written and swept. One thread; close it.
 *
 * <p>It leaves a segment only where that segment's data ends: at its footer, or where its successor says it ended. Where a scan of a
 * segment stops before, it first gathers what is known (footer, successor, mark, writer), and then decides whether that is the end for
 * now, a slot to wait for, or damage. Damage is told of once; the call after goes on behind it.
 */
public final class StreamScan implements AutoCloseable {

    /** Bytes that look damaged are looked at again so often: they may be in the middle of a positional write. */
    private static final int MAX_CONFIRMATIONS = 3;
    private static final long CONFIRMATION_PAUSE_NANOS = 200_000;

    /** A slot below what the writer reserved is published within microseconds, unless its thread was descheduled. */
    private static final int MAX_SPINS = 200;
    private static final long WAIT_PAUSE_NANOS = 1_000_000;
    /** 10 s: then its thread is not merely slow. */
    private static final int MAX_WAITS = 10_000;

    private static final long UNKNOWN = -1;

    /** What to do where a segment's scan has stopped. */
    private enum Step { LOOK_AGAIN, LEAVE, END }

    private final LogSource log;
    private final SegmentCatalog catalog;
    private final String key;
    private final TimeRange range;

    private SegmentChain chain;
    private @Nullable Segment entering;
    private long enteringOffset = UNKNOWN;
    private long lastBase;

    private @Nullable SegmentReader reader;
    private @Nullable SegmentScan scan;
    private @Nullable SegmentIndex index;
    private long regionEnd;

    private long resume;
    private boolean onRecord;
    private final ByteBuffer word = ByteBuffer.allocate(Long.BYTES);
    private long confirming = UNKNOWN;
    private int confirmations;
    private long reported = UNKNOWN;
    private boolean closed;

    private StreamScan(LogSource log, SegmentCatalog catalog, TimeRange range, @Nullable Segment first, long firstOffset, long resume) {
        this.log = log;
        this.catalog = catalog;
        this.key = catalog.key().text();
        this.range = range;
        this.chain = catalog.chain();
        this.entering = first;
        this.enteringOffset = firstOffset;
        this.lastBase = first == null ? UNKNOWN : first.basePosition() - 1;
        this.resume = resume;
    }

    /** From the first record there is. */
    public static StreamScan fromFirst(LogSource log, SegmentCatalog catalog, TimeRange range) {
        return new StreamScan(log, catalog, range, null, UNKNOWN, 0);
    }

    /** From a record of a segment, or the end of its data; from its first record where the offset is -1. */
    public static StreamScan from(LogSource log, SegmentCatalog catalog, Segment segment, long offset, long position) {
        return new StreamScan(log, catalog, TimeRange.ALL, segment, offset, position);
    }

    /**
     * Goes to the next data record in the range.
     *
     * @return false where there is none, for now
     * @throws CorruptSegmentException once for each damage; the call after goes on behind it
     * @throws EntryExpiredException once where retention overtook the scan
     */
    public boolean next() {
        checkUsable();
        onRecord = false;
        try {
            onRecord = stepPastDeleted();
            return onRecord;
        } catch (IOException e) {
            throw log.failure("reading a segment", e, file(), key, resume);
        }
    }

    /** @throws WalClosedException where the scan, or the log it reads, has been closed */
    public void checkUsable() {
        if (closed) {
            throw new WalClosedException("a cursor is not used after it was closed: stream=" + key, null, key, resume, null);
        }
        log.checkOpen();
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
        while (scan != null || enterNext()) {
            SegmentScan current = scan;
            if (current == null) {
                continue;
            }
            if (current.nextOffset() >= regionEnd) {
                if (!enterRegion(current.nextOffset())) {
                    resume = Math.max(resume, current.header().positionAt(footer().map(Footer::dataEnd).orElse((int) regionEnd)));
                    leave();
                }
                continue;
            }
            if (current.next()) {
                if (take(current)) {
                    return true;
                }
                continue;
            }
            switch (decide(current)) {
                case LOOK_AGAIN -> { }
                case LEAVE -> {
                    resume = current.position();
                    leave();
                }
                case END -> {
                    return false;
                }
            }
        }
        return false;
    }

    /** Whether the record is one to hand out. */
    private boolean take(SegmentScan current) throws IOException {
        if (current.flags() == RecordLayout.FOOTER && footer().isPresent()) {
            resume = current.position();
            regionEnd = current.offset();
            return false;
        }
        resume = current.position() + current.frameBytes();
        return current.isData() && range.contains(current.timestampMillis());
    }

    // ---- from segment to segment

    private boolean enterNext() throws IOException {
        Segment segment = entering != null ? entering : chain.after(lastBase);
        if (segment == null) {
            chain = catalog.refresh();
            segment = chain.after(lastBase);
        }
        if (segment == null) {
            return false;
        }
        long offset = segment == entering ? enteringOffset : UNKNOWN;
        entering = segment;
        enteringOffset = offset;
        enter(segment, offset);
        entering = null;
        enteringOffset = UNKNOWN;
        return true;
    }

    private void enter(Segment segment, long offset) throws IOException {
        try {
            reader = segment.open(log.channels());
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            entering = null;
            lastBase = segment.basePosition();
            throw e;
        }
        lastBase = segment.basePosition();
        Optional<Footer> footer = reader.footer();
        SegmentScan entered = new SegmentScan(reader, reader.header(), log.options().scanBufferBytes());
        scan = entered;
        index = null;
        regionEnd = Long.MAX_VALUE;
        confirming = UNKNOWN;
        reported = UNKNOWN;
        if (offset != UNKNOWN) {
            entered.seek(offset);
        }
        resume = Math.max(resume, entered.header().positionAt(entered.nextOffset()));
        if (footer.isPresent()) {
            entered.limit(footer.get().dataEnd());
            regionEnd = footer.get().dataEnd();
            if (!range.isAll()) {
                index = footer.get().index();
                regionEnd = entered.nextOffset();
            }
        } else if (reader.header().window().endMillis() <= range.fromMillis() && chain.after(lastBase) != null) {
            // no record's timestamp is at or past its segment's window's end; the newest segment may still be appended to
            leave();
        }
    }

    /** Goes on to the next part of the segment whose timestamps can be in the range; false where there is none. */
    private boolean enterRegion(long from) throws IOException {
        SegmentIndex blocks = index;
        if (blocks == null || !range.overlaps(blocks)) {
            return false;
        }
        int block = 0;
        while (block < blocks.blocks() && (blocks.firstOffset(block) < from || !range.overlaps(blocks, block))) {
            block++;
        }
        if (block == blocks.blocks()) {
            return false;
        }
        int end = block + 1;
        while (end < blocks.blocks() && range.overlaps(blocks, end)) {
            end++;
        }
        scanning().seek(blocks.firstOffset(block));
        regionEnd = end < blocks.blocks() ? blocks.firstOffset(end) : footer().map(Footer::dataEnd).orElseThrow();
        return true;
    }

    private void leave() {
        if (scan != null) {
            scan.close();
            scan = null;
        }
        if (reader != null) {
            reader.close();
            reader = null;
        }
    }

    /** The segment to be entered, or the one that was read when its channel was closed by an interrupt, has been deleted. */
    private EntryExpiredException overtaken(NoSuchFileException e) {
        Segment gone = reader != null ? reader.segment() : entering;
        leave();
        entering = null;
        enteringOffset = UNKNOWN;
        long from = resume;
        long to = resume;
        try {
            chain = catalog.refresh();
            Segment next = chain.after(gone == null ? lastBase : gone.basePosition());
            long previousEnd = next == null ? log.start() : previousEnd(next);
            to = previousEnd == UNKNOWN && gone != null ? gone.basePosition() + 1 : previousEnd;
        } catch (IOException | WalException unknown) {
            e.addSuppressed(unknown);
        }
        if (gone != null) {
            lastBase = gone.basePosition();
        }
        resume = Math.max(from, to);
        return new EntryExpiredException(
                "a segment was deleted before it was read: stream=" + key + ", from=" + from + ", to=" + resume + ", file="
                        + (gone == null ? "" : gone.file()) + "; the next call goes on behind it",
                gone == null ? null : gone.file(), key, from, resume, e);
    }

    // ---- where a segment's scan has stopped

    private Step decide(SegmentScan current) throws IOException {
        if (current.isTooNew()) {
            throw tooNew(current);
        }
        Optional<Footer> footer = footer();
        if (footer.isPresent()) {
            int dataEnd = footer.get().dataEnd();
            current.limit(dataEnd);
            if (index == null) {
                regionEnd = dataEnd;
            }
            return current.offset() >= dataEnd ? Step.LEAVE : damage(current, dataEnd, "it lies below the segment's footer");
        }
        // asked before the segments are listed: where it lies in a later segment, that one is listed
        OptionalLong reserved = reservedEnd();
        if ((current.isEmpty() || current.isEnd()) && reserved.isPresent() && current.position() == reserved.getAsLong()) {
            // no segment behind this one has anything in it, so there is no need to list them
            return Step.END;
        }
        Segment successor = successor();
        return successor == null ? decideInNewest(current, reserved) : decideBefore(successor, current, reserved);
    }

    private Step decideBefore(Segment successor, SegmentScan current, OptionalLong reserved) throws IOException {
        SegmentHeader header = current.header();
        long previousEnd = previousEnd(successor);
        long end = header.offsetOf(previousEnd);
        if (previousEnd == UNKNOWN || end > header.capacity()) {
            // segments between the two have gone; this one was sealed long ago, and nobody says where it ended
            return current.isEmpty() || current.isEnd() || !hasValidBehind(current)
                    ? Step.LEAVE
                    : damage(current, UNKNOWN, "there are valid records behind it");
        }
        if (current.offset() >= end) {
            return Step.LEAVE;
        }
        if (current.isEmpty() || current.isEnd()) {
            WriterView writer = log.writer();
            boolean finished = writer != null && reserved.isPresent() && !writer.unfinished(key, current.position());
            if (reserved.isPresent() && !finished) {
                return await(current, end);
            }
            boolean cut = reading().size() < end;
            if (cut || finished || !isHole(current)) {
                return damage(current, end, cut ? "the file ends before the data"
                        : finished ? "its writer has finished the segment" : "the segment's mark points behind it");
            }
            return Step.END;
        }
        return damage(current, end, "the next segment says that the data goes on to offset " + end);
    }

    private Step decideInNewest(SegmentScan current, OptionalLong reserved) throws IOException {
        boolean nothing = current.isEmpty() || current.isEnd();
        if (reserved.isPresent()) {
            if (current.position() >= reserved.getAsLong()) {
                return Step.END;
            }
            long end = current.header().offsetOf(reserved.getAsLong());
            return nothing ? await(current, UNKNOWN) : damage(current, end, "the writer has published it");
        }
        if (nothing) {
            return isHole(current) ? Step.END : damage(current, UNKNOWN, "the segment's mark points at or behind it");
        }
        if (isMarkedFrom(current.offset())) {
            return damage(current, UNKNOWN, "the segment's mark points at or behind it");
        }
        return hasValidBehind(current) ? damage(current, UNKNOWN, "there are valid records behind it") : Step.END;
    }

    /**
     * What this process has reserved; empty where it doesn't write the stream: in another process, and once the writer is closed. Being
     * asked, the writer first brings in order what a killed process left: slots that nobody will publish become padding.
     */
    private OptionalLong reservedEnd() {
        WriterView writer = log.writer();
        return writer == null ? OptionalLong.empty() : writer.reservedEnd(key);
    }

    /** Whether nothing speaks against an empty place being merely not published yet. */
    private boolean isHole(SegmentScan current) throws IOException {
        int mark = reading().mark();
        return mark < current.offset() || current.verifies(mark);
    }

    private boolean isMarkedFrom(long offset) throws IOException {
        return reading().mark() >= offset;
    }

    private boolean hasValidBehind(SegmentScan current) throws IOException {
        return switch (current.judge()) {
            case HOLE, CORRUPT -> true;
            case CLEAN_END, TORN_TAIL, TOO_NEW -> false;
        };
    }

    /** Waits for a slot that the writer has reserved and not published. */
    private Step await(SegmentScan current, long end) throws IOException {
        long offset = current.offset();
        boolean interrupted = false;
        try {
            for (int tries = 0; tries < MAX_SPINS + MAX_WAITS; tries++) {
                if (isAbandoned(current.header().positionAt(offset))) {
                    return givenUp(current, offset, end);
                }
                if (commitWord(offset) != 0) {
                    return Step.LOOK_AGAIN;
                }
                if (tries < MAX_SPINS) {
                    Thread.onSpinWait();
                } else {
                    interrupted |= Thread.interrupted();
                    LockSupport.parkNanos(WAIT_PAUSE_NANOS);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        throw new WalIOException(
                "a reserved slot is published within 10 s: stream=" + key + ", position=" + current.position() + ", file=" + file()
                        + ", offset=" + offset + "; read again later, or reopen the log for writing",
                file(), key, current.position(), null);
    }

    private long commitWord(long offset) throws IOException {
        word.clear();
        return reading().read(word, offset) == Long.BYTES ? word.getLong(0) : 0;
    }

    private boolean isAbandoned(long position) {
        WriterView writer = log.writer();
        return writer != null && writer.abandoned(key, position);
    }

    private Step givenUp(SegmentScan current, long offset, long end) throws IOException {
        boolean isNew = offset != reported;
        boolean skipped = skipFrom(current, offset, end);
        if (!isNew) {
            return skipped ? Step.LOOK_AGAIN : Step.END;
        }
        throw new WalIOException(
                "a slot was given up by its writer, and holds nothing: stream=" + key + ", position="
                        + current.header().positionAt(offset) + ", file=" + file() + ", offset=" + offset
                        + "; the next call goes on behind it",
                file(), key, current.header().positionAt(offset), null);
    }

    private WalException tooNew(SegmentScan current) {
        long offset = current.offset();
        long position = current.position();
        int flags = current.flags();
        current.skip();
        resume = current.header().positionAt(current.nextOffset());
        return new UnsupportedFormatException(
                "a data record has only flags this version knows: flags=0x" + Integer.toHexString(flags) + ", stream=" + key
                        + ", position=" + position + ", file=" + file() + ", offset=" + offset
                        + "; read it with the version that wrote it, or a newer one; the next call goes on behind it",
                file(), key, position, null);
    }

    /**
     * Tells of damage, once it has been seen often enough.
     *
     * @param end where the data is known to end; unknown: -1
     */
    private Step damage(SegmentScan current, long end, String evidence) throws IOException {
        long offset = current.offset();
        if (offset != reported) {
            if (confirming != offset) {
                confirming = offset;
                confirmations = 0;
            }
            if (confirmations++ < MAX_CONFIRMATIONS) {
                if (confirmations > 1) {
                    LockSupport.parkNanos(CONFIRMATION_PAUSE_NANOS);
                }
                return Step.LOOK_AGAIN;
            }
            if (reading().isReplaced()) {
                throw new NoSuchFileException(String.valueOf(file()));
            }
        }
        String rule = current.rule();
        boolean isNew = offset != reported;
        boolean skipped = skipFrom(current, offset, end);
        if (!isNew) {
            return skipped ? Step.LOOK_AGAIN : Step.END;
        }
        long length = (skipped ? current.nextOffset() : reading().size()) - offset;
        long position = current.header().positionAt(offset);
        throw new CorruptSegmentException(
                "damaged: " + rule + ", and here that isn't so, though " + evidence + ": stream=" + key + ", position=" + position
                        + ", file=" + file() + ", offset=" + offset + ", length=" + length
                        + (reading().footer().isEmpty() && log.awaitsRecovery(reading().header())
                                ? "; not recovered yet: open the log for writing"
                                : "")
                        + "; the next call goes on behind it",
                file(), key, position, offset, Math.max(0, length), null);
    }

    /** Moves behind damage; false where it isn't known where that is. */
    private boolean skipFrom(SegmentScan current, long offset, long end) throws IOException {
        long searchEnd = end == UNKNOWN ? reading().size() : end;
        long to = current.findValid(offset + RecordLayout.ALIGNMENT, searchEnd);
        if (to < 0) {
            to = end;
        }
        reported = offset;
        current.seek(to < 0 ? offset : to);
        resume = current.header().positionAt(current.nextOffset());
        return to >= 0;
    }

    private @Nullable Segment successor() throws IOException {
        Segment known = chain.after(lastBase);
        if (known == null) {
            chain = catalog.refresh();
            known = chain.after(lastBase);
        }
        return known;
    }

    /** Where the data before a segment ended, as it says itself; -1 where it has gone, or says nothing that can be believed. */
    private long previousEnd(Segment segment) throws IOException {
        try {
            return segment.header(log.channels()).previousEnd();
        } catch (NoSuchFileException | CorruptSegmentException | UnsupportedFormatException e) {
            return UNKNOWN;
        }
    }

    private Optional<Footer> footer() throws IOException {
        return reading().footer();
    }

    private SegmentScan scanning() {
        SegmentScan current = scan;
        if (current == null) {
            throw new IllegalStateException("the scan stands in no segment: stream=" + key);
        }
        return current;
    }

    private SegmentReader reading() {
        SegmentReader current = reader;
        if (current == null) {
            throw new IllegalStateException("the scan stands in no segment: stream=" + key);
        }
        return current;
    }

    private @Nullable Path file() {
        return reader == null ? null : reader.segment().file();
    }

    // ---- the record it stands on

    private SegmentScan onRecord() {
        if (!onRecord) {
            checkUsable();
            throw new IllegalStateException("a scan has a record only after next() said so: stream=" + key);
        }
        return scanning();
    }

    /** Which stream. */
    public String key() {
        return key;
    }

    /** The segment that the record is in. */
    public Segment segment() {
        onRecord();
        return reading().segment();
    }

    /** The record's offset in its file. */
    public long offset() {
        return onRecord().offset();
    }

    /** The record's position. */
    public long position() {
        return onRecord().position();
    }

    /** The record's frame with its padding. */
    public int size() {
        return onRecord().frameBytes();
    }

    /** Epoch ms. */
    public long timestampMillis() {
        return onRecord().timestampMillis();
    }

    /** Bytes. */
    public int headerLength() {
        return onRecord().headerLength();
    }

    /** Bytes. */
    public int contentLength() {
        return onRecord().contentLength();
    }

    /** Appends the record's own header to the target. */
    public void copyHeader(ByteBuf target) {
        onRecord().copyHeader(target);
    }

    /** Appends the record's content to the target. */
    public void copyContent(ByteBuf target) {
        onRecord().copyContent(target);
    }

    /** The record's own header, then its content. */
    public byte[] copyBody() {
        byte[] body = new byte[headerLength() + contentLength()];
        onRecord().copyBody(body);
        return body;
    }

    /** Where a later scan goes on. */
    public long nextPosition() {
        return resume;
    }

    @Override
    public void close() {
        closed = true;
        onRecord = false;
        leave();
    }
}
