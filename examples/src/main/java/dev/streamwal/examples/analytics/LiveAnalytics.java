package dev.streamwal.examples.analytics;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStats;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Measures of four services are appended to a log; a page in the browser shows what they come to, a second after they were appended. Runs until it is
 * stopped by Ctrl-C. Arguments are a port (0: any) and a directory.
 */
public final class LiveAnalytics {
    private static final int PORT = 8080;

    private final JsonMapper json = JsonMapper.builder().build();
    private final PrintStream out;

    /** What the page shows. */
    private record PageView(long appends, long bytes, String health, List<Analytics.ServiceView> services) {}

    private LiveAnalytics(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        int port = args.length > 0 ? Integer.parseInt(args[0]) : PORT;
        Path root = args.length > 1 ? Path.of(args[1]) : Files.createTempDirectory("stream-wal-");
        new LiveAnalytics(System.out).run(port, root);
    }

    private void run(int port, Path root) throws IOException, InterruptedException {
        WalOptions options = WalOptions.builder().retention(Duration.ofHours(1)).build();
        try (StreamWal wal = StreamWal.open(root, options); WalReader reader = wal.reader()) {
            Source source = new Source(wal, out);
            if (reader.keys(Source.KEYS).isEmpty()) {
                long now = System.currentTimeMillis();
                source.catchUp(now - RollingMinute.SECONDS * 1_000L, now);
            }
            Thread running = new Thread(source::run, "source");
            try (Analytics analytics = new Analytics(reader, out); WebServer server = new WebServer(port, () -> event(wal, analytics))) {
                running.start();
                out.println("log  " + root);
                out.println("page " + server.address());
                awaitStop();
            } finally {
                running.interrupt();
                running.join();
            }
            out.println("closing the log, " + wal.stats().appends() + " records");
        }
        out.println("closed");
    }

    private byte[] event(StreamWal wal, Analytics analytics) throws IOException {
        WalStats stats = wal.stats();
        return json.writeValueAsBytes(new PageView(stats.appends(), stats.bytes(), wal.health().state().name(), analytics.services()));
    }

    /** Ctrl-C runs the hook; the JVM ends when the hook does, which waits until the log is closed. */
    private static void awaitStop() throws InterruptedException {
        CountDownLatch stopped = new CountDownLatch(1);
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stopped.countDown();
            try {
                main.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "stop"));
        stopped.await();
    }
}
