package dev.streamwal.walk;

import dev.streamwal.catalog.LeftSegment;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.WriterView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Gathers the facts about a place where a segment's scan has stopped: from the file, its successor and the writer. One use. */
final class StopEvidence implements StopFacts {

    private static final long UNKNOWN = -1;

    private final LogSource log;
    private final SegmentPass pass;
    private final SegmentSequence sequence;
    private final Place place;
    private final long offset;

    private OptionalLong reserved = OptionalLong.empty();
    private @Nullable Segment successor;
    private boolean isJoined;
    private long end = UNKNOWN;

    StopEvidence(LogSource log, SegmentPass pass, SegmentSequence sequence) {
        SegmentScan scan = pass.scan();
        this.log = log;
        this.pass = pass;
        this.sequence = sequence;
        this.place = scan.isTooNew() ? Place.TOO_NEW : scan.isEmpty() || scan.isEnd() ? Place.QUIET : Place.INVALID;
        this.offset = scan.offset();
    }

    @Override
    public Place place() {
        return place;
    }

    @Override
    public Side ofFooter() throws IOException {
        end = pass.endByFooter();
        return end == UNKNOWN ? Side.UNKNOWN : sideOf(end);
    }

    /** Asking the writer makes it recover the stream first: slots that a killed process has left become padding. */
    @Override
    public Side ofReserved() {
        WriterView writer = log.writer();
        reserved = writer == null ? OptionalLong.empty() : writer.reservedEnd(sequence.key());
        return reserved.isEmpty() ? Side.UNKNOWN : sideOf(header().offsetOf(reserved.getAsLong()));
    }

    @Override
    public boolean hasSuccessor() throws IOException {
        Segment stopped = pass.reader().segment();
        successor = sequence.after(stopped.basePosition());
        isJoined = sequence.joined(stopped.basePosition(), header().positionAt(offset), LeftSegment.of(stopped)) != null;
        return successor != null || isJoined;
    }

    @Override
    public Side ofSuccessor() throws IOException {
        if (isJoined) {
            // the next record is in another segment, which begins before this place
            return Side.AT;
        }
        if (successor == null) {
            return Side.UNKNOWN;
        }
        // the successor names the end of the segment right before it, which may be another one that came and was deleted in between
        boolean isOfThis = sequence.knows(pass.reader().segment().basePosition());
        long previousEnd = isOfThis ? sequence.previousEnd(successor) : UNKNOWN;
        end = header().offsetOf(previousEnd);
        if (previousEnd == UNKNOWN || end > header().capacity()) {
            // the data ends at or before the file's end and the successor's beginning
            long successorStart = header().offsetOf(successor.basePosition());
            end = successorStart > offset ? Math.min(successorStart, pass.reader().size()) : pass.reader().size();
            return Side.UNKNOWN;
        }
        return sideOf(end);
    }

    @Override
    public boolean isFinished() {
        WriterView writer = log.writer();
        return writer != null && !writer.unfinished(sequence.key(), header().positionAt(offset));
    }

    @Override
    public boolean isCutShort() throws IOException {
        return pass.reader().size() < end;
    }

    @Override
    public boolean isMarked() throws IOException {
        int mark = pass.reader().mark();
        return mark >= offset && (place != Place.QUIET || !pass.scan().verifies(mark));
    }

    @Override
    public boolean hasValidBehind() throws IOException {
        return switch (pass.scan().judge()) {
            case HOLE, CORRUPT -> true;
            case CLEAN_END, TORN_TAIL, TOO_NEW -> false;
        };
    }

    /** Offset where a scan that can't read this place goes on at the latest; -1 if that isn't known. */
    long end(StopVerdict verdict) {
        return verdict == StopVerdict.DAMAGED_BELOW_RESERVED ? header().offsetOf(reserved.orElseThrow()) : end;
    }

    private SegmentHeader header() {
        return pass.reader().header();
    }

    private Side sideOf(long there) {
        return offset < there ? Side.BEFORE : offset == there ? Side.AT : Side.BEHIND;
    }
}
