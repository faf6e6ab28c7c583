package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The clock that a program gives throws, or returns null, for some time. */
class FailingClockTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    private Path root;

    private volatile Supplier<Instant> clock = () -> NOW;

    private WalOptions options(WalListener listener) {
        return WalOptions.builder().clock(() -> clock.get()).sweepInterval(Duration.ofMillis(10)).listener(listener).build();
    }

    private static Instant failing() {
        throw new IllegalStateException("the program's clock has failed");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void callsThrow_andTheBackgroundSaysSo_untilTheClockIsBack(boolean isNull) throws Exception {
        CompletableFuture<Throwable> told = new CompletableFuture<>();
        WalListener listener = new WalListener() {
            @Override
            public void onFailure(String task, Optional<String> key, Throwable failure) {
                told.complete(failure);
            }
        };
        byte[] content = "1".getBytes(UTF_8);
        try (StreamWal wal = StreamWal.open(root, options(listener));
                WalReader reader = WalReader.open(root, ReaderOptions.builder().clock(() -> clock.get()).build());
                WalConsumer consumer = reader.consumer("shipper", Keys.key("a"))) {
            WalStream stream = wal.stream("a");
            long unused = stream.append(content).position();
            assertThat(consumer.entries().next()).isTrue();
            clock = isNull ? () -> null : FailingClockTest::failing;
            assertThatThrownBy(() -> stream.append(content)).isInstanceOf(IllegalStateException.class).hasMessageContaining("the program's clock");
            assertThatThrownBy(() -> consumer.commit("a", consumer.entries().nextPosition())).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("the program's clock");
            assertThat(told.get(60, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class).hasMessageContaining("the program's clock");
            WalHealth health = wal.health();
            assertThat(health.state()).isEqualTo(WalHealth.State.DEGRADED);
            assertThat(health.since()).isEqualTo(NOW);
            clock = () -> NOW;
            unused = stream.append(content).position();
            consumer.commit("a", consumer.entries().nextPosition());
            long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (wal.health().state() != WalHealth.State.OK && System.nanoTime() < deadlineNanos) {
                Thread.sleep(10);
            }
            assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
        }
    }

    @Test
    void openingThrows_andLeavesNothingOpen() {
        clock = () -> null;
        assertThatThrownBy(() -> StreamWal.open(root, options(new WalListener() { }))).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the program's clock returned null");
        clock = () -> NOW;
        StreamWal.open(root, options(new WalListener() { })).close();
    }
}
