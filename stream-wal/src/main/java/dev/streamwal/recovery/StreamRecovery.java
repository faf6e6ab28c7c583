package dev.streamwal.recovery;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.measure.Measurements;
import dev.streamwal.recovery.TailEvidence.Left;
import dev.streamwal.segment.RecoveredTail;
import dev.streamwal.storage.PositionsWriter;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * Finds where a stream's data ends when it is first written to: in the segments without a footer, which are the newest ones. From the first of them
 * on, each is walked and its end repaired; those before have a footer, which proves that they are whole. Thread-safe.
 *
 * <p><b>A crash during recovery.</b> Recovery keeps no notes: its evidence is in the files, the journal and {@code positions}, and every step leaves
 * files that the next recovery judges in the same way, or finds in order.
 * <ol>
 *   <li>Data that was promised but has to change, and data that is cut off, is first copied to the quarantine, durably. A crash before that has changed
 *       nothing; one after it leads to a second copy.
 *   <li>Padding and cuts within a segment: see {@link SegmentRepair}. They are not forced: if power loss undoes them, the previous state is there
 *       again, to be judged as before; a successor that was created meanwhile says where the data ends. Damage is never cut off, which would leave no
 *       trace of positions that were given; a segment without a readable header is not changed at all.
 *   <li>Segments behind a break are moved away from the newest to the oldest, so that what is left never has a hole, and the stream's directory is
 *       forced before the stream continues: otherwise they could reappear between the stream and its continuation.
 *       If recovery is killed before that, they may reappear there nevertheless. The continuation says that they don't count: they are removed again,
 *       and aren't damage.
 *   <li>Nothing is appended to what was recovered: its segments are sealed, and the stream continues in a new one. That begins where the data ended,
 *       if the log was closed then; otherwise at the {@code start} that was written when the log was opened, above every position that was ever
 *       given. So whatever was lost, no position is given twice.
 * </ol>
 */
public final class StreamRecovery {

    /** Receives what was found. Called by many threads at once, with a stream's locks held; never throws. */
    public interface Listener extends Measurements {

        /**
         * A segment needed a repair.
         *
         * @param findings of this segment alone
         */
        void repaired(StreamKey key, Findings findings);

        /**
         * A stream is recovered.
         *
         * @param findings of the whole stream
         */
        default void recovered(StreamKey key, Findings findings) {}

        /**
         * A stream can't be opened for writing.
         *
         * @param findings up to the refusal
         */
        default void refused(StreamKey key, Findings findings, Exception why) {}

        /** Bytes that have been read since the last call. */
        default void read(long bytes) {}
    }

    /**
     * What recovery is based on.
     *
     * @param opened what this writer found when it opened the log
     * @param known the durable frontier
     */
    public record Terms(PositionsWriter.Opened opened, KnownDurable known, DamagePolicy policy) {

        Left left(SegmentHeader header) {
            if (opened.now().isClosed(header.incarnation())) {
                return Left.CLOSED;
            }
            return opened.isSameBoot() && header.incarnation() >= opened.now().bootIncarnation() ? Left.IN_THIS_BOOT : Left.EARLIER;
        }

        /** Whether the machine was certainly restarted since a segment was written; false if it has no id of its boot, because then that isn't known. */
        boolean isRestartedSince(SegmentHeader header) {
            return left(header) == Left.EARLIER && !opened.now().bootId().isEmpty();
        }
    }

    /**
     * A segment's file, as it was listed.
     *
     * @param bytes of the file
     */
    public record Listed(SegmentName name, long bytes) {}

    /**
     * A segment without a footer, which is to be sealed: nothing is appended to it any more.
     *
     * @param file not open
     */
    public record Unfinished(SegmentHeader header, SegmentFile file, RecoveredTail tail) {}

    /**
     * What a stream continues from.
     *
     * @param unfinished in order of position
     * @param removed segments that are not in the stream's directory any more
     * @param end stream position where the last record ends; empty if unknown
     * @param lastWindowStart of the newest segment; {@link Long#MIN_VALUE} if there is none
     * @param contiguous whether the stream continues at {@code end}, because everything up to it was durable when the log was closed; otherwise at
     *     the log's {@code start}
     * @param isDamaged whether anything was damaged or missing that was promised to survive
     */
    public record Outcome(List<Unfinished> unfinished, List<SegmentName> removed, OptionalLong end, long lastWindowStart, boolean contiguous,
            boolean isDamaged) {}

    private final SegmentStorage storage;
    private final Quarantine quarantine;
    private final Terms terms;
    private final Listener listener;

    public StreamRecovery(SegmentStorage storage, Quarantine quarantine, Terms terms, Listener listener) {
        this.storage = storage;
        this.quarantine = quarantine;
        this.terms = terms;
        this.listener = listener;
    }

    /**
     * Damage of one stream in a shared segment must not keep the others from continuing; readers of the damaged stream report it. But readers can't
     * notice missing records in shared segments, so recovery reads all of these; they are few.
     */
    private Terms termsOf(StreamKey key) {
        return key.equals(StreamKey.SHARED) ? new Terms(terms.opened(), terms.known(), DamagePolicy.SKIP_BAD_RECORDS) : terms;
    }

    /**
     * Sets a whole file of a stream aside, before its readable part is moved elsewhere and the file is deleted.
     *
     * @throws IOException also if there is no room for it
     */
    public void setAside(StreamKey key, Path file) throws IOException {
        try (SegmentFile segment = storage.open(file)) {
            if (quarantine.keep(key, segment).isEmpty()) {
                throw new IOException(quarantine.whatToDoWhenFull(segment.size()));
            }
        }
    }

    /** The log's incarnation since it was opened. */
    public long incarnation() {
        return terms.opened().now().incarnation();
    }

    /**
     * @param listed the stream's segments in order of position, not empty
     * @param deletedBelow what began below has been deleted since the log was opened
     * @throws dev.streamwal.error.CorruptSegmentException if the stream can't be appended to because of damage
     * @throws dev.streamwal.error.UnsupportedFormatException if a newer version wrote it
     */
    public Outcome recover(StreamKey key, Path directory, List<Listed> listed, long deletedBelow) throws IOException {
        Findings findings = new Findings();
        Recovering recovering = new Recovering();
        try {
            Outcome outcome = new ChainRecovery(storage, quarantine, termsOf(key), listener, key, directory, deletedBelow, findings)
                    .recover(listed);
            recovering.end(key, findings, null, listener);
            listener.recovered(key, findings);
            return outcome;
        } catch (IOException | RuntimeException e) {
            recovering.end(key, findings, e, listener);
            listener.refused(key, findings, e);
            throw e;
        }
    }
}
