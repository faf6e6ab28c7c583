package dev.streamwal.cli;

import dev.streamwal.encryption.KeysFile;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.reader.ReaderOptions;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The master keys of a log whose records are encrypted. */
final class KeysOption {

    @Option(
            names = "--keys",
            paramLabel = "FILE",
            description = "Master keys of a log whose records are encrypted: a file that only its owner may read or write, with a line for each key,"
                    + " an id, a space and 64 hexadecimal digits; the last line is the current key.")
    private @Nullable Path file;

    Optional<MasterKeys> keys() {
        return Optional.ofNullable(file).map(MasterKeys::file);
    }

    /** Refuses to append to a log that encrypts its records if there are no keys. */
    void checkAppends(Path root) throws RefusedException {
        if (file == null && KeysFile.isPresent(root)) {
            throw new RefusedException("the log encrypts its records, and no master keys are given: root=" + root + "; give --keys FILE");
        }
    }

    /** How to read with them. */
    ReaderOptions reading() {
        return options().build();
    }

    /** The same, for who says more. */
    ReaderOptions.Builder options() {
        ReaderOptions.Builder options = ReaderOptions.builder();
        keys().ifPresent(options::keys);
        return options;
    }

    /** The same failure, with what to do about it here. */
    KeyUnavailableException explained(KeyUnavailableException e) {
        return file != null ? e : new KeyUnavailableException(e.getMessage() + ": --keys FILE", e.keyId(), e.file(), e.key(), e.position(), e);
    }
}
