package dev.streamwal.cli;

import dev.streamwal.error.ConsumerInUseException;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalLockedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The meanings of a command's exit codes. */
enum Exit {
    OK(0, "success"),
    FINDINGS(1, "ran, but found damage, or not everything that was asked for"),
    USAGE(2, "invalid arguments"),
    FAILED(3, "files or the log can't be read or written"),
    LOCKED(4, "another process writes the log, or has the consumer open"),
    BUG(5, "a bug in this program: please report what --verbose prints");

    private final int code;
    private final String meaning;

    Exit(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    int code() {
        return code;
    }

    /** The exit code for an exception. */
    static Exit of(Throwable failure) {
        if (failure instanceof WalLockedException || failure instanceof ConsumerInUseException) {
            return LOCKED;
        }
        if (failure instanceof CorruptSegmentException
                || failure instanceof EntryNotFoundException
                || failure instanceof EntryExpiredException) {
            return FINDINGS;
        }
        if (failure instanceof WalException || failure instanceof IOException || failure instanceof UncheckedIOException
                || failure instanceof OutOfMemoryError) {
            return FAILED;
        }
        // the libraries throw it for impossible keys, positions and sizes
        return failure instanceof UsageException || failure instanceof IllegalArgumentException ? USAGE : BUG;
    }

    /** For the help. */
    static Map<String, String> meanings() {
        Map<String, String> meanings = new LinkedHashMap<>();
        for (Exit exit : values()) {
            meanings.put(" " + exit.code, exit.meaning);
        }
        meanings.put(" 130", "interrupted, by Ctrl-C");
        return meanings;
    }
}
