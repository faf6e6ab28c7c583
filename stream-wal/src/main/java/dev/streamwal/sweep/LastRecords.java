package dev.streamwal.sweep;

import dev.streamwal.append.StreamLog;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentFiles;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Finds where the last record of a sealed segment ends. Padding may follow it, for a slot that was never filled and that no consumer ever
 * sees. For one sweep at a time.
 */
final class LastRecords {

    /** The ends that earlier sweeps have found. Cutting a sealed segment changes its length, so that it is a different key. */
    private final Map<ExpiryPlan.Deletion, Long> ends = new HashMap<>();
    private boolean isAnyUnread;

    /** Forgets all other segments. */
    void keepOnly(Collection<ExpiryPlan.Deletion> plan) {
        isAnyUnread = false;
        if (!ends.isEmpty()) {
            ends.keySet().retainAll(plan);
        }
    }

    /**
     * The end as a stream position; the segment's end if it can't be determined, for example without a footer.
     *
     * @param end where the segment ends, or the next one begins
     * @param isNewest whether there is no next one: then a footer before {@code end} is outdated
     */
    long endIn(StreamLog log, ExpiryPlan.Deletion deletion, long end, boolean isNewest) {
        Long known = ends.get(deletion);
        if (known != null) {
            return Math.min(end, known);
        }
        Optional<Long> found = read(log, deletion.segment(), isNewest ? end : 0);
        found.ifPresent(position -> ends.put(deletion, position));
        return Math.min(end, found.orElse(end));
    }

    /** Whether a file could not be read in this sweep, so that the next one may find more. */
    boolean isAnyUnread() {
        return isAnyUnread;
    }

    private Optional<Long> read(StreamLog log, ExpiryPlan.Segment segment, long minEnd) {
        SegmentName name = new SegmentName(segment.basePosition(), segment.expirationMillis());
        Path file = log.directory().resolve(name.fileName());
        try (LogFile open = LogFile.reading(file)) {
            return open.ask(bytes -> {
                SegmentHeader header = SegmentFiles.readHeader(bytes, file, log.key(), name);
                Footer footer = SegmentEnd.read(bytes, header).footer();
                return footer == null || header.positionAt(footer.dataEnd()) < minEnd ? Optional.empty() : lastBefore(footer, bytes, header);
            });
        } catch (IOException e) {
            isAnyUnread = true;
            return Optional.empty();
        } catch (WalException e) {
            // readers of the segment get the exception
            return Optional.empty();
        }
    }

    private static Optional<Long> lastBefore(Footer footer, SegmentBytes bytes, SegmentHeader header) throws IOException {
        try (SegmentScan scan = new SegmentScan(bytes, header)) {
            scan.limit(footer.dataEnd());
            scan.seekBehind(footer.dataEnd(), footer.lastRecordSize());
            if (scan.previousShown()) {
                return Optional.of(scan.position() + scan.frameBytes());
            }
            return scan.isAtFirst() ? Optional.of(header.basePosition()) : Optional.empty();
        }
    }
}
