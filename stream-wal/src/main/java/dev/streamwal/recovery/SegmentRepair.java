package dev.streamwal.recovery;

import dev.streamwal.format.PaddingLayout;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.CorruptSegmentException;
import dev.streamwal.reader.UnsupportedFormatException;
import dev.streamwal.recovery.TailEvidence.Stop;
import dev.streamwal.source.ScanStop;
import dev.streamwal.source.SegmentBytes;
import dev.streamwal.source.SegmentScan;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.StorageBytes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Walks one segment without a footer and brings its end in order: gathers the evidence, asks {@link RecoveryTable}, acts. Idempotent: a
 * walk over a repaired segment finds nothing to do.
 */
final class SegmentRepair {

    private final SegmentHeader header;
    private final SegmentFile file;
    private final SegmentBytes bytes;
    private final Quarantine quarantine;
    private final boolean sameIncarnation;
    private final long knownEnd;

    private final SegmentIndex index = new SegmentIndex();
    private int lastSize;
    private int lastStart;
    private RecoveryDecision worst = RecoveryDecision.KEEP;
    private long bytesCut;
    private Optional<Path> setAside = Optional.empty();

    /** @param knownEnd stream position where a successor says that the data ends; empty for the newest segment */
    SegmentRepair(SegmentHeader header, SegmentFile file, Quarantine quarantine, boolean sameIncarnation, OptionalLong knownEnd) {
        this.header = header;
        this.file = file;
        this.bytes = StorageBytes.of(file);
        this.quarantine = quarantine;
        this.sameIncarnation = sameIncarnation;
        this.knownEnd = knownEnd.isPresent() ? header.offsetOf(knownEnd.getAsLong()) : Long.MAX_VALUE;
    }

    /**
     * @throws CorruptSegmentException where a record is damaged and data stands behind it; nothing has been changed from there on
     * @throws UnsupportedFormatException where a record needs a newer version
     */
    RecoveredTail repair() throws IOException {
        try (SegmentScan scan = new SegmentScan(bytes, header)) {
            scan.limit(Math.min(knownEnd, header.capacity()));
            for (; ; ) {
                walk(scan);
                TailEvidence evidence = gather(scan);
                RecoveryDecision decision = RecoveryTable.decide(evidence);
                if (decision != RecoveryDecision.KEEP) {
                    worst = decision;
                }
                int end = (int) scan.offset();
                switch (decision) {
                    case KEEP -> {
                        return cutAt(end);
                    }
                    case PAD_HOLE -> scan.seek(pad(scan, end));
                    case CUT_TORN_TAIL -> {
                        long length = bytes.size();
                        setAside = quarantine.setAside(key(), file.path(), bytes, end, length);
                        bytesCut += length - end;
                        return cutAt(end);
                    }
                    case REFUSE_CORRUPT -> throw corrupt(scan);
                    case REFUSE_TOO_NEW -> throw tooNew(scan);
                }
            }
        }
    }

    private StreamKey key() {
        return header.key();
    }

    private void walk(SegmentScan scan) throws IOException {
        while (scan.next()) {
            int offset = (int) scan.offset();
            if (scan.flags() == RecordLayout.FOOTER) {
                // a footer that isn't at the file's end: the file was extended behind it; the data ends before
                scan.seek(offset);
                return;
            }
            if (scan.isData()) {
                index.add(offset, scan.timestampMillis());
            }
            if (!RecordLayout.isMember(scan.flags())) {
                lastStart = offset;
            }
            lastSize = scan.frameBytes();
        }
    }

    private TailEvidence gather(SegmentScan scan) throws IOException {
        boolean atKnownEnd = scan.offset() == knownEnd;
        boolean dataBehind = false;
        boolean isCorrupt = false;
        if (!atKnownEnd) {
            // also where the search for a valid record was given up: then none is known, and there may be some
            isCorrupt = scan.judge() == ScanStop.CORRUPT;
            dataBehind = isCorrupt || scan.nextValid() >= 0 || knownEnd != Long.MAX_VALUE;
        }
        return new TailEvidence(stop(scan, isCorrupt), atKnownEnd, dataBehind, header.mark() >= scan.offset(), sameIncarnation);
    }

    private static Stop stop(SegmentScan scan, boolean isCorrupt) {
        if (scan.isEnd()) {
            return Stop.END;
        }
        if (scan.isTooNew()) {
            return Stop.TOO_NEW;
        }
        return scan.isEmpty() && !isCorrupt ? Stop.EMPTY : Stop.INVALID;
    }

    /**
     * Fills a hole with padding: one record, or two where the next record's {@code previous size} must land on the second.
     *
     * @return where the walk goes on
     */
    private int pad(SegmentScan scan, int start) throws IOException {
        long next = scan.nextValid();
        int end = (int) (next >= 0 ? next : knownEnd);
        int second = 0;
        if (next >= 0) {
            scan.seek(next);
            if (!scan.next()) {
                throw corrupt(scan);
            }
            second = scan.previousSize();
        }
        int hole = end - start;
        int first = second == 0 || second == hole ? hole : hole - second;
        if (hole < RecordLayout.PREFIX_BYTES || second < 0 || second > hole || first < RecordLayout.PREFIX_BYTES) {
            throw corrupt(scan);
        }
        file.zero(start, end);
        if (first < hole) {
            writePadding(start + first, second, first);
        }
        writePadding(start, first, lastSize);
        bytesCut += hole;
        lastSize = hole - first == 0 ? first : second;
        lastStart = end - lastSize;
        return end;
    }

    private void writePadding(int offset, int frameBytes, int previousSize) throws IOException {
        file.write(offset, PaddingLayout.encodePrefix(frameBytes, previousSize, header.salt(), header.positionAt(offset)));
    }

    private RecoveredTail cutAt(int end) throws IOException {
        if (bytes.size() > end) {
            file.truncate(end);
        }
        return new RecoveredTail(end, lastSize, lastStart, index);
    }

    private CorruptSegmentException corrupt(SegmentScan scan) throws IOException {
        long offset = scan.offset();
        long end = scan.nextValid() >= 0 ? scan.nextValid() : bytes.size();
        return new CorruptSegmentException(
                "a record is damaged, and data stands behind it: " + scan.rule() + ", file=" + file.path() + ", stream=" + key()
                        + ", offset="
                        + offset + "; the stream can be read around the damage, but not appended to: copy what you need, then move the file"
                        + " out of the log while nobody writes it, or delete the stream",
                file.path(), key().text(), header.positionAt(offset), offset, Math.max(0, end - offset), null);
    }

    private UnsupportedFormatException tooNew(SegmentScan scan) {
        return new UnsupportedFormatException(
                "a record needs a newer version: flags=0x" + Integer.toHexString(scan.flags()) + ", file=" + file.path() + ", stream="
                        + key()
                        + ", offset=" + scan.offset() + "; append with the version that wrote it",
                file.path(), key().text(), scan.position(), null);
    }

    /** What was decided that is worth telling; {@code KEEP} where nothing was. */
    RecoveryDecision decision() {
        return worst;
    }

    long bytesCut() {
        return bytesCut;
    }

    Optional<Path> setAside() {
        return setAside;
    }
}
