package dev.streamwal.processes;

import dev.streamwal.error.EntryExpiredException;

/** What a reader has seen of one stream: whether each record follows on the one before, and what is missing was told of. One thread. */
final class Chain {

    private final int stream;
    private long lastNumber = Numbered.UNKNOWN;
    private long lastEnd;
    /** Where what was told of as expired ends; -1 where nothing was since the last record. */
    private long expiredTo = -1;
    private boolean isExpiredForSure;
    private boolean started;

    Chain(int stream) {
        this.stream = stream;
    }

    /** Of the last record that was seen. */
    long lastNumber() {
        return lastNumber;
    }

    void expired(EntryExpiredException told) {
        require(told.from() >= lastEnd, "what is told of as expired had not been read", told);
        require(told.to() > told.from(), "something has expired", told);
        expiredTo = told.to();
        isExpiredForSure = told.isCertain();
    }

    void record(Numbered read, long position, int size) {
        require(read.stream() == stream, "a stream's records are its own", read);
        require(read.number() > lastNumber, "no record comes twice, and none before an older one", read);
        require(position >= lastEnd, "positions rise", position);
        if (started && expiredTo < 0) {
            // whoever began anew found nothing left, and doesn't know what this reader had read of it
            require(read.before() == lastNumber || read.before() == Numbered.UNKNOWN, "nothing is missing", read + " at " + position);
        } else if (expiredTo >= 0) {
            require(position >= expiredTo, "what expired isn't read", position);
            require(read.before() != lastNumber || !started || !isExpiredForSure, "what was told of as expired is missing", read);
        }
        started = true;
        expiredTo = -1;
        lastNumber = read.number();
        lastEnd = position + size;
    }

    private void require(boolean holds, String rule, Object what) {
        if (!holds) {
            throw new IllegalStateException(rule + ": " + this + ", " + what);
        }
    }

    @Override
    public String toString() {
        return "stream=%s, lastNumber=%d, lastEnd=%d, expiredTo=%d".formatted(Numbered.key(stream), lastNumber, lastEnd, expiredTo);
    }
}
