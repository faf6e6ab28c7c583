package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A writer in another process is killed again and again, with slots that are reserved and not published, and started again. What the tails
 * have delivered in the end is what is in the log, each record once and in order.
 */
class FollowKilledWriterTest {

    private static final int KILLS = 5;
    private static final long RECORDS = 2_000;
    private static final Duration SHORT = Duration.ofMillis(20);

    @TempDir
    private Path folder;

    private final Map<String, List<Long>> byPrefix = new TreeMap<>();
    private final List<Long> ofOne = new ArrayList<>();

    @Test
    @Timeout(300)
    void next_writerIsKilledAndStartedAgain_deliversWhatIsThereOnce() throws Exception {
        Path root = Files.createDirectory(folder.resolve("log"));
        try (WalReader reader = WalReader.open(root); EntryTail all = reader.follow(Keys.prefix("s"), ReadFrom.first());
                EntryTail one = reader.follow("s3", ReadFrom.first())) {
            for (int round = 0; round <= KILLS; round++) {
                Process writer = ChildJvm.of(List.of("-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"), FollowedWriter.class,
                        root.toString(), String.valueOf(RECORDS)).redirectError(ProcessBuilder.Redirect.DISCARD).start();
                try {
                    assertThat(writer.inputReader().readLine()).isEqualTo("open");
                    long until = delivered() + (round == KILLS ? Long.MAX_VALUE / 2 : 200 + 100L * round);
                    while (writer.isAlive() && delivered() < until) {
                        take(all, one);
                    }
                } finally {
                    writer.destroyForcibly();
                    assertThat(writer.waitFor(300, TimeUnit.SECONDS)).isTrue();
                }
            }
            Map<String, List<Long>> there = everything(reader);
            while (delivered() < there.values().stream().mapToInt(List::size).sum() || ofOne.size() < there.get("s3").size()) {
                take(all, one);
            }
            assertThat(byPrefix).isEqualTo(there);
            assertThat(ofOne).isEqualTo(there.get("s3"));
            assertThat(all.next(SHORT)).isFalse();
            assertThat(one.next(SHORT)).isFalse();
        }
    }

    private long delivered() {
        return byPrefix.values().stream().mapToInt(List::size).sum();
    }

    private void take(EntryTail all, EntryTail one) throws InterruptedException {
        for (boolean found = all.next(SHORT); found; found = all.next()) {
            byPrefix.computeIfAbsent(all.key(), key -> new ArrayList<>()).add(all.position());
        }
        while (one.next()) {
            ofOne.add(one.position());
        }
    }

    private static Map<String, List<Long>> everything(WalReader reader) {
        Map<String, List<Long>> there = new TreeMap<>();
        for (String key : reader.keys()) {
            List<Long> positions = there.computeIfAbsent(key, k -> new ArrayList<>());
            try (EntryCursor cursor = reader.scan(key)) {
                while (cursor.next()) {
                    positions.add(cursor.position());
                }
            }
        }
        return there;
    }
}
