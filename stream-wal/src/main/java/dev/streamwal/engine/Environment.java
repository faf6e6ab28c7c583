package dev.streamwal.engine;

import dev.streamwal.commit.JournalSizes;
import dev.streamwal.storage.BootId;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What a log takes from the machine it runs on: so that a test can restart the machine, stand in for its disk, and have everything happen
 * in the same way twice.
 *
 * @param bootId of the machine; empty where nobody knows
 * @param storages how segments are written
 * @param salts different for every segment
 * @param threads whether the log has threads of its own; without, {@code StreamWal.runBackground()} does their work, nothing is swept
 *     unasked, and the listener is called by the thread on which something happens
 * @param journal how large the commit journal is
 */
public record Environment(Supplier<Optional<String>> bootId, Storages storages, LongSupplier salts, boolean threads, JournalSizes journal) {

    /** With a commit journal of the usual size. */
    public Environment(Supplier<Optional<String>> bootId, Storages storages, LongSupplier salts, boolean threads) {
        this(bootId, storages, salts, threads, JournalSizes.DEFAULT);
    }

    public static Environment ofThisMachine(StorageKind storage) {
        return new Environment(
                BootId::ofThisMachine, new Storages(storage), new SecureRandom()::nextLong, true, JournalSizes.DEFAULT);
    }

    /** What intervals are measured by; where everything is to happen in the same way twice, none passes. */
    public LongSupplier steadyClock() {
        return threads ? System::nanoTime : () -> 0;
    }

    /** On a machine that was started with this id. */
    public Environment withBootId(Supplier<Optional<String>> id) {
        return new Environment(id, storages, salts, threads, journal);
    }
}
