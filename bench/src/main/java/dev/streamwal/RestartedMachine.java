package dev.streamwal;

import dev.streamwal.engine.Environment;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/** For benchmarks of recovery: the machine was restarted since a log was written last. What the page cache had is still there. */
public final class RestartedMachine {

    private RestartedMachine() {}

    public static StreamWal open(Path root, WalOptions options) {
        Optional<String> bootId = Optional.of(UUID.randomUUID().toString());
        return StreamWal.open(root, options, Environment.ofThisMachine(options.storage().kind()).withBootId(() -> bootId));
    }
}
