package dev.streamwal.engine;

import dev.streamwal.commit.JournalSizes;
import dev.streamwal.io.BootId;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * What a log takes from its machine: so that a test can restart the machine, replace its disk, and run everything in the same order twice.
 *
 * @param bootId of the machine; empty if it is not known
 * @param storages how segments are written
 * @param salts different for every segment
 * @param threads whether the log has threads of its own. Without them {@code StreamWal.runBackground()} does their work, sweeps run only when
 *     called, and the listener is called by the thread that causes an event
 * @param journal how large the commit journal is
 * @param maxIdleStreams if more streams are in memory, those that are idle and in packs are let go of
 * @param recovery makes other settings for the recovery of streams of those that the options give
 */
public record Environment(Supplier<Optional<String>> bootId, Storages storages, LongSupplier salts, boolean threads, JournalSizes journal,
        int maxIdleStreams, UnaryOperator<RecoverySettings> recovery) {

    /** So many streams take some 40 MB. One that is let go of and comes back costs a look into the packs. */
    private static final int MAX_IDLE_STREAMS = 100_000;

    /** With memory for the usual number of streams, which are recovered as the options say. */
    public Environment(Supplier<Optional<String>> bootId, Storages storages, LongSupplier salts, boolean threads, JournalSizes journal) {
        this(bootId, storages, salts, threads, journal, MAX_IDLE_STREAMS, UnaryOperator.identity());
    }

    /** With a commit journal of the usual size. */
    public Environment(Supplier<Optional<String>> bootId, Storages storages, LongSupplier salts, boolean threads) {
        this(bootId, storages, salts, threads, JournalSizes.DEFAULT);
    }

    public static Environment ofThisMachine(StorageKind storage) {
        return new Environment(BootId::ofThisMachine, new Storages(storage), new SecureRandom()::nextLong, true);
    }

    /** The clock for intervals; it stands still if the log has no threads, so that runs are repeatable. */
    public LongSupplier steadyClock() {
        return threads ? System::nanoTime : () -> 0;
    }

    /** The same, on a machine with this boot id. */
    public Environment withBootId(Supplier<Optional<String>> id) {
        return new Environment(id, storages, salts, threads, journal, maxIdleStreams, recovery);
    }

    /** The same, with memory for no more streams than this. */
    public Environment withMaxIdleStreams(int streams) {
        return new Environment(bootId, storages, salts, threads, journal, streams, recovery);
    }

    /** The same, with these settings for the recovery of streams. */
    public Environment withRecovery(UnaryOperator<RecoverySettings> settings) {
        return new Environment(bootId, storages, salts, threads, journal, maxIdleStreams, settings);
    }
}
