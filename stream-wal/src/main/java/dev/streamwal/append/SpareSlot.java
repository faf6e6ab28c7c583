package dev.streamwal.append;

import dev.streamwal.format.StreamKey;
import dev.streamwal.storage.SegmentNames;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Holds the one segment that is prepared before a stream needs it. Thread-safe. */
final class SpareSlot {

    private final LogContext log;
    private final StreamKey key;
    private final BooleanSupplier unwanted;
    private final AtomicReference<@Nullable NewSegment> spare = new AtomicReference<>();

    /** @param unwanted after it becomes true, the code that made it so calls {@link #clear()}, or leaves what is prepared to the next append */
    SpareSlot(LogContext log, StreamKey key, BooleanSupplier unwanted) {
        this.log = log;
        this.key = key;
        this.unwanted = unwanted;
    }

    /**
     * Called by the preparer. Checks again whether the spare is unwanted once it is in its place: then either this method finds it so, or
     * {@link #clear()} finds the spare.
     *
     * @param preparedBytes how far it is prepared before its first record
     * @return false if it was found unwanted when it was there: its file is gone again
     */
    boolean prepare(Path directory, int capacity, int preparedBytes) {
        if (unwanted.getAsBoolean() || spare.get() != null) {
            return true;
        }
        long begun = log.events().begins();
        try {
            Path temporary = directory.resolve(SegmentNames.temporary(log.newSalt()));
            log.checkFreeSpace(preparedBytes);
            NewSegment prepared = NewSegment.prepare(log.storage(), temporary, capacity, preparedBytes);
            boolean placed = spare.compareAndSet(null, prepared);
            boolean isLeft = unwanted.getAsBoolean() && (!placed || spare.compareAndSet(prepared, null));
            if (!placed || isLeft) {
                prepared.discard();
            }
            log.events().ended(SpacePreparer.TASK, key.text(), begun);
            return !isLeft;
        } catch (NoSuchFileException e) {
            // the stream was deleted, and its directory with it; if the stream is appended to again, the rotation makes another directory
            return true;
        } catch (IOException e) {
            // the rotation tries it itself, and throws to its caller
            if (!unwanted.getAsBoolean()) {
                log.events().failed(SpacePreparer.TASK, key.text(), e);
            }
            return true;
        }
    }

    @Nullable NewSegment take() {
        return spare.getAndSet(null);
    }

    void clear() {
        NewSegment prepared = take();
        if (prepared != null) {
            discard(prepared);
        }
    }

    void discard(NewSegment prepared) {
        try {
            prepared.discard();
        } catch (IOException e) {
            log.events().failed("discard a prepared segment", key.text(), e);
        }
    }
}
