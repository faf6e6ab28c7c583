package dev.streamwal.cli;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBufUtil;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Compares a stream of a damaged log with the same stream of an older copy. What the log can't read may be in the copy only; everything else that the copy
 * has must be in the log, and what the log has up to the copy's end must be in the copy. So a record that was erased, cut off or written since the copy was
 * made is noticed.
 */
final class SameRecords {

    /**
     * What came of a comparison.
     *
     * @param difference the first one; empty where there is none
     * @param hasOnlyInCopy whether the copy has a record that the log can't read
     */
    record Comparison(Optional<String> difference, boolean hasOnlyInCopy) {}

    private static final int MAX_ERRORS = 1 << 20;

    private final String key;
    private final long start;
    private final LongPredicate isUnreadable;
    private final EntryCursor log;
    private final EntryCursor copy;
    private int errors;
    private boolean hasOnlyInCopy;
    /** Where the record of the log that the cursor stands on begins; {@link Long#MAX_VALUE} behind the last one. */
    private long position;
    /** Whether the log couldn't read something between that record and the one before it. */
    private boolean isBehindDamage;

    private SameRecords(String key, long start, LongPredicate isUnreadable, EntryCursor log, EntryCursor copy) {
        this.key = key;
        this.start = start;
        this.isUnreadable = isUnreadable;
        this.log = log;
        this.copy = copy;
    }

    /**
     * Compares.
     *
     * @param start where the log's stream begins; what the copy has before that has expired
     * @param isUnreadable whether the log can't read what stands at a position, although its reader may not come upon the damage there
     * @return what came of it
     */
    static Comparison compare(String key, long start, LongPredicate isUnreadable, WalReader log, WalReader copy) {
        try (EntryCursor ofLog = log.scan(key); EntryCursor ofCopy = copy.scan(key)) {
            SameRecords records = new SameRecords(key, start, isUnreadable, ofLog, ofCopy);
            return new Comparison(Optional.ofNullable(records.difference()), records.hasOnlyInCopy);
        }
    }

    private @Nullable String difference() {
        step();
        while (copy.next()) {
            long at = copy.position();
            if (at < start) {
                continue;
            }
            if (position < at) {
                return "the log has a record that the copy hasn't: position=" + position + ", stream=" + key;
            }
            if (position == at) {
                if (!isSame()) {
                    return "the log has another record at this position than the copy: position=" + at + ", stream=" + key;
                }
                step();
            } else if (isBehindDamage || isUnreadable.test(at)) {
                hasOnlyInCopy = true;
            } else {
                return "the log hasn't a record that the copy has, and nothing is damaged there: it was erased or cut off since, or hasn't been restored:"
                        + " position=" + at + ", stream=" + key;
            }
        }
        return null;
    }

    private void step() {
        isBehindDamage = false;
        while (true) {
            try {
                position = log.next() ? log.position() : Long.MAX_VALUE;
                return;
            } catch (CorruptSegmentException e) {
                if (++errors > MAX_ERRORS) {
                    throw e;
                }
                isBehindDamage = true;
            }
        }
    }

    private boolean isSame() {
        return log.timestampMillis() == copy.timestampMillis() && Arrays.equals(ByteBufUtil.getBytes(log.header()), ByteBufUtil.getBytes(copy.header()))
                && Arrays.equals(ByteBufUtil.getBytes(log.content()), ByteBufUtil.getBytes(copy.content()));
    }
}
