package dev.streamwal.examples.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.streamwal.StreamWal;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Prometheus is answered. */
class MetricsEndpointTest {
    @TempDir
    Path folder;

    @Test
    void scrape_hasTheLogAndItsShipper() throws Exception {
        try (StreamWal wal = StreamWal.open(folder); WalReader reader = wal.reader()) {
            reader.consumer(Shipper.NAME, Shipper.KEYS).close();
            EntryRef unused = wal.stream("sensor/power/1").append(new byte[100]);
            String address;
            try (MetricsEndpoint endpoint = new MetricsEndpoint(wal, 0)) {
                address = endpoint.address();

                HttpResponse<String> answer = get(address);

                assertThat(answer.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain; version=0.0.4");
                assertThat(answer.body())
                        .contains("streamwal_appends_total{log=\"gateway\"} 1.0")
                        .containsPattern("streamwal_consumer_lag_bytes\\{consumer=\"shipper\",log=\"gateway\"} [1-9]");
            }
            assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> get(address));
        }
    }

    @Test
    void slowScraper_keepsNoOtherWaiting() throws Exception {
        try (StreamWal wal = StreamWal.open(folder); MetricsEndpoint endpoint = new MetricsEndpoint(wal, 0);
                Socket slow = new Socket("localhost", URI.create(endpoint.address()).getPort())) {
            slow.getOutputStream().write("GET /metrics".getBytes(US_ASCII)); // and no more
            assertThat(get(endpoint.address()).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void metricsThatCantBeBound_leaveThePortFree() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        StreamWal wal = StreamWal.open(folder);
        wal.close();
        assertThatExceptionOfType(WalClosedException.class).isThrownBy(() -> new MetricsEndpoint(wal, port));
        try (ServerSocket again = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            assertThat(again.isBound()).isTrue();
        }
    }

    private static HttpResponse<String> get(String address) throws IOException, InterruptedException {
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(address)).timeout(Duration.ofSeconds(30)).build(), HttpResponse.BodyHandlers.ofString());
    }
}
