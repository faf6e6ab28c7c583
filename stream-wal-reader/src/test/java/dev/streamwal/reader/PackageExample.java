package dev.streamwal.reader;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** What the package's documentation begins with: the lines between the two markers stand there too, and a test compares them. */
final class PackageExample {

    private PackageExample() {}

    static void run(Path directory) throws InterruptedException {
        // example
        try (WalReader reader = WalReader.open(directory)) {
            Instant now = Instant.now();
            try (EntryCursor lastHour = reader.scan("meter/4711", now.minus(Duration.ofHours(1)), now)) {
                while (lastHour.next()) {
                    System.out.println(lastHour.timestamp() + " " + lastHour.content().toString(UTF_8));
                }
            }
            Map<String, Entry> latest = reader.latest(Keys.prefix("meter/"));
            System.out.println(latest.size() + " meters have sent something");
            try (EntryTail tail = reader.follow(Keys.glob("meter/*"), ReadFrom.end())) {
                while (tail.next(Duration.ofSeconds(10))) {
                    System.out.println(tail.key() + " at " + tail.timestamp());
                }
            }
        }
        // example
    }
}
