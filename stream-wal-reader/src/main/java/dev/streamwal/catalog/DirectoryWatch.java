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
 * Detects changes of the names in a directory by its modification time alone. One thread.
 *
 * <p>Two changes within one tick of the file system's clock leave the same time, and a reader may have listed the directory between them. Naming a segment is
 * such a pair, because its temporary name appears just before. So an unchanged time proves that nothing has changed only if it was already older than a tick
 * when the directory was listed. Until then the directory has to be listed again: first soon after the change, when the next one is likely, and then more and
 * more rarely. On file systems with a resolution of milliseconds the first of these looks is the last one needed. On those with a resolution of seconds no look
 * is late by more than half the time since the change.
 */
public final class DirectoryWatch {

    private static final long FIRST_PAUSE_NANOS = 1_000_000;
    /** The pause until the next look is the change's age at the last look, divided by this. */
    private static final int AGE_SHARE = 2;

    private final Supplier<Path> directory;
    private final LongSupplier nanoTime;

    private boolean known;
    /** Null if there is no directory; then no further look is needed. */
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

    /** Whether the directory has to be listed now, because it may have changed since the last call that returned true. */
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
        if (settled || now == null) {
            return false;
        }
        settled = time - changedAt >= ListingAge.settlingNanos(now);
        if (!settled && time - readAt < Math.max(FIRST_PAUSE_NANOS, (readAt - changedAt) / AGE_SHARE)) {
            return false;
        }
        readAt = time;
        return true;
    }

    /** When names in a directory changed last; null if there is no directory. */
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
