package dev.streamwal.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether names in a directory have changed, by its modification time alone. One thread.
 *
 * <p>Two changes within the granularity of the file system's clock give the same time, and a reader may have listed the directory between
 * them: naming a segment is such a pair, as its temporary name comes just before. So a time proves that nothing has changed only to who
 * listed the directory when that time was older than any granularity. Until then the directory is to be listed again, soon after the change,
 * when the next one is likely, and more and more rarely: on file systems that tell milliseconds apart the first of these looks is the last that
 * is needed, and on those that tell seconds apart none is late by more than half the time since the change.
 */
public final class DirectoryWatch {

    private static final long FIRST_PAUSE_NANOS = 1_000_000;
    /** Of its age at the last look, the time from that to the next. */
    private static final int AGE_SHARE = 2;

    private final Supplier<Path> directory;
    private final LongSupplier nanoTime;

    private boolean known;
    /** Null where there is no directory; that is exact, and needs no settling. */
    private @Nullable FileTime modified;
    private long changedAt;
    private long readAt;
    private boolean settled;

    /** @param directory where it is now */
    public DirectoryWatch(Supplier<Path> directory) {
        this(directory, System::nanoTime);
    }

    DirectoryWatch(Supplier<Path> directory, LongSupplier nanoTime) {
        this.directory = directory;
        this.nanoTime = nanoTime;
    }

    /** Whether the directory is to be listed now: it may have changed since it was listed after the last call that said so. */
    public boolean mayHaveChanged() throws IOException {
        FileTime now = modified(directory);
        long time = nanoTime.getAsLong();
        if (!known || !Objects.equals(now, modified)) {
            known = true;
            modified = now;
            changedAt = time;
            readAt = time;
            settled = now == null;
            return true;
        }
        if (settled) {
            return false;
        }
        settled = time - changedAt >= ListingAge.SETTLING_NANOS;
        if (!settled && time - readAt < Math.max(FIRST_PAUSE_NANOS, (readAt - changedAt) / AGE_SHARE)) {
            return false;
        }
        readAt = time;
        return true;
    }

    /** When names in a directory have changed last; null where there is none. */
    public static @Nullable FileTime modified(Supplier<Path> directory) throws IOException {
        return StreamDirectory.read(directory, where -> {
            try {
                return Optional.of(Files.getLastModifiedTime(where));
            } catch (NoSuchFileException e) {
                return Optional.<FileTime>empty();
            }
        }).orElse(null);
    }
}
