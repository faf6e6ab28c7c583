package dev.streamwal.examples.analytics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.examples.DamagedRecord;
import dev.streamwal.examples.LogAway;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a failure leaves of the analytics, and of what they are fed with. */
@Timeout(300)
class AnalyticsTest {
    private static final String KEY = "latency/login";

    @TempDir
    Path folder;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(printed, true, UTF_8);

    @Test
    void damagedRecord_isLeftOut_andSaid() throws Exception {
        long justNow = Instant.now().minusSeconds(5).toEpochMilli();
        try (StreamWal wal = StreamWal.open(folder); WalReader reader = wal.reader()) {
            long first = wal.samples(KEY).append(justNow, 1);
            EntryRef damaged = wal.stream(KEY).append(justNow, "to be damaged".getBytes(UTF_8));
            long last = wal.samples(KEY).append(justNow, 2);
            assertThat(List.of(first, damaged.position(), last)).isSorted();
            DamagedRecord.of(folder, "to be damaged");
            try (Analytics analytics = new Analytics(reader, out)) {
                assertThat(analytics.services()).singleElement().satisfies(service -> assertThat(service.minute().count()).isEqualTo(2));
            }
        }
        assertThat(printed.toString(UTF_8)).startsWith("left out of the analytics: ");
    }

    @Test
    void logThatFailsForAWhile_isSaid_andFollowedAfterwards() throws Exception {
        try (StreamWal wal = StreamWal.open(folder); WalReader reader = WalReader.open(folder); Analytics analytics = new Analytics(reader, out)) {
            assertThat(analytics.services()).isEmpty();
            long unused = wal.samples("latency/search").append(Instant.now().minusSeconds(2).toEpochMilli(), 1);
            try (LogAway away = LogAway.segments(folder)) {
                assertThat(away).isNotNull();
                while (printed.size() == 0) {
                    TimeUnit.MILLISECONDS.sleep(10);
                }
            }
            while (analytics.services().isEmpty()) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
        }
        assertThat(printed.toString(UTF_8)).startsWith("tries again in a while: ");
    }

    @Test
    void source_whoseLogTakesNothing_saysSo_andGoesOn() throws Exception {
        StreamWal wal = StreamWal.open(folder);
        Source source = new Source(wal, out);
        wal.close();
        Thread running = new Thread(source::run, "source");
        running.start();
        while (printed.toString(UTF_8).lines().count() < 2 && running.isAlive()) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(running.isAlive()).isTrue();
        running.interrupt();
        running.join();
        assertThat(printed.toString(UTF_8).lines()).allMatch(line -> line.startsWith("not appended: "));
    }
}
