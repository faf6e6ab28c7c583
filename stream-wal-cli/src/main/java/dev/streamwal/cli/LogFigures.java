package dev.streamwal.cli;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.Window;
import dev.streamwal.io.IoFailure;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentSummary;
import dev.streamwal.shared.SharedPart;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.function.Consumer;

/**
 * Gathers the figures of a log, stream by stream. Of sealed segments it reads header and footer, which has the number of records and, for every
 * block, their range of time; within a block, and within a part of a shared segment, it assumes records to be spread evenly. From a stream's first segment
 * on that tells neither, it reads the records.
 */
final class LogFigures {

    private final WalReader reader;
    private final LogSegments log;
    private final TolerantScan scan;
    private final Consumer<WalException> leftOut;
    private final RecordsOverTime overTime = new RecordsOverTime();

    private long streams;
    private long segments;
    private long sealed;
    private long damaged;
    private long unreadSegments;
    private long dataBytes;
    private long records;
    private long sealedBytes;
    private long sealedCapacity;
    private long shortestWindow = Long.MAX_VALUE;
    private long longestWindow;

    /** @param leftOut receives why a part of a stream can't be read; the rest counts */
    LogFigures(WalReader reader, LogSegments log, Consumer<WalException> leftOut) {
        this.reader = reader;
        this.log = log;
        this.scan = new TolerantScan(leftOut);
        this.leftOut = leftOut;
    }

    void add(String key) {
        streams++;
        try {
            addSegments(key);
        } catch (IOException e) {
            throw IoFailure.of("looking at segments", e, null, key, WalException.NO_POSITION);
        }
    }

    private void addSegments(String key) throws IOException {
        long readFrom = -1;
        for (Segment segment : log.of(key)) {
            boolean counted = addSegment(segment, readFrom < 0);
            readFrom = readFrom < 0 && !counted ? segment.basePosition() : readFrom;
        }
        if (readFrom >= 0) {
            readRecords(key, readFrom);
        }
    }

    /** Whether its records have been counted, if they are counted without being read. */
    private boolean addSegment(Segment segment, boolean unread) throws IOException {
        if (LogSegments.bytes(segment).isEmpty()) {
            return false; // as below
        }
        segments++;
        if (segment instanceof SharedPart part) {
            return addPart(part, unread);
        }
        try (SegmentReader open = segment.open(log.channels())) {
            SegmentHeader header = open.header();
            addWindow(header.window());
            Footer footer = open.end().footer();
            if (footer != null) {
                addSealed(header, footer, unread);
            }
            return footer != null;
        } catch (NoSuchFileException e) {
            return false; // expired just now, or moved into a pack: its records, if they are left, are read
        } catch (IOException e) {
            unreadSegments++;
            leftOut.accept(IoFailure.of("reading a segment", e, null, segment.key().text(), segment.basePosition()));
            return true; // as below
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            damaged++;
            return true; // nothing of it can be counted
        }
    }

    /** The records of a shared segment were all looked at when it was listed. */
    private boolean addPart(SharedPart part, boolean unread) throws IOException {
        addWindow(part.window());
        try {
            SegmentSummary summary = part.summary();
            if (summary == null || summary.records() == SegmentSummary.UNKNOWN) {
                return false;
            }
            if (unread) {
                dataBytes += summary.endPosition() - part.basePosition();
                records += summary.records();
                overTime.add(summary.smallestTimestampMillis(), summary.largestTimestampMillis(), summary.records());
            }
            return true;
        } catch (NoSuchFileException e) {
            return false; // as above
        }
    }

    private void addWindow(Window window) {
        long millis = window.endMillis() - window.startMillis();
        shortestWindow = Math.min(shortestWindow, millis);
        longestWindow = Math.max(longestWindow, millis);
    }

    private void addSealed(SegmentHeader header, Footer footer, boolean unread) {
        sealed++;
        sealedBytes += footer.dataEnd();
        sealedCapacity += header.capacity();
        if (unread) {
            dataBytes += footer.dataEnd() - header.headerLength();
            records += footer.index().records();
            addBlocks(footer);
        }
    }

    /** A block's share of the records is its share of the bytes. */
    private void addBlocks(Footer footer) {
        SegmentIndex index = footer.index();
        int blocks = index.blocks();
        long bytes = blocks == 0 ? 0 : footer.dataEnd() - index.firstOffset(0);
        long before = 0;
        for (int block = 0; block < blocks; block++) {
            int end = block + 1 < blocks ? index.firstOffset(block + 1) : footer.dataEnd();
            long upToHere = index.records() * (end - index.firstOffset(0)) / bytes;
            overTime.add(index.smallestTimestampMillis(block), index.largestTimestampMillis(block), upToHere - before);
            before = upToHere;
        }
    }

    private void readRecords(String key, long from) {
        try (EntryCursor cursor = reader.scanFrom(key, from)) {
            while (scan.next(cursor::next)) {
                records++;
                dataBytes += cursor.size();
                overTime.add(cursor.timestampMillis(), 1);
            }
        } catch (EntryNotFoundException e) {
            // it was cut off meanwhile
        }
    }

    long streams() {
        return streams;
    }

    long segments() {
        return segments;
    }

    /** Number of segments with a footer. */
    long sealed() {
        return sealed;
    }

    /** Number of segments whose header is damaged, or of a later version. */
    long damaged() {
        return damaged;
    }

    /** Number of segments that are damaged so, or that the disk can't read. */
    long unreadable() {
        return damaged + unreadSegments;
    }

    /** Bytes of records, with their frames. */
    long dataBytes() {
        return dataBytes;
    }

    long records() {
        return records;
    }

    /** The part of their capacity that the sealed segments used before their window ended, 0 to 1; 0 if there is none. */
    double fill() {
        return sealedCapacity == 0 ? 0 : (double) sealedBytes / sealedCapacity;
    }

    /** {@link Long#MAX_VALUE} if there is no segment. */
    long shortestWindowMillis() {
        return shortestWindow;
    }

    /** 0 if there is no segment. */
    long longestWindowMillis() {
        return longestWindow;
    }

    RecordsOverTime overTime() {
        return overTime;
    }
}
