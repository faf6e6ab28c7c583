package dev.streamwal.io;

import dev.streamwal.error.WalException;
import org.jspecify.annotations.Nullable;

/**
 * The first failure of a call that goes on after it, with the others as suppressed exceptions: at most a hundred, as a disk that fails may fail in each of
 * very many streams. One thread.
 */
public final class FirstFailure {

    private static final int MAX_SUPPRESSED = 100;

    private @Nullable WalException first;

    public void add(WalException failure) {
        if (first == null) {
            first = failure;
        } else if (first.getSuppressed().length < MAX_SUPPRESSED && !first.equals(failure)) {
            first.addSuppressed(failure);
        }
    }

    public void throwIfAny() {
        if (first != null) {
            throw first;
        }
    }
}
