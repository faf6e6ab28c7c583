package dev.streamwal.examples.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.streamwal.StreamWal;
import dev.streamwal.metrics.ConsumerMetrics;
import dev.streamwal.metrics.StreamWalMetrics;
import dev.streamwal.reader.WalReader;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Serves the metrics of the log and of its shipper as Prometheus reads them, on this machine only, for the dashboard in {@code docs/grafana}. Whoever
 * asks waits for the answer; appends don't.
 */
final class MetricsEndpoint implements AutoCloseable {
    private static final String PATH = "/metrics";
    private static final String LOG = "gateway";

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    // fields, as the registry itself holds none of them
    private final WalReader reader;
    private final StreamWalMetrics ofLog;
    private final ConsumerMetrics ofShipper;
    private final ExecutorService threads = Executors.newCachedThreadPool(); // who reads slowly, or asks slowly, keeps nobody else waiting
    private final HttpServer server;

    /** The port comes last: nothing fails behind it and leaves it taken. */
    MetricsEndpoint(StreamWal wal, int port) throws IOException {
        reader = wal.reader();
        try {
            ofLog = new StreamWalMetrics(wal, LOG);
            ofShipper = new ConsumerMetrics(reader, LOG, Shipper.NAME);
            ofLog.bindTo(registry);
            ofShipper.bindTo(registry);
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (IOException | RuntimeException e) {
            reader.close();
            throw e;
        }
        server.setExecutor(threads);
        server.createContext(PATH, this::answer);
        server.start();
    }

    String address() {
        return "http://localhost:" + server.getAddress().getPort() + PATH;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] text = registry.scrape().getBytes(UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
            exchange.sendResponseHeaders(200, text.length);
            exchange.getResponseBody().write(text);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        server.stop(0);
        ofShipper.close();
        ofLog.close();
        reader.close();
    }
}
