package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** What the package's documentation begins with: the lines between the two markers stand there too, and a test compares them. */
final class PackageExample {

    private PackageExample() {}

    static void run(Path directory) {
        // example
        WalOptions options = WalOptions.builder()
                .retention(Duration.ofDays(30))
                .streams("audit/*", StreamOptions.builder().durability(Durability.IMMEDIATE).build())
                .build();
        try (StreamWal wal = StreamWal.open(directory, options)) {
            WalStream power = wal.stream("meter/4711/power");
            EntryRef ref = power.append(Instant.now(), "231.5".getBytes(UTF_8));
            wal.stream("audit/logins").append("anna".getBytes(UTF_8));      // survives power loss when it returns
            wal.append(new WriteBatch()                                     // many streams, one call
                    .add("meter/1/power", WriteEntry.of("228.4".getBytes(UTF_8)))
                    .add("meter/2/power", WriteEntry.of("230.0".getBytes(UTF_8))));
            try (WalReader reader = wal.reader()) {                         // in another process: WalReader.open(directory)
                reader.find(ref).ifPresent(entry -> System.out.println(entry.content().toString(UTF_8)));
            }
            if (wal.health().state() != WalHealth.State.OK) {
                System.out.println(wal.health());
            }
        }
        // example
    }
}
