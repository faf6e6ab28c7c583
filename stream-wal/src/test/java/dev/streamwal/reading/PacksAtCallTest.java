package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A call that reads many streams from packs, beside the process that writes, looks at the list of packs once, and knows what was deleted before it. */
class PacksAtCallTest {

    private static final int KEYS = 50;
    private static final int FEW = 8;
    private static final Duration WINDOW = Duration.ofMinutes(10);

    private final SimulatedDisk disk = new SimulatedDisk();
    private final Path root = disk.path("/log");
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private final StreamWal wal = SimulatedLog.open(root, WalOptions.builder().clock(() -> now).window(WINDOW).retention(Duration.ofDays(10)).ownSegments(0)
            .sweepInterval(Duration.ZERO).build(), "", false, new Random(1)::nextLong);
    private final WalReader reader = WalReader.open(root);
    private final List<String> keys = new ArrayList<>();
    private final List<EntryRef> refs = new ArrayList<>();
    private final Deque<Instant> erased = new ArrayDeque<>();

    PacksAtCallTest() {
        for (int i = 0; i < KEYS; i++) {
            keys.add("k" + i);
            refs.add(wal.stream("k" + i).append(new byte[20]));
        }
        for (int i = 0; i < 10 * KEYS; i++) {
            now = now.plusMillis(1);
            erased.add(now);
            EntryRef unused = wal.stream("erased").append(new byte[20]);
        }
        now = now.plus(WINDOW.multipliedBy(3));
        assertThat(wal.pack()).isPositive();
    }

    @AfterEach
    void close() {
        disk.meanwhile(0, null);
        reader.close();
        wal.close();
    }

    @Test
    void readBatch_ofManyStreams_makesNoMoreCallsThanOfOne() {
        int unused = callsOf(() -> assertFound(refs));
        assertThat(callsOf(() -> assertFound(refs))).isEqualTo(callsOf(() -> assertFound(refs.subList(0, 1))));
    }

    @Test
    void latest_ofManyStreams_makesNoMoreCallsThanOfTwo() {
        int unused = callsOf(() -> assertThat(reader.latest(keys)).hasSize(KEYS));
        assertThat(callsOf(() -> assertThat(reader.latest(keys)).hasSize(KEYS)))
                .isEqualTo(callsOf(() -> assertThat(reader.latest(keys.subList(0, 2))).hasSize(2)));
    }

    /** The pack stays as it is, and open. */
    @Test
    void readBatch_oneStreamWasDeletedBefore_doesNotFindIt() {
        assertFound(refs);
        assertThat(wal.delete("k7")).isTrue();
        try (EntryBatch batch = reader.readBatch(refs)) {
            assertThat(batch.status(7)).isNotEqualTo(EntryBatch.Status.FOUND);
        }
        assertThat(reader.latest(keys)).hasSize(KEYS - 1).doesNotContainKey("k7");
    }

    /** Before each call of the disk in turn, another pack takes the place of this one; for a reader that knows the streams, and for one that doesn't. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void readBatch_packIsReplacedMeanwhile_findsAll(boolean isNew) {
        assertFound(refs);
        boolean[] isReplaced = {true};
        for (int call = 1; isReplaced[0]; call++) {
            try (WalReader other = WalReader.open(root)) {
                isReplaced[0] = false;
                disk.meanwhile(call, () -> {
                    replacePack();
                    isReplaced[0] = true;
                });
                assertFound(isNew ? other : reader, refs.subList(0, FEW));
                disk.meanwhile(0, null);
            }
            assertThat(reader.latest(keys)).hasSize(KEYS);
        }
    }

    /** It is written anew without a record of a stream that nobody reads here. */
    private void replacePack() {
        List<Path> packs = packs();
        Instant time = erased.removeLast();
        assertThat(wal.erase(Keys.key("erased"), time, time.plusMillis(1)).records()).isEqualTo(1);
        assertThat(packs()).doesNotContainAnyElementsOf(packs);
    }

    private List<Path> packs() {
        try (Stream<Path> files = Files.list(root.resolve("packs"))) {
            return files.filter(file -> file.toString().endsWith(".pack")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void assertFound(List<EntryRef> asked) {
        assertFound(reader, asked);
    }

    private static void assertFound(WalReader from, List<EntryRef> asked) {
        try (EntryBatch batch = from.readBatch(asked)) {
            for (int i = 0; i < asked.size(); i++) {
                assertThat(batch.status(i)).as("%s", asked.get(i)).isEqualTo(EntryBatch.Status.FOUND);
            }
        }
    }

    private int callsOf(Runnable reading) {
        int before = disk.calls();
        reading.run();
        return disk.calls() - before;
    }
}
