package dev.streamwal;

import java.util.Map;

/**
 * What a log has done since it was opened, and how long that took. Everything is always counted, at places where a thread waits, writes or flushes
 * anyway. While other threads work, the numbers may be of slightly different moments. Immutable.
 *
 * @since 1.0
 */
public final class WalActivity extends Snapshot<WalActivity.Fields> {

    record Fields(
            Map<Durability, OperationStats> appends, Map<String, Long> rejectedAppends, Map<String, OperationStats> stalls,
            Map<String, OperationStats> flushes, Map<String, OperationStats> packing, OperationStats sweeps, OperationStats recoveries,
            long writtenPacks, long sealedSegments, Map<DeletedSegment.Reason, Long> deletedSegments, int heldSegments,
            Map<String, Long> failures, long corruptions, long commitWaiters, long journalBytes, long packBacklogBytes) {
        Fields {
            appends = Map.copyOf(appends);
            rejectedAppends = Map.copyOf(rejectedAppends);
            stalls = Map.copyOf(stalls);
            flushes = Map.copyOf(flushes);
            packing = Map.copyOf(packing);
            deletedSegments = Map.copyOf(deletedSegments);
            failures = Map.copyOf(failures);
        }
    }

    WalActivity(Fields fields) {
        super(fields);
    }

    /**
     * Calls that append, successful ones, by durability. With {@link Durability#IMMEDIATE} each call is measured, up to its answer. The others take
     * less time than two looks at a clock would add. So each thread measures one of 1,024 calls for a record, and count and total are those of the
     * sample. {@link WalStats#appends()} is how many records were appended. A batch is one call. Asynchronous appends count as buffered.
     *
     * @return by durability, all of them
     */
    public Map<Durability, OperationStats> appends() {
        return fields().appends();
    }

    /**
     * Calls that append which threw, by reason: {@code size}: the record or its header is too large; {@code time}: its timestamp is refused; {@code
     * disk_full}; {@code open_files}: no descriptor or mapping is left; {@code damaged}: the stream that an earlier writer left can't be continued;
     * {@code failed}: a flush has failed, or another process has become the log's writer; {@code io}: anything else.
     *
     * @return by reason, all of them
     */
    public Map<String, Long> rejectedAppends() {
        return fields().rejectedAppends();
    }

    /**
     * What appends waited for, besides their own flush, by cause: {@code rotation}: the stream's next segment; {@code space}: blocks of the file, if
     * the thread that prepares them is behind; {@code sealing}: too many segments that wait for their footers; {@code packing}: shared segments that
     * aren't packed fast enough; {@code shared}: a flush before a stream leaves shared segments; {@code journal}: room in the commit journal.
     *
     * @return by cause, all of them
     */
    public Map<String, OperationStats> stalls() {
        return fields().stalls();
    }

    /**
     * Flushes of segments, directories and the commit journal, by cause: {@code commit}: a block of the journal; {@code segment}: a segment in place
     * of a block; {@code seal}: a segment that gets its footer; {@code checkpoint}: files that the journal mentions, so that its space can be used
     * again. Those of packs and of small files aren't counted.
     *
     * @return by cause, all of them
     */
    public Map<String, OperationStats> flushes() {
        return fields().flushes();
    }

    /**
     * Steps of packing that wrote at least one pack, by task: {@code own}: from small segments of single streams; {@code shared}: from shared
     * segments; {@code merge}: from other packs.
     *
     * @return by task, all of them
     */
    public Map<String, OperationStats> packing() {
        return fields().packing();
    }

    /** {@return how many packs these steps wrote} */
    public long writtenPacks() {
        return fields().writtenPacks();
    }

    /** {@return how many sweeps there were, in the background or called by the program, and how long they took} */
    public OperationStats sweeps() {
        return fields().sweeps();
    }

    /**
     * {@return how many recoveries there were, and how long they took: of each stream once, when it is first used; and of the commit journal, if there
     * was one when the log was opened}
     */
    public OperationStats recoveries() {
        return fields().recoveries();
    }

    /** {@return how many segments got their footers} */
    public long sealedSegments() {
        return fields().sealedSegments();
    }

    /** {@return how many segments were deleted, by reason, with all reasons} Segments that were moved into packs aren't counted. */
    public Map<DeletedSegment.Reason, Long> deletedSegments() {
        return fields().deletedSegments();
    }

    /** {@return how many segments had expired at the last sweep, and stay for consumers} */
    public int heldSegments() {
        return fields().heldSegments();
    }

    /** {@return how often background tasks failed, by task, in the words that {@link WalListener#onFailure} gets; without those that never failed} */
    public Map<String, Long> failures() {
        return fields().failures();
    }

    /**
     * How often opening, recovering or packing found damage. Damage that readers find is thrown to them, and isn't counted.
     *
     * @return a number of places, and of shared segments in which packing found any; a stream that can't be opened for writing counts at every attempt
     */
    public long corruptions() {
        return fields().corruptions();
    }

    /** {@return how many threads wait now until something is durable, and how many asynchronous appends aren't answered, together} */
    public long commitWaiters() {
        return fields().commitWaiters();
    }

    /** {@return the size of the commit journal's files now, in bytes; zero before the first durable append} */
    public long journalBytes() {
        return fields().journalBytes();
    }

    /** {@return how many bytes wait to be packed now: shared segments that take no more records} */
    public long packBacklogBytes() {
        return fields().packBacklogBytes();
    }
}
