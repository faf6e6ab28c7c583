package dev.streamwal.examples.analytics;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** The JDK's HTTP server, on this machine only: the page, and server-sent events, one a second, with what the page shows. */
final class WebServer implements AutoCloseable {
    private static final String POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";
    private static final int NO_BODY = -1;
    private static final int UNKNOWN_LENGTH = 0;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(); // an open page has a thread of its own
    private final byte[] page;
    private final Events events;

    /** What an event says, as JSON. */
    interface Events {
        byte[] next() throws IOException;
    }

    WebServer(int port, Events events) throws IOException {
        this.events = events;
        try (InputStream file = Objects.requireNonNull(WebServer.class.getResourceAsStream("page.html"), "page.html")) {
            page = file.readAllBytes();
        }
        server = listen(port);
        server.createContext("/", only("/", this::sendPage));
        server.createContext("/events", only("/events", this::sendEvents));
        server.setExecutor(threads);
        server.start();
    }

    private static HttpServer listen(int port) throws IOException {
        try {
            return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (BindException e) {
            throw new IOException("can't listen at the port: port=" + port + "; give another one as the first argument, or 0 for any", e);
        }
    }

    String address() {
        return "http://localhost:" + server.getAddress().getPort() + "/";
    }

    /** A context gets all paths that begin with its own. */
    private static HttpHandler only(String path, HttpHandler handler) {
        return exchange -> {
            try (exchange) {
                if (!exchange.getRequestURI().getPath().equals(path)) {
                    exchange.sendResponseHeaders(404, NO_BODY);
                } else if (!exchange.getRequestMethod().equals("GET")) {
                    exchange.sendResponseHeaders(405, NO_BODY);
                } else {
                    handler.handle(exchange);
                }
            }
        };
    }

    private void sendPage(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
        exchange.getResponseHeaders().set("Content-Security-Policy", POLICY);
        exchange.sendResponseHeaders(200, page.length);
        exchange.getResponseBody().write(page);
    }

    /** Until the page is closed: then writing fails, which the server takes as the end. Or until the server is. */
    private void sendEvents(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(200, UNKNOWN_LENGTH);
        OutputStream body = exchange.getResponseBody();
        try {
            while (true) {
                body.write("data: ".getBytes(UTF_8));
                body.write(events.next());
                body.write("\n\n".getBytes(UTF_8));
                body.flush();
                TimeUnit.SECONDS.sleep(1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        server.stop(0);
    }
}
