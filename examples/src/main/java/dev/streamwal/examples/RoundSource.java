package dev.streamwal.examples;

import dev.streamwal.StreamWal;

/** What the log itself did in the round before: telemetry like any other, in the same log. */
final class RoundSource implements TelemetrySource {
    static final String APPEND_MICROS = "log/append/micros";
    static final String SEGMENTS = "log/segments";

    private final StreamWal wal;
    private double appendMicros = Double.NaN;

    RoundSource(StreamWal wal) {
        this.wal = wal;
    }

    /** A round's records were appended. */
    void appended(int records, long nanos) {
        appendMicros = Summary.micros(nanos) / records;
    }

    @Override
    public void sample(Sink sink) {
        if (!Double.isNaN(appendMicros)) {
            sink.put(APPEND_MICROS, appendMicros);
            sink.put(SEGMENTS, wal.stats().segments());
        }
    }
}
