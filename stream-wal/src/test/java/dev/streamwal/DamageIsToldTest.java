package dev.streamwal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.CorruptSegmentException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damage in a shared segment is told to the listener, by the log's health, and by its counts, whoever of the log's own threads finds it. */
class DamageIsToldTest {

    private static final String CONTENT = "the record that is damaged";

    private final List<String> failures = new CopyOnWriteArrayList<>();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    Path root;

    private StreamWal open() {
        WalListener listener = new WalListener() {
            @Override
            public void onFailure(String task, Optional<String> key, Throwable failure) {
                failures.add(task + " " + failure.getMessage());
            }
        };
        return StreamWal.open(root, WalOptions.builder().ownSegments(0).segmentBytes(1 << 16).sweepInterval(Duration.ZERO).clock(() -> now)
                .listener(listener).build());
    }

    /** Twice as much as a segment has. */
    private static void append(StreamWal wal) {
        wal.stream("a").append(CONTENT.getBytes(ISO_8859_1));
        for (int i = 0; i < 2_000; i++) {
            wal.stream("b").append(new byte[32]);
        }
        wal.sync();
    }

    private void damage() throws IOException {
        Path oldest;
        try (Stream<Path> files = Files.walk(root.resolve("segments"))) {
            oldest = files.filter(file -> file.toString().endsWith(".seg")).sorted().findFirst().orElseThrow();
        }
        int at = new String(Files.readAllBytes(oldest), ISO_8859_1).indexOf(CONTENT);
        assertThat(at).isPositive();
        try (FileChannel file = FileChannel.open(oldest, StandardOpenOption.WRITE)) {
            assertThat(file.write(ByteBuffer.wrap(new byte[] {'!'}), at)).isOne();
        }
    }

    private static void assertDegraded(StreamWal wal) {
        assertThat(wal.health().state()).isEqualTo(WalHealth.State.DEGRADED);
        assertThat(wal.health().task()).hasValue("damage");
        assertThat(wal.health().cause()).hasValueSatisfying(cause -> assertThat(cause).isInstanceOf(CorruptSegmentException.class));
        assertThat(wal.activity().corruptions()).isOne();
    }

    /** Packing is the last to see it: packs don't have it. */
    @Test
    void pack_aRecordOfASealedSegmentIsDamaged_isToldOnceAndKeepsTheLogDegraded() throws IOException {
        try (StreamWal wal = open()) {
            append(wal);
            damage();
            assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
            now = now.plus(Duration.ofDays(1));
            assertThat(wal.pack()).isPositive();
            wal.awaitListener();
            assertThat(failures).singleElement().satisfies(told -> assertThat(told).startsWith("damage ").contains("quarantine", "offset="));
            assertDegraded(wal);
            append(wal);
            now = now.plus(Duration.ofDays(1));
            assertThat(wal.pack()).isPositive();
            wal.awaitListener();
            assertThat(failures).hasSize(1);
            assertDegraded(wal);
        }
        try (StreamWal wal = open()) {
            assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
            assertThat(failures).hasSize(1);
        }
    }

    /** The newest shared segment is recovered when the log is opened. */
    @Test
    void open_aRecordOfTheNewestSegmentIsDamaged_degradesTheLogUntilItIsOpenedAgain() throws IOException {
        try (StreamWal wal = open()) {
            wal.stream("a").append(CONTENT.getBytes(ISO_8859_1));
            wal.stream("b").append(new byte[32]);
        }
        damage();
        try (StreamWal wal = open()) {
            wal.recoverAll(progress -> { });
            assertDegraded(wal);
            wal.stream("b").append(new byte[32]);
            now = now.plus(Duration.ofDays(1));
            assertThat(wal.pack()).isPositive();
            assertDegraded(wal);
        }
        try (StreamWal wal = open()) {
            assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
        }
    }
}
