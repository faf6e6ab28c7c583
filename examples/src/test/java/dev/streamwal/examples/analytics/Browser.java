package dev.streamwal.examples.analytics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/** Chromium without a window, which chromedriver drives by WebDriver's protocol. */
final class Browser implements AutoCloseable {
    private static final Pattern STARTED = Pattern.compile("started successfully on port (\\d+)");
    private static final List<String> FLAGS = List.of("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1240,760");

    private final JsonMapper json = JsonMapper.builder().build();
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Process driver;
    private final String address;
    private String session = "";

    private Browser(Process driver, String port) {
        this.driver = driver;
        this.address = "http://localhost:" + port;
    }

    /** Empty where there is no chromedriver, or it finds no browser. */
    static Optional<Browser> start() throws IOException, InterruptedException {
        Process driver;
        try {
            driver = new ProcessBuilder("chromedriver", "--port=0").redirectErrorStream(true).start();
        } catch (IOException notThere) {
            return Optional.empty();
        }
        Browser browser = new Browser(driver, port(driver));
        if (browser.begin()) {
            return Optional.of(browser);
        }
        browser.close();
        return Optional.empty();
    }

    private static String port(Process driver) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(driver.getInputStream(), StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Matcher started = STARTED.matcher(line);
            if (started.find()) {
                return started.group(1);
            }
        }
        throw new IOException("chromedriver doesn't say its port");
    }

    private boolean begin() throws IOException, InterruptedException {
        JsonNode answer = send("POST", "/session", Map.of("capabilities", Map.of("alwaysMatch", Map.of(
                "goog:chromeOptions", Map.of("args", FLAGS), "goog:loggingPrefs", Map.of("browser", "ALL")))));
        if (answer.has("error")) {
            System.out.println(answer.get("message").asText().lines().findFirst().orElse(""));
            return false;
        }
        session = "/session/" + answer.get("sessionId").asText();
        return true;
    }

    private JsonNode send(String method, String path, Object body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(address + path))
                .method(method, HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(body))).build();
        return json.readTree(client.send(request, HttpResponse.BodyHandlers.ofString()).body()).get("value");
    }

    void open(String page) throws IOException, InterruptedException {
        send("POST", session + "/url", Map.of("url", page));
    }

    /** A script's value, as text. */
    String run(String script) throws IOException, InterruptedException {
        return send("POST", session + "/execute/sync", Map.of("script", script, "args", List.of())).asText();
    }

    /** Asks until a script says true; a test that waits for ever is ended by its timeout. */
    void await(String script) throws IOException, InterruptedException {
        while (!run(script).equals("true")) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /** The user's choice of colours: light or dark. */
    void prefer(String scheme) throws IOException, InterruptedException {
        send("POST", session + "/goog/cdp/execute", Map.of("cmd", "Emulation.setEmulatedMedia",
                "params", Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme)))));
    }

    /** What the browser's console says. */
    List<String> complaints() throws IOException, InterruptedException {
        JsonNode log = send("POST", session + "/se/log", Map.of("type", "browser"));
        return StreamSupport.stream(log.spliterator(), false).map(line -> line.get("message").asText()).toList();
    }

    @Override
    public void close() throws IOException {
        try {
            if (!session.isEmpty()) {
                send("DELETE", session, Map.of());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            driver.destroy();
        }
    }
}
