package dev.streamwal.recovery;

import dev.streamwal.RecoveryPolicy;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * Brings a stream's segments in order when it is first written to: those without a footer, which are the newest ones. From the first of
 * them on, each is walked and its end repaired; those before have a footer, which proves that they are whole. Thread-safe.
 *
 * <p><b>A crash in the middle of it.</b> Recovery keeps no notes: what it goes by is in the files, the journal and {@code positions}, and
 * every step leaves files that the next recovery judges in the same way, or finds in order.
 * <ol>
 *   <li>What is going to change though it was promised, and what is cut off, is in the quarantine first, durably. A crash before that has
 *       changed nothing; one after it makes a second copy.
 *   <li>Padding and cuts within a segment: see {@link SegmentRepair}. They are not forced: if power loss takes them back, what was there
 *       before is there again, to be judged as before; a successor that was created meanwhile says where the data ends. Damage is never
 *       cut off, which would leave no trace of positions that were given; a segment without a readable header is not touched at all.
 *   <li>Segments behind a break are moved away from the newest to the oldest, so that what is left has no hole at any moment, and the
 *       stream's directory is forced before the stream goes on: else they could come back between the stream and what it goes on with.
 *   <li>Where positions were given that can't be seen any more, the log's {@code start} is raised, durably, before the stream goes on. If
 *       the crash comes before that, the evidence is still there, behind a footer too: the mark, the frontier, the name of a segment that
 *       can't be read.
 *   <li>Nothing is appended to a segment that lost its end, or stands behind a gap: it is sealed, and its footer, or the successor that
 *       begins where the data ended, closes the matter for good.
 * </ol>
 */
public final class StreamRecovery {

    /** Who is told of what was found. Called by many threads at once, with a stream's locks held; never throws. */
    public interface Listener {

        /**
         * There was something to be done in a segment.
         *
         * @param findings of this segment alone
         */
        void repaired(StreamKey key, Path file, Findings findings);

        /**
         * A stream is in order.
         *
         * @param findings of the whole stream
         */
        default void recovered(StreamKey key, Findings findings) {}

        /**
         * A stream can't be opened for writing.
         *
         * @param findings as far as it got
         */
        default void refused(StreamKey key, Findings findings, Exception why) {}

        /** So much of a stream has been read since the last call. */
        default void read(StreamKey key, long bytes) {}
    }

    /**
     * By what recovery goes.
     *
     * @param incarnation of the log, since the machine was restarted last
     * @param start of the log's positions when it was opened, at or above where streams went on after that restart: a segment that begins
     *     there or above was created since
     * @param known the durable frontier
     */
    public record Terms(long incarnation, long start, KnownDurable known, RecoveryPolicy policy) {}

    /**
     * A segment without a footer.
     *
     * @param file not open
     * @param appendable whether it may be appended to; else it is to be sealed
     */
    public record Unfinished(SegmentHeader header, SegmentFile file, RecoveredTail tail, boolean appendable) {}

    /**
     * What a stream goes on from.
     *
     * @param unfinished in order of position
     * @param removed segments that are not in the stream's directory any more
     * @param end stream position where the last record ends; empty where nobody knows
     * @param lastWindowStart of the newest segment; {@link Long#MIN_VALUE} where there is none
     * @param contiguous whether the stream goes on at {@code end}; else at the log's {@code start}
     * @param forgotten whether positions behind {@code end} were given in this incarnation: {@code start} has to be raised above them
     */
    public record Outcome(
            List<Unfinished> unfinished,
            List<SegmentName> removed,
            OptionalLong end,
            long lastWindowStart,
            boolean contiguous,
            boolean forgotten) {}

    private final SegmentStorage storage;
    private final Quarantine quarantine;
    private final Terms terms;
    private final Listener listener;

    /** Without a journal; stops at damage. */
    public StreamRecovery(SegmentStorage storage, Path root, long incarnation, Listener listener) {
        this(storage, new Quarantine(storage, root),
                new Terms(incarnation, 0, KnownDurable.NOTHING, RecoveryPolicy.STOP_AT_FIRST_ERROR), listener);
    }

    public StreamRecovery(SegmentStorage storage, Quarantine quarantine, Terms terms, Listener listener) {
        this.storage = storage;
        this.quarantine = quarantine;
        this.terms = terms;
        this.listener = listener;
    }

    /** Of the log, since the machine was restarted last. */
    public long incarnation() {
        return terms.incarnation();
    }

    /**
     * @param names of the stream's segments in order of position, not empty
     * @throws dev.streamwal.reader.CorruptSegmentException where the stream can't be appended to because of damage
     * @throws dev.streamwal.reader.UnsupportedFormatException where a newer version wrote it
     */
    public Outcome recover(StreamKey key, Path directory, List<SegmentName> names) throws IOException {
        Findings findings = new Findings();
        try {
            Outcome outcome = new ChainRecovery(storage, quarantine, terms, listener, key, directory, findings).recover(names);
            listener.recovered(key, findings);
            return outcome;
        } catch (IOException | RuntimeException e) {
            listener.refused(key, findings, e);
            throw e;
        }
    }
}
