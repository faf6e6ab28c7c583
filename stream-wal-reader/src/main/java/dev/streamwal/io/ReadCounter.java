package dev.streamwal.io;

import java.util.concurrent.atomic.LongAdder;

/** Counts read calls and bytes of a log's segments. Thread-safe. */
final class ReadCounter {

    private final LongAdder calls = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder directBytes = new LongAdder();

    /** @param read result of the call */
    void add(int read) {
        calls.increment();
        bytes.add(Math.max(0, read));
    }

    /** As {@link #add}, of a call that read past the page cache. */
    void addDirect(int read) {
        add(read);
        directBytes.add(Math.max(0, read));
    }

    /** Adds bytes that were copied from a mapping, without a read call. */
    void addCopied(int copied) {
        bytes.add(copied);
    }

    long calls() {
        return calls.sum();
    }

    long bytes() {
        return bytes.sum();
    }

    /** Of these, how many were read past the page cache. */
    long directBytes() {
        return directBytes.sum();
    }
}
