package dev.streamwal.examples.keyservice;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.keys.MasterKeys;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Stands in for a key management service: it has the master keys, and whoever asks never sees one. It notes who asked for what, and a key can be taken
 * away. On this machine only, without authentication: a real one has both.
 */
final class KeyService implements AutoCloseable {
    private static final int KEY_BYTES = 32;
    private static final int MAX_BODY_BYTES = 16 << 10;

    private final HttpServer server;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, byte[]> keys = new HashMap<>();
    private final List<String> audit = new ArrayList<>();
    private String currentId = "";
    private int made;

    /** Starts it, with one key. */
    KeyService() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        String unused = addKey();
        server.start();
    }

    URI address() {
        return URI.create("http://localhost:" + server.getAddress().getPort() + "/");
    }

    /** Makes another key, the current one from now on. */
    synchronized String addKey() {
        byte[] key = new byte[KEY_BYTES];
        random.nextBytes(key);
        made++;
        currentId = "telemetry-" + made;
        keys.put(currentId, key);
        return currentId;
    }

    /** Nothing that was wrapped with it can be unwrapped any more. */
    synchronized void destroyKey(String id) {
        byte[] unused = keys.remove(id);
    }

    /** What was asked for, in order. */
    synchronized List<String> audit() {
        return List.copyOf(audit);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES);
            try {
                send(exchange, 200, answer(exchange.getRequestURI().getPath(), body));
            } catch (KeyUnavailableException e) {
                send(exchange, 404, String.valueOf(e.getMessage()).getBytes(UTF_8));
            } catch (IllegalArgumentException e) {
                send(exchange, 400, e.toString().getBytes(UTF_8));
            }
        }
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    /** {@code GET current}, {@code POST wrap/<id>}, {@code POST unwrap/<id>}; a body is the key and its context, in hexadecimal digits, a line each. */
    private synchronized byte[] answer(String path, byte[] body) {
        if (path.equals("/current")) {
            return currentId.getBytes(UTF_8);
        }
        String[] asked = path.substring(1).split("/", 2);
        String[] lines = new String(body, UTF_8).split("\n", -1);
        if (asked.length != 2 || lines.length != 2) {
            throw new IllegalArgumentException("unknown request: path=" + path);
        }
        audit.add(asked[0] + " " + asked[1]);
        if (!keys.containsKey(asked[1])) {
            throw new KeyUnavailableException("key was destroyed, or never was: id=" + asked[1], asked[1], null);
        }
        MasterKeys ring = MasterKeys.ring(asked[1], Map.of(asked[1], keys.get(asked[1])));
        byte[] key = HexFormat.of().parseHex(lines[0]);
        byte[] context = HexFormat.of().parseHex(lines[1]);
        return HexFormat.of().formatHex(asked[0].equals("wrap") ? ring.wrap(asked[1], key, context) : ring.unwrap(asked[1], key, context)).getBytes(UTF_8);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
