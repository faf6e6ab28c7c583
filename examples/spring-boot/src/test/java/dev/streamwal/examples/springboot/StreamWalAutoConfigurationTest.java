package dev.streamwal.examples.springboot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalHealth;
import dev.streamwal.WalOptions;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.actuate.autoconfigure.metrics.MetricsAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.metrics.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.Status;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What an application gets by its properties. */
class StreamWalAutoConfigurationTest {
    @TempDir
    Path folder;

    private static ApplicationContextRunner withoutDirectory() {
        return new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(
                MetricsAutoConfiguration.class, SimpleMetricsExportAutoConfiguration.class, StreamWalAutoConfiguration.class));
    }

    private ApplicationContextRunner runner() {
        return withoutDirectory().withPropertyValues("streamwal.directory=" + folder.resolve("log"));
    }

    private static EntryRef append(StreamWal wal, String key) {
        return wal.stream(key).append(new byte[] {7});
    }

    @Test
    void withoutADirectory_noLog() {
        withoutDirectory().run(context -> assertThat(context).doesNotHaveBean(StreamWal.class));
    }

    @Test
    void log_isWrittenAndRead_healthyAndMeasured() {
        runner().withPropertyValues("streamwal.name=gateway").run(context -> {
            EntryRef ref = append(context.getBean(StreamWal.class), "a");
            assertThat(context.getBean(WalReader.class).find(ref)).isPresent();

            Health health = context.getBean(StreamWalHealthIndicator.class).health();
            assertThat(health.getStatus()).isEqualTo(Status.UP);
            assertThat(health.getDetails()).containsEntry("state", WalHealth.State.OK).containsOnlyKeys("state", "since");

            MeterRegistry registry = context.getBean(MeterRegistry.class);
            assertThat(registry.get("streamwal.streams").tag("log", "gateway").gauge().value()).isEqualTo(1);
            context.getBean(StreamWal.class).close();
            assertThat(context.getBean(StreamWalHealthIndicator.class).health().getStatus()).isEqualTo(Status.DOWN);
        });
    }

    @Test
    void health_ofEachState() {
        assertThat(List.of(WalHealth.State.values())).extracting(StreamWalHealthIndicator::status)
                .containsExactly(Status.UP, Status.UP, Status.DOWN);
    }

    @Test
    void properties_areTheLogsOptions() {
        runner().withPropertyValues("streamwal.retention=30d", "streamwal.window=6h", "streamwal.durability=periodic",
                "streamwal.streams[0].pattern=billing/*", "streamwal.streams[0].durability=immediate", "streamwal.streams[0].retention=3650d",
                "streamwal.streams[1].pattern=*", "streamwal.streams[1].window=1h").run(context -> {
            WalOptions options = context.getBean(StreamWalProperties.class).options();
            assertThat(options.retention()).isEqualTo(Duration.ofDays(30));
            assertThat(options.window()).isEqualTo(Duration.ofHours(6));
            assertThat(options.durability()).isEqualTo(Durability.PERIODIC);
            assertThat(options.streams().keySet()).containsExactly("billing/*", "*");
            StreamOptions billing = options.streams().get("billing/*");
            assertThat(billing.durability()).hasValue(Durability.IMMEDIATE);
            assertThat(billing.retention()).hasValue(Duration.ofDays(3_650));
            assertThat(billing.window()).isEmpty();
            assertThat(options.streams().get("*").window()).hasValue(Duration.ofHours(1));
        });
    }

    @Test
    void propertiesThatAreNotSet_areTheLibrarysDefaults() {
        runner().run(context -> assertThat(context.getBean(StreamWalProperties.class).options())
                .hasToString(WalOptions.builder().build().toString()));
    }

    /** The web server's phase is this one, or an earlier one: it is stopped before any bean is closed. */
    static final class Server implements SmartLifecycle {
        private final StreamWal wal;
        private boolean running;

        Server(StreamWal wal) {
            this.wal = wal;
        }

        @Override
        public void start() {
            running = true;
        }

        @Override
        public void stop() {
            EntryRef unused = append(wal, "last request");
            running = false;
        }

        @Override
        public boolean isRunning() {
            return running;
        }

        @Override
        public int getPhase() {
            return Integer.MIN_VALUE; // the last one to stop
        }
    }

    /** A bean that uses the log until it is closed itself. */
    static final class Meter implements AutoCloseable {
        private final StreamWal wal;

        Meter(StreamWal wal) {
            this.wal = wal;
        }

        @Override
        public void close() {
            EntryRef unused = append(wal, "last reading");
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Users {
        @Bean
        Server server(StreamWal wal) {
            return new Server(wal);
        }

        @Bean
        Meter meter(StreamWal wal) {
            return new Meter(wal);
        }
    }

    @Test
    void end_theLogIsClosed_behindTheServerAndTheBeansThatUseIt() {
        runner().withUserConfiguration(Users.class).run(context -> assertThat(context).hasNotFailed());

        try (StreamWal wal = StreamWal.open(folder.resolve("log"))) {
            assertThat(wal.keys()).containsExactly("last reading", "last request");
        }
    }

    @Test
    void aLogThatIsOpenElsewhere_failsTheContext_andTheCauseSaysSo() {
        try (StreamWal wal = StreamWal.open(folder.resolve("log"))) {
            assertThat(wal.keys()).isEmpty();
            runner().run(context -> assertThat(context).getFailure().rootCause().isInstanceOf(WalLockedException.class));
        }
    }

    @Test
    void anApplicationsOwnLog_takesItsPlace() {
        try (StreamWal own = StreamWal.open(folder.resolve("own"))) {
            runner().withBean(StreamWal.class, () -> own, definition -> {}).run(context -> {
                assertThat(context.getBean(StreamWal.class)).isSameAs(own);
                assertThat(folder.resolve("log")).doesNotExist();
            });
        }
    }
}
