package dev.streamwal;

import dev.streamwal.engine.Environment;
import java.nio.file.Path;
import java.util.Optional;

/** A log as it is found after a restart of the machine. */
public final class AnotherBoot {

    private AnotherBoot() {}

    /** Opens the log and closes it, and nothing else: without threads no stream is recovered meanwhile. */
    public static void open(Path root, WalOptions options) {
        Environment machine = Environment.ofThisMachine(options.storage().kind());
        StreamWal.open(root, options, new Environment(() -> Optional.of("another boot"), machine.storages(), machine.salts(), false)).close();
    }

    /** Opens the log, has all of it recovered, and closes it. */
    public static RecoveryReport recover(Path root, WalOptions options) {
        Environment machine = Environment.ofThisMachine(options.storage().kind());
        try (StreamWal wal = StreamWal.open(root, options, machine.withBootId(() -> Optional.of("another boot")))) {
            return wal.recoverAll(progress -> {});
        }
    }
}
