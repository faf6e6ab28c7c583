package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import dev.streamwal.reading.Answer.Item;
import dev.streamwal.reading.Answer.Kind;
import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Readers of a log whose folder still has its earlier name, and that is upgraded between any two calls that a reading operation makes. */
class RenamedFolderTest {

    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final int WINDOWS = 3;
    private static final int RECORDS = 4;
    private static final String KEY = "k";
    private static final int MAX_CALLS = 10_000;
    private static final int STRIDE = 2;

    private enum Shape {
        OWN(100),
        SHARED(0);

        private final int ownSegments;

        Shape(int ownSegments) {
            this.ownSegments = ownSegments;
        }
    }

    /** How far the upgrade comes. */
    private enum Step {
        RENAMED,
        DONE
    }

    private final SimulatedDisk disk = new SimulatedDisk();
    private final Path root = disk.path("/log");
    private final Path folder = root.resolve("segments");
    private final Path earlier = root.resolve("streams");
    private final List<EntryRef> refs = new ArrayList<>();
    private final AtomicLong ticks = new AtomicLong();

    private void write(Shape shape) {
        Instant[] now = {START};
        WalOptions options = WalOptions.builder().clock(() -> now[0]).window(WINDOW).retention(Duration.ofDays(1)).segmentBytes(64 << 10)
                .maxRecordBytes(1_000).ownSegments(shape.ownSegments).sweepInterval(Duration.ZERO).build();
        try (StreamWal wal = SimulatedLog.open(root, options, "boot", false, new Random(1)::nextLong)) {
            for (int window = 0; window < WINDOWS; window++) {
                for (int i = 0; i < RECORDS; i++) {
                    refs.add(wal.stream(KEY).append(now[0].toEpochMilli(), Content.of(refs.size())));
                    EntryRef unused = wal.stream("other").append(now[0].toEpochMilli(), Content.of(refs.size()));
                }
                SimulatedLog.runBackground(wal);
                now[0] = now[0].plus(WINDOW);
            }
        }
    }

    private void downgrade() throws IOException {
        Files.deleteIfExists(earlier);
        Path unused = Files.move(folder, earlier);
    }

    private void upgrade(Step step) {
        try {
            Path unused = Files.move(earlier, folder);
            if (step == Step.DONE) {
                unused = Files.writeString(earlier, "a file");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<Item> ask(WalReader reader, Reading reading) {
        long millis = START.plus(WINDOW).toEpochMilli();
        long argument = switch (reading) {
            case SCAN_LAST -> RECORDS + 1;
            case SCAN_FROM, BACKWARD_FROM, FOLLOW_FROM, FOLLOW_KEYS -> refs.get(RECORDS).position();
            case SCAN_TIME, MERGED -> millis;
            default -> 0;
        };
        return reading.ask(reader, KEY, argument, millis + WINDOW.toMillis(), refs, ticks::incrementAndGet).items();
    }

    @ParameterizedTest
    @EnumSource
    void read_logUpgradedBetweenAnyTwoCalls_nothingIsMissedNeitherThenNorLater(Shape shape) throws IOException {
        write(shape);
        int interleavings = 0;
        for (Reading reading : Reading.values()) {
            List<Item> all;
            try (WalReader reader = WalReader.open(root)) {
                all = ask(reader, reading);
            }
            assertThat(all).as(reading.name()).noneMatch(item -> item.kind() != Kind.RECORD);
            for (Step step : Step.values()) {
                int first = 1 + (step.ordinal() + reading.ordinal()) % STRIDE;
                boolean[] happened = {true};
                for (int call = first; happened[0]; call += STRIDE) {
                    assertThat(call).as("it doesn't end: %s", reading).isLessThan(MAX_CALLS);
                    downgrade();
                    happened[0] = false;
                    try (WalReader reader = WalReader.open(root)) {
                        // half of them have read before
                        if (call / STRIDE % 2 == 0) {
                            assertThat(ask(reader, reading)).isEqualTo(all);
                        }
                        disk.meanwhile(call, () -> {
                            happened[0] = true;
                            upgrade(step);
                        });
                        assertThat(ask(reader, reading)).as("%s before call %s of %s", step, call, reading).isEqualTo(all);
                        disk.meanwhile(0, null);
                        assertThat(ask(reader, reading)).as("%s before call %s of %s, later", step, call, reading).isEqualTo(all);
                    }
                    if (!happened[0]) {
                        upgrade(step);
                    }
                    interleavings++;
                }
            }
        }
        assertThat(interleavings).isGreaterThan(Reading.values().length * Step.values().length * 2);
    }
}
