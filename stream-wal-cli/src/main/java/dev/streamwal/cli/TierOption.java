package dev.streamwal.cli;

import dev.streamwal.WalOptions;
import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.reader.ReaderOptions;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a log's tier is. */
final class TierOption {

    private static final String URI_MARK = "://";

    @Option(
            names = "--tier",
            paramLabel = "DIR",
            description = "The log's tier, where old packs are: a directory, or the URI of one in a file system whose provider is on the class path."
                    + " A command that only reads finds a directory by itself, by what the log says.")
    private @Nullable String place;

    Optional<Path> path() {
        return Optional.ofNullable(place).map(TierOption::path);
    }

    @SuppressForbidden("what the caller of the command names")
    private static Path path(String place) {
        try {
            return place.contains(URI_MARK) ? Path.of(URI.create(place)) : Path.of(place);
        } catch (FileSystemNotFoundException e) {
            throw new UsageException("no file system for the tier: tier=" + place
                    + "; put its provider on the class path, which the script stream-wal takes from STREAM_WAL_CLASSPATH", e);
        }
    }

    /** How to read, also what is there. */
    ReaderOptions reading(KeysOption keys) {
        ReaderOptions.Builder options = keys.options();
        path().ifPresent(options::tier);
        return options.build();
    }

    WalOptions.Builder with(WalOptions.Builder options) {
        path().ifPresent(options::tier);
        return options;
    }
}
