package dev.streamwal.examples.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The table, where the log can't be read. */
@Timeout(300)
class DashboardTest {
    @TempDir
    Path folder;

    @Test
    void tableThatFails_isSaid_andTheNextOneIsTried() throws Exception {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        StreamWal wal = StreamWal.open(folder);
        try (Dashboard dashboard = new Dashboard(wal, new PrintStream(printed, true, UTF_8), Duration.ofMillis(20))) {
            wal.close();
            while (printed.toString(UTF_8).lines().filter(line -> line.startsWith("no table this time: ")).count() < 2) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            assertThat(dashboard).isNotNull();
        }
    }
}
