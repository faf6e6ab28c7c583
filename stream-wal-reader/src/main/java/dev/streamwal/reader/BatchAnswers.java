package dev.streamwal.reader;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryBatch.Status;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The refs of a batch, and for each the answer, once it is known. Several threads may answer refs at the same time, each thread its own refs. A
 * thread that reads the answers must have waited for these threads.
 */
final class BatchAnswers {

    /** As the caller gave them. */
    final EntryRef[] refs;
    /** Of the refs. */
    final int[] sizes;
    /** Of the refs. */
    final long[] positions;
    /** Null if there is no answer yet. */
    final Status[] statuses;
    /** Where the records are: a buffer's index above 32 bits with the offset in it. */
    final long[] places;
    final BatchMemory memory;
    /** Whether all refs are of one stream. */
    final boolean oneStream;
    /** Made for the first ref that can't be read. */
    @GuardedBy("this")
    private @Nullable WalException @Nullable [] failures;

    /** @param maxBytes of all records together */
    BatchAnswers(EntryRef[] refs, long maxBytes) {
        this.refs = refs;
        this.sizes = new int[refs.length];
        this.positions = new long[refs.length];
        this.statuses = new Status[refs.length];
        this.places = new long[refs.length];
        this.memory = new BatchMemory(maxBytes);
        this.oneStream = takeApart();
    }

    /** Copies the refs' fields into arrays, in one pass, because loading the refs from memory is slow. Returns whether all are of one stream. */
    private boolean takeApart() {
        boolean same = true;
        String stream = refs.length == 0 ? "" : Objects.requireNonNull(refs[0], "ref").key();
        for (int i = 0; i < refs.length; i++) {
            EntryRef ref = Objects.requireNonNull(refs[i], "ref");
            sizes[i] = ref.size();
            positions[i] = ref.position();
            // refs of one stream mostly share the string
            same = same && (sameString(ref.key(), stream) || ref.key().equals(stream));
        }
        return same;
    }

    @SuppressWarnings({"ReferenceEquality", "StringEquality"}) // a short cut before equals
    private static boolean sameString(String a, String b) {
        return a == b;
    }

    /** A ref can't be read. */
    synchronized void fail(int index, WalException failure) {
        statuses[index] = Status.CORRUPT;
        @Nullable WalException[] known = failures;
        if (known == null) {
            known = new WalException[refs.length];
            failures = known;
        }
        known[index] = failure;
    }

    /** Why refs can't be read, by their indexes; null if all can. */
    synchronized @Nullable WalException @Nullable [] failures() {
        return failures;
    }
}
