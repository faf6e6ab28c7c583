package dev.streamwal.bench.compare;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;

/**
 * What a workload needs of a log.
 *
 * @param streams how many; numbered from 0
 * @param durable whether an append returns when the record survives power loss; otherwise when it survives the process
 * @param window the length of time after which a new file is begun, where files are per window
 * @param retention how long records are kept at least
 * @param clock where the log takes the time from, if it has a clock
 * @param queried whether it is loaded to be read
 */
record Setup(int streams, boolean durable, Duration window, Duration retention, InstantSource clock, boolean queried) {

    /** Streams of one site, whose keys have the same prefix. */
    static final int SITE_STREAMS = 10;

    private static final Duration LONG_WINDOW = Duration.ofHours(1);
    private static final Duration LONG_RETENTION = Duration.ofDays(7);

    static Setup appends(int streams, boolean durable) {
        return new Setup(streams, durable, LONG_WINDOW, LONG_RETENTION, InstantSource.system(), false);
    }

    static Setup queries(int streams, InstantSource clock) {
        return new Setup(streams, false, LONG_WINDOW, LONG_RETENTION, clock, true);
    }

    static Setup rolling(int streams, Duration window, Duration retention) {
        return new Setup(streams, false, window, retention, InstantSource.system(), false);
    }

    /** A stream's key, where keys are text. Their order is that of the numbers. */
    static String key(int stream) {
        return String.format(Locale.ROOT, "%smeter-%d/power", prefix(stream), stream % SITE_STREAMS);
    }

    /** What the keys of a stream's site begin with. */
    static String prefix(int stream) {
        return String.format(Locale.ROOT, "site-%06d/", stream / SITE_STREAMS);
    }

    /** The inverse of {@link #key}. */
    static int stream(String key) {
        int site = Integer.parseInt(key, 5, 11, 10);
        return site * SITE_STREAMS + key.charAt(18) - '0';
    }
}
