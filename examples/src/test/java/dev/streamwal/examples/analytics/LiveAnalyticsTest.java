package dev.streamwal.examples.analytics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.streamwal.examples.ExampleProcess;
import dev.streamwal.reader.WalReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page and what feeds it, by HTTP as a browser would ask; and the page in a browser, where there is one. */
@Timeout(300)
class LiveAnalyticsTest {
    private static final List<String> SERVICES = List.of("checkout", "images", "login", "search");

    @TempDir
    Path folder;

    private final JsonMapper json = JsonMapper.builder().build();
    private final HttpClient client = HttpClient.newHttpClient();
    private Process program;
    private BufferedReader printed;

    private String start(ProcessBuilder builder) throws IOException {
        program = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        printed = new BufferedReader(new InputStreamReader(program.getInputStream(), UTF_8));
        String log = printed.readLine();
        String page = printed.readLine();
        assertThat(log).isEqualTo("log  " + folder.resolve("log"));
        assertThat(page).startsWith("page http://localhost:");
        return page.substring("page ".length());
    }

    @AfterEach
    void end() {
        if (program != null) {
            program.destroyForcibly();
        }
    }

    @Test
    void portInUse_isNamed() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> new WebServer(taken.getLocalPort(), () -> new byte[0]))
                    .hasMessage("can't listen at the port: port=" + taken.getLocalPort() + "; give another one as the first argument, or 0 for any");
        }
    }

    @Test
    void overHttp_thePage_andAnEventASecond_untilItIsStopped() throws Exception {
        String address = start(ExampleProcess.onClassPath(LiveAnalytics.class, 0, folder.resolve("log")));

        assertThat(get(address).body()).startsWith("<!DOCTYPE html>").contains("new EventSource(\"events\")");
        assertThat(get(address + "nothing").statusCode()).isEqualTo(404);
        assertThat(get(address + "events/nothing").statusCode()).isEqualTo(404);
        List<JsonNode> events = events(address, 3);
        events.forEach(LiveAnalyticsTest::check);
        assertThat(events).extracting(event -> event.get("appends").asLong()).isSorted();

        program.toHandle().destroy(); // as Ctrl-C; Process.destroy would close the pipe, too
        assertThat(program.waitFor(300, TimeUnit.SECONDS)).isTrue();
        assertThat(printed.lines()).last().isEqualTo("closed");
        try (WalReader reader = WalReader.open(folder.resolve("log"))) {
            assertThat(reader.keys()).hasSameSizeAs(SERVICES);
            assertThat(reader.verify("latency/images").records()).isGreaterThan(60 * 300);
        }
    }

    private HttpResponse<String> get(String address) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(URI.create(address)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private List<JsonNode> events(String address, int count) throws IOException, InterruptedException {
        HttpResponse<Stream<String>> response =
                client.send(HttpRequest.newBuilder(URI.create(address + "events")).build(), HttpResponse.BodyHandlers.ofLines());
        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream");
        List<JsonNode> events = new ArrayList<>();
        try (Stream<String> lines = response.body()) {
            Iterator<String> each = lines.iterator();
            while (events.size() < count) {
                events.add(json.readTree(each.next().substring("data: ".length())));
                assertThat(each.next()).isEmpty();
            }
        }
        return events;
    }

    private static void check(JsonNode event) {
        assertThat(event.get("health").asText()).isEqualTo("OK");
        assertThat(event.get("services")).extracting(service -> service.get("name").asText()).containsExactlyElementsOf(SERVICES);
        for (JsonNode service : event.get("services")) {
            JsonNode minute = service.get("minute");
            assertThat(minute.get("count").asInt()).isPositive();
            assertThat(minute.get("p50").asDouble()).isPositive().isLessThan(minute.get("p95").asDouble());
            assertThat(minute.get("p95").asDouble()).isLessThanOrEqualTo(minute.get("p99").asDouble());
            assertThat(service.get("seconds")).hasSize(60);
            int sum = 0;
            for (JsonNode second : service.get("seconds")) {
                sum += second.get("count").asInt();
            }
            assertThat(sum).isEqualTo(minute.get("count").asInt());
        }
    }

    @Test
    void inABrowser_aChartOfEachService_inLightAndDark() throws Exception {
        Optional<Browser> found = Browser.start();
        if (found.isEmpty()) {
            System.out.println("NOT CHECKED: the analytics page in a browser, as chromedriver or Chromium isn't there");
        }
        Assumptions.assumeTrue(found.isPresent(), "NOT CHECKED: the analytics page in a browser");
        try (Browser browser = found.get()) {
            browser.open(start(ExampleProcess.asModule(LiveAnalytics.class, 0, folder.resolve("log"))));
            browser.await("return document.querySelectorAll('path.p95').length === 4 && document.getElementById('state').className === 'live'");

            assertThat(browser.run("return [...document.querySelectorAll('h2')].map(each => each.textContent).join()"))
                    .isEqualTo(String.join(",", SERVICES));
            assertThat(browser.run("return document.querySelector('.main dd').textContent")).matches("[\\d.,]+ ms");
            assertThat(Integer.parseInt(browser.run("return document.querySelector('path.p95').getAttribute('d').split('L').length")))
                    .isGreaterThan(20);
            assertThat(browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")).isEqualTo("0");
            String light = browser.run("return getComputedStyle(document.body).backgroundColor");
            browser.prefer("dark");
            assertThat(browser.run("return getComputedStyle(document.body).backgroundColor")).isNotEqualTo(light);

            program.destroyForcibly();
            browser.await("return document.getElementById('state').className === 'lost'");
            assertThat(browser.complaints()).allMatch(each -> each.contains("ERR_"));
        }
    }
}
