package dev.streamwal.ratis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.WriteEntry;
import dev.streamwal.ratis.metrics.ReplicaMetrics;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A registry shows what {@link ReplicatedWalServer#status()} says. */
class ReplicaMetricsTest {

    @TempDir
    Path folder;

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    private double value(String name, int shard) {
        Meter meter = registry.get("streamwal.replica." + name).tags("replica", "n0", "shard", "" + shard).meter();
        return meter.measure().iterator().next().getValue();
    }

    @Test
    void meters_ofARunningAndOfAClosedReplica_areAsItsStatus() throws Exception {
        Replicas replicas = ReplicaProcesses.onFreePorts(1);
        ReplicatedWalServer server = ReplicatedWalServer.start("n0", folder, Replica.options(replicas, 2));
        try (server; ReplicatedWal wal = ReplicatedWal.connect(replicas, Batching.of(Duration.ZERO, 1))) {
            for (int i = 0; i < 20; i++) {
                assertThat(wal.append("key/" + i, WriteEntry.of("x".getBytes(UTF_8))).get(300, TimeUnit.SECONDS)).isNotNull();
            }
            try (ReplicaMetrics metrics = new ReplicaMetrics(server)) {
                metrics.bindTo(registry);
                for (int shard = 0; shard < 2; shard++) {
                    double applied = value("applied.index", shard);
                    double clock = value("clock", shard);
                    // a replica goes on
                    ReplicaStatus status = server.status().get(shard);
                    assertThat(status.shard()).isEqualTo(shard);
                    assertThat(value("up", shard)).isEqualTo(1);
                    assertThat(value("leader", shard)).isEqualTo(1);
                    assertThat(applied).isPositive().isLessThanOrEqualTo((double) status.appliedIndex());
                    assertThat(value("damaged", shard)).isZero();
                    assertThat(value("clock.ahead", shard)).isZero();
                    assertThat(clock).as("seconds").isBetween(1.7e9, status.clock().toEpochMilli() / 1e3);
                    assertThat(value("images.fetched", shard)).isZero();
                    assertThat(value("images", shard)).isNotNegative();
                    assertThat(value("image.index", shard)).isGreaterThanOrEqualTo(-1);
                    assertThat(value("streams", shard)).isNotNegative();
                    assertThat(value("image.longest", shard)).isNotNegative();
                }
                assertThat(registry.getMeters()).hasSize(22);
            }
            assertThat(registry.getMeters()).isEmpty();
        }
        try (ReplicaMetrics metrics = new ReplicaMetrics(server)) {
            metrics.bindTo(registry);
            assertThat(value("up", 1)).isZero();
            assertThat(value("leader", 1)).isNaN();
            assertThat(value("applied.index", 1)).isNaN();
            assertThat(value("images", 1)).isZero();
        }
    }
}
