package dev.streamwal.io;

import java.util.concurrent.atomic.LongAdder;

/** Counts what is read from a log's segments. Thread-safe. */
final class ReadCounter {

    private final LongAdder calls = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    /** @param read what the call returned */
    void add(int read) {
        calls.increment();
        bytes.add(Math.max(0, read));
    }

    /** Bytes that no call had to read. */
    void addCopied(int copied) {
        bytes.add(copied);
    }

    long calls() {
        return calls.sum();
    }

    long bytes() {
        return bytes.sum();
    }
}
