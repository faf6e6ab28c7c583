package dev.streamwal.examples.springboot;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.SampleStream;
import dev.streamwal.StreamWal;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;

/** An application that appends readings and shows what it has. It goes on where its last run ended; properties are in {@code application.properties}. */
@SpringBootApplication
class TelemetryApplication {
    private static final int READINGS = 1_000;

    public static void main(String[] args) {
        try (ConfigurableApplicationContext context = SpringApplication.run(TelemetryApplication.class, args)) {
            System.out.println("stopping, the log's health is " + context.getBean(StreamWalHealthIndicator.class).health().getStatus());
        }
        System.out.println("closed");
    }

    @Bean
    ApplicationRunner readings(StreamWal wal, WalReader reader, StreamWalHealthIndicator indicator, MeterRegistry registry) {
        return arguments -> {
            EntryRef audited = wal.stream("audit/application").append("started".getBytes(UTF_8));
            SampleStream power = wal.samples("meter/4711/power");
            for (int i = 0; i < READINGS; i++) {
                long unused = power.append(230 + Math.sin(i));
            }
            Health health = indicator.health();
            System.out.println("started as " + audited);
            System.out.println("health  " + health.getStatus() + " " + health.getDetails());
            System.out.println("metrics streamwal.appends=" + (long) registry.get("streamwal.appends").functionCounter().count());
            System.out.println("read    " + count(reader, power.key()) + " readings of all runs");
        };
    }

    private static int count(WalReader reader, String key) {
        int count = 0;
        try (EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                count++;
            }
        }
        return count;
    }
}
