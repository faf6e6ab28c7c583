package dev.streamwal.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.DeletedSegment;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Keeps chatter for minutes, measurements for hours and alarms for a month, in one log; with a clock of its own, so that three hours and a month pass
 * in a moment.
 */
public final class RetentionPerKey {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final StreamOptions CHATTER = kept(Duration.ofMinutes(1), Duration.ofMinutes(5));
    private static final StreamOptions ALARMS = kept(Duration.ofHours(1), Duration.ofDays(30));

    private static final Duration STEP = Duration.ofSeconds(10);
    private static final Duration SWEEP_EVERY = Duration.ofMinutes(30);
    private static final Duration RUN = Duration.ofHours(3);

    private final Summary summary;
    private final ManualClock clock = new ManualClock(START);

    RetentionPerKey(PrintStream out) {
        summary = new Summary(out);
    }

    public static void main(String[] args) throws IOException {
        Path root = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("stream-wal-");
        new RetentionPerKey(System.out).run(root);
    }

    /** The first pattern that matches a key wins; what it doesn't set is as for the whole log. */
    private WalOptions options() {
        return WalOptions.builder()
                .window(Duration.ofMinutes(10))
                .retention(Duration.ofHours(1))
                .streams("debug/*", CHATTER)
                .streams("alarm/*", ALARMS)
                .clock(clock)
                .sweepInterval(Duration.ZERO) // by hand, when the simulated time has come
                .build();
    }

    private static StreamOptions kept(Duration window, Duration retention) {
        return StreamOptions.builder().window(window).retention(retention).build();
    }

    void run(Path root) {
        try (StreamWal wal = StreamWal.open(root, options())) {
            summary.line("log", "%s", root);
            while (clock.instant().isBefore(START.plus(RUN))) {
                append(wal);
                clock.advance(STEP);
                if (since(START).toSeconds() % SWEEP_EVERY.toSeconds() == 0) {
                    sweep(wal);
                }
            }
            describe(wal);
            clock.advance(Duration.ofDays(32));
            sweep(wal);
            goOn(wal);
        }
    }

    private void append(StreamWal wal) {
        byte[] content = clock.instant().toString().getBytes(UTF_8);
        wal.stream("debug/gateway").append(content);
        wal.stream("meter/4711").append(content);
        if (since(START).toSeconds() % 1_800 == 0) {
            wal.stream("alarm/door").append(content);
        }
    }

    private void sweep(StreamWal wal) {
        Map<String, Integer> deleted = new TreeMap<>();
        SweepResult result = wal.sweep(clock.instant(), segment -> count(deleted, segment));
        summary.line(sinceStart(), "swept %s: %,d bytes reclaimed, %,d segments live",
                deleted, result.bytesReclaimed(), result.liveSegments());
    }

    private static void count(Map<String, Integer> deleted, DeletedSegment segment) {
        deleted.merge(segment.key(), 1, Integer::sum);
    }

    private void describe(StreamWal wal) {
        try (WalReader reader = wal.reader()) {
            for (String key : reader.keys()) {
                reader.describe(key).ifPresent(this::describe);
            }
        }
    }

    private void describe(StreamInfo stream) {
        Instant oldest = Instant.ofEpochMilli(stream.smallestTimestampMillis().orElseThrow());
        summary.line("", "%-14s %d segments, positions %,d to %,d, the oldest record of %s",
                stream.key(), stream.segments(), stream.firstPosition(), stream.endPosition(), oldest);
    }

    /** Appends to a stream of which nothing is left. No position is given twice: an old reference never finds a new record. */
    private void goOn(StreamWal wal) {
        EntryRef ref = wal.stream("meter/4711").append("again".getBytes(UTF_8));
        summary.line(sinceStart(), "meter/4711 goes on at position %,d", ref.position());
    }

    private Duration since(Instant start) {
        return Duration.between(start, clock.instant());
    }

    private String sinceStart() {
        Duration time = since(START);
        return String.format(Locale.ROOT, "%dd %02d:%02d", time.toDays(), time.toHoursPart(), time.toMinutesPart());
    }
}
