package dev.streamwal.examples.keyservice;

import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.keys.MasterKeys;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Master keys of a key management service. A log asks for a wrapped key once in each program that needs it, and a writer makes one when it is opened and
 * encrypts its first record: so what the service takes doesn't matter for appends, but while it is away no other program can begin.
 */
final class ServiceKeys implements MasterKeys {
    private static final int ATTEMPTS = 3;
    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    private static final int OK = 200;
    private static final int SERVER_ERRORS = 500;

    private final HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    private final URI service;

    ServiceKeys(URI service) {
        this.service = service;
    }

    @Override
    public String currentId() {
        return ask("current", HttpRequest.newBuilder(service.resolve("current")).GET(), "");
    }

    @Override
    public byte[] wrap(String id, byte[] key, byte[] context) {
        return ask("wrap", id, key, context);
    }

    @Override
    public byte[] unwrap(String id, byte[] wrapped, byte[] context) {
        return ask("unwrap", id, wrapped, context);
    }

    private byte[] ask(String what, String id, byte[] key, byte[] context) {
        String body = HexFormat.of().formatHex(key) + '\n' + HexFormat.of().formatHex(context);
        HttpRequest.Builder request = HttpRequest.newBuilder(service.resolve(what + '/' + id)).POST(HttpRequest.BodyPublishers.ofString(body));
        return HexFormat.of().parseHex(ask(what, request, id));
    }

    /** Tried again where the service doesn't answer, and not where it says no. */
    private String ask(String what, HttpRequest.Builder request, String id) {
        @Nullable IOException last = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                HttpResponse<String> answer = client.send(request.timeout(TIMEOUT).build(), HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == OK) {
                    return answer.body();
                }
                if (answer.statusCode() < SERVER_ERRORS) {
                    throw unavailable("key service refuses: asked=" + what + ", answer=" + answer.body(), id, null);
                }
                last = new IOException("key service failed: status=" + answer.statusCode());
            } catch (IOException e) {
                last = e;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw unavailable("thread was interrupted while it waited for the key service: asked=" + what, id, e);
            }
        }
        throw unavailable("key service doesn't answer: asked=" + what + ", attempts=" + ATTEMPTS, id, last);
    }

    private KeyUnavailableException unavailable(String problem, String id, @Nullable Exception cause) {
        return new KeyUnavailableException(problem + ", id=" + id + ", service=" + service + "; look at the service", id, cause);
    }

    @Override
    public String toString() {
        return "ServiceKeys[service=" + service + ']';
    }
}
