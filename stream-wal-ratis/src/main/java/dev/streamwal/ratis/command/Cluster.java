package dev.streamwal.ratis.command;

import dev.streamwal.ratis.Batching;
import dev.streamwal.ratis.RatisOptions;
import dev.streamwal.ratis.ReplicaTls;
import dev.streamwal.ratis.Replicas;
import dev.streamwal.ratis.ReplicatedWal;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Which log a command is about, and how it is connected to. */
final class Cluster {

    @Option(names = "--replicas", required = true, split = ",", paramLabel = "NAME=HOST:PORT", description = "All replicas, with commas.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String[] replicas;

    @ArgGroup(exclusive = false)
    private @Nullable Tls tls;

    /** All of them, or none. */
    private static final class Tls {

        @Option(names = "--key", required = true, paramLabel = "FILE", description = "One's own private key, PEM (PKCS #8).")
        @SuppressWarnings("NullAway.Init")
        private Path key;

        @Option(names = "--certificates", required = true, paramLabel = "FILE", description = "One's own certificate, and those that signed it, PEM.")
        @SuppressWarnings("NullAway.Init")
        private Path certificates;

        @Option(names = "--trusted", required = true, paramLabel = "FILE", description = "Whose signature the others' certificates may have, PEM.")
        @SuppressWarnings("NullAway.Init")
        private Path trusted;

        ReplicaTls files() {
            return new ReplicaTls(key, certificates, trusted);
        }
    }

    Replicas replicas() {
        return Replicas.of(replicas);
    }

    RatisOptions.Builder options() {
        RatisOptions.Builder options = RatisOptions.builder().replicas(replicas());
        return tls == null ? options : options.tls(tls.files());
    }

    ReplicatedWal connect() {
        Batching batching = Batching.of(Duration.ofMillis(5), 1_000);
        return tls == null ? ReplicatedWal.connect(replicas(), batching) : ReplicatedWal.connect(replicas(), batching, tls.files());
    }
}
