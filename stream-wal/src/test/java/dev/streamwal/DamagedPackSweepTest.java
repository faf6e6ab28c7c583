package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sweep beside a pack whose table is damaged: what can be read, and isn't due, stays. */
class DamagedPackSweepTest {

    private static final int STREAMS = 2_000;
    private static final Duration WINDOW = Duration.ofHours(1);
    private static final Duration RETENTION = Duration.ofHours(48);

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));

    @TempDir
    private Path folder;

    private StreamWal open(StreamOptions ofFirst) {
        return StreamWal.open(folder.resolve("log"), WalOptions.builder().window(WINDOW).retention(RETENTION).streams("k/0", ofFirst)
                .ownSegments(0).clock(now::get).sweepInterval(Duration.ZERO).build());
    }

    /** Returns how many streams can be read. */
    private int packAndDamage(StreamOptions ofFirst) throws IOException {
        pack(ofFirst);
        byte[] unused = damage();
        int readable = readable();
        assertThat(readable).isBetween(STREAMS / 2, STREAMS - 1);
        return readable;
    }

    private void pack(StreamOptions ofFirst) {
        try (StreamWal wal = open(ofFirst)) {
            for (int i = 0; i < STREAMS; i++) {
                EntryRef unused = wal.stream("k/" + i).append(new byte[] {1});
            }
            now.set(now.get().plus(WINDOW.multipliedBy(2)));
            // sealing happens in the background
            LogContract.await("all is in packs", () -> {
                int unused = wal.pack();
                return wal.stats().sharedSegments() == 0;
            });
        }
    }

    /** Returns what the pack had before. */
    private byte[] damage() throws IOException {
        byte[] whole = Files.readAllBytes(pack());
        byte[] bytes = whole.clone();
        // in the first block of the table, which stands behind the frames
        bytes[firstOfTable(bytes)] ^= 1;
        Files.write(pack(), bytes);
        return whole;
    }

    private Path pack() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("log/packs"))) {
            return files.filter(file -> file.toString().endsWith(".pack")).findFirst().orElseThrow();
        }
    }

    /** Keys are written whole in the table only. */
    private static int firstOfTable(byte[] pack) {
        byte[] key = {'k', '/', '0'};
        for (int at = 0; at < pack.length - key.length; at++) {
            if (pack[at] == key[0] && pack[at + 1] == key[1] && pack[at + 2] == key[2]) {
                return at;
            }
        }
        throw new AssertionError("no key in the pack");
    }

    private int readable() {
        int readable = 0;
        try (WalReader reader = WalReader.open(folder.resolve("log"))) {
            for (int i = 0; i < STREAMS; i++) {
                try {
                    readable += reader.latest("k/" + i).isPresent() ? 1 : 0;
                } catch (WalException e) {
                    // in the damaged block
                }
            }
        }
        return readable;
    }

    @Test
    void applyRetention_ofOneStreamInADamagedPack_deletesNothing_untilAllIsDue() throws Exception {
        StreamOptions longer = StreamOptions.builder().retention(RETENTION).window(WINDOW).build();
        int readable = packAndDamage(longer);
        StreamOptions shorter = StreamOptions.builder().retention(Duration.ofMinutes(30)).window(WINDOW).build();
        try (StreamWal wal = open(shorter)) {
            SweepResult result = wal.applyRetention(Keys.key("k/0"));
            assertThat(result.deletedSegments()).isZero();
            assertThat(result.failedSegments()).isPositive();
            assertThat(readable()).isEqualTo(readable);
            assertThat(pack()).exists();

            now.set(now.get().plus(RETENTION));
            assertThat(wal.sweep().deletedSegments()).isEqualTo(STREAMS);
            try (Stream<Path> files = Files.list(folder.resolve("log/packs"))) {
                assertThat(files.filter(file -> file.toString().endsWith(".pack"))).isEmpty();
            }
        }
    }

    @Test
    void sweep_whereAConsumerMayHoldWhatIsInADamagedPack_leavesIt() throws Exception {
        Duration held = Duration.ofDays(1);
        StreamOptions retained = StreamOptions.builder().retainFor("shipper", Long.MAX_VALUE, held).build();
        int readable = packAndDamage(retained);
        try (StreamWal wal = open(retained); WalReader reader = wal.reader(); WalConsumer consumer = reader.consumer("shipper", Keys.key("k/0"))) {
            assertThat(consumer.lost()).isEmpty();
            now.set(now.get().plus(RETENTION));
            assertThat(wal.sweep().deletedSegments()).isZero();
            assertThat(readable()).isEqualTo(readable);

            now.set(now.get().plus(held));
            assertThat(wal.sweep().deletedSegments()).isEqualTo(STREAMS);
        }
    }

    /** Nothing has changed, so nothing is read again: it isn't noticed that the table can't be read. */
    @Test
    void sweep_nothingWentOfAPack_readsItWhenSomethingHasChanged() throws Exception {
        Duration held = Duration.ofDays(3);
        StreamOptions retained = StreamOptions.builder().retainFor("shipper", Long.MAX_VALUE, held).build();
        pack(retained);
        try (StreamWal wal = open(retained); WalReader reader = wal.reader(); WalConsumer consumer = reader.consumer("shipper", Keys.key("k/0"))) {
            now.set(now.get().plus(RETENTION));
            assertThat(wal.sweep().deletedSegments()).isEqualTo(STREAMS - 1);
            SweepResult second = wal.sweep();
            assertThat(second).extracting(SweepResult::heldSegments, SweepResult::failedSegments, SweepResult::deletedSegments).containsExactly(1, 0, 0);
            long end = reader.describe("k/0").orElseThrow().endPosition();
            byte[] whole = damage();
            for (int pass = 0; pass < 3; pass++) {
                now.set(now.get().plus(Duration.ofMinutes(1)));
                assertThat(wal.sweep()).isEqualTo(second);
            }
            consumer.commit("k/0", end);
            assertThat(wal.sweep().failedSegments()).as("after a commit").isPositive();
            Files.write(pack(), whole);
            assertThat(wal.sweep().deletedSegments()).as("what the consumer has committed").isEqualTo(1);
        }
    }

    @Test
    void sweep_nothingWentOfAPack_itGoesWhenTheConsumersTimeIsOver() throws Exception {
        Duration held = Duration.ofDays(3);
        StreamOptions retained = StreamOptions.builder().retainFor("shipper", Long.MAX_VALUE, held).build();
        pack(retained);
        Instant expired = now.get().plus(RETENTION);
        try (StreamWal wal = open(retained)) {
            for (Instant at : new Instant[] {expired, expired, expired.plus(held).minus(WINDOW.multipliedBy(2)), expired.plus(held)}) {
                now.set(at);
                assertThat(wal.sweep().heldSegments()).isEqualTo(at.equals(expired.plus(held)) ? 0 : 1);
            }
            assertThat(wal.keys()).isEmpty();
        }
    }

    /** The stream's oldest data is in a file of its own, which can't be read; what is behind it is in a pack. */
    @Test
    void applyRetention_ofAStreamThatCanNotBeLookedAt_deletesNothingOfIt() throws Exception {
        StreamOptions own = StreamOptions.builder().retention(RETENTION).window(WINDOW).segments(Segments.OWN).build();
        try (StreamWal wal = open(own)) {
            EntryRef unused = wal.stream("k/0").append(new byte[] {1});
        }
        now.set(now.get().plus(WINDOW.multipliedBy(2)));
        EntryRef packed;
        try (StreamWal wal = open(StreamOptions.builder().retention(RETENTION).window(WINDOW).build())) {
            packed = wal.stream("k/0").append(new byte[] {2});
            now.set(now.get().plus(WINDOW.multipliedBy(2)));
            LogContract.await("it is in a pack", () -> wal.pack() == 1);
        }
        Path file;
        try (Stream<Path> files = Files.list(folder.resolve("log/segments").resolve(StreamKey.of("k/0").directoryName()))) {
            file = files.findFirst().orElseThrow();
        }
        StreamOptions shorter = StreamOptions.builder().retention(Duration.ofMinutes(30)).window(WINDOW).build();
        try (StreamWal wal = open(shorter); WalReader reader = wal.reader()) {
            assertThat(wal.keys()).containsExactly("k/0");
            Files.delete(file);
            Files.createDirectory(file);
            SweepResult result = wal.applyRetention(Keys.key("k/0"));
            assertThat(result.failedSegments()).isPositive();
            assertThat(result.deletedSegments()).isZero();
            assertThat(reader.find(packed)).isPresent();
        }
    }
}
