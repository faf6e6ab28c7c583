package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.ConsumerInUseException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.LostRange;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Consumers in other processes: what they have committed survives that they are killed, and the writer's sweeps see it. */
@Timeout(300)
class ConsumerProcessTest {

    private static final String KEY = "s";
    private static final String NAME = "shipper";
    private static final List<String> FLAGS = List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    private static Process start(LogHome home, boolean goesRound) throws IOException {
        return ChildJvm.of(FLAGS, ConsumerProcess.class, home.root().toString(), NAME, KEY, String.valueOf(goesRound))
                .redirectErrorStream(true).start();
    }

    /** As {@code kill -9}; what it has said can still be read, other than after {@link Process#destroyForcibly()}. */
    private static void kill(Process process) {
        assertThat(process.toHandle().destroyForcibly()).isTrue();
        process.onExit().orTimeout(300, TimeUnit.SECONDS).join();
    }

    @Test
    void commit_killedAnywhere_isThereOrTheOneBefore() throws Exception {
        int kills = Math.max(2, (int) (12 * Scale.factor()));
        Random random = new Random(5);
        try (LogHome home = LogHome.channel(); StreamWal wal = StreamWal.open(home.root()); WalReader reader = wal.reader()) {
            List<Long> positions = new ArrayList<>(List.of(0L));
            for (int i = 0; i < 300; i++) {
                positions.add(wal.stream(KEY).append(new byte[50]).end());
            }
            for (int kill = 0; kill < kills; kill++) {
                Process process = start(home, true);
                long said = said(process, random.nextInt(3_000));
                kill(process);
                long committed = reader.describeConsumer(NAME).orElseThrow().committed().get(KEY);
                // what it had said before it was killed is read to the end: the next one may be there too
                long last = lastSaid(process, said);
                int next = (positions.indexOf(last) + 1) % positions.size();
                assertThat(committed).as("after it had said %d", last).isIn(last, positions.get(next));
            }
        }
    }

    private static long said(Process process, int lines) throws IOException {
        BufferedReader out = reader(process);
        String opened = out.readLine();
        assertThat(opened).startsWith("open ");
        long last = Long.parseLong(opened.substring("open ".length()));
        for (int i = 0; i < lines; i++) {
            last = Long.parseLong(out.readLine());
        }
        return last;
    }

    /** The same one at each call. */
    private static BufferedReader reader(Process process) {
        return process.inputReader(StandardCharsets.UTF_8);
    }

    /** A line that was cut short by the kill isn't one. */
    private static long lastSaid(Process process, long before) throws IOException {
        StringBuilder text = new StringBuilder();
        char[] chars = new char[4_096];
        BufferedReader out = reader(process);
        for (int count = out.read(chars); count > 0; count = out.read(chars)) {
            text.append(chars, 0, count);
        }
        int end = text.lastIndexOf("\n");
        if (end < 0) {
            return before;
        }
        return Long.parseLong(text.substring(text.lastIndexOf("\n", end - 1) + 1, end));
    }

    @Test
    void sweep_consumerInAnotherProcess_keepsWhatItHasNotCommitted() throws Exception {
        ManualClock clock = new ManualClock(Instant.parse("2026-03-01T12:00:00Z").toEpochMilli());
        WalOptions options = WalOptions.builder().clock(clock).window(Duration.ofMinutes(10)).retention(Duration.ofMinutes(10))
                .sweepInterval(Duration.ZERO)
                .streams("*", StreamOptions.builder().retainFor(NAME, 1L << 40, Duration.ofDays(1)).build()).build();
        try (LogHome home = LogHome.mapped(); StreamWal wal = StreamWal.open(home.root(), options)) {
            EntryRef last = null;
            for (int window = 0; window < 4; window++) {
                last = wal.stream(KEY).append(new byte[100]);
                clock.advance(Duration.ofMinutes(10));
            }
            clock.advance(Duration.ofHours(1));
            assertThat(wal.sweep()).extracting(SweepResult::deletedSegments, SweepResult::heldSegments).containsExactly(0, 4);

            Process process = start(home, false);
            try {
                BufferedReader out = reader(process);
                String line = out.readLine();
                while (!line.equals("done")) {
                    line = out.readLine();
                }
                try (WalReader reader = wal.reader()) {
                    assertThatThrownBy(() -> reader.consumer(NAME, Keys.key(KEY))).isInstanceOf(ConsumerInUseException.class)
                            .hasMessageContaining("another process");
                    assertThat(reader.describeConsumer(NAME).orElseThrow().committed()).containsEntry(KEY, last.end());
                    assertThat(wal.sweep().deletedSegments()).isEqualTo(4);
                }
            } finally {
                kill(process);
            }
            try (WalReader reader = wal.reader(); WalConsumer consumer = reader.consumer(NAME, Keys.key(KEY))) {
                assertThat(consumer.lost()).isEmpty();
                EntryRef next = wal.stream(KEY).append(new byte[10]);
                assertThat(consumer.entries().next()).isTrue();
                assertThat(consumer.entries().ref()).isEqualTo(next);
                assertThat(consumer.lost()).isEqualTo(List.<LostRange>of());
            }
        }
    }
}
