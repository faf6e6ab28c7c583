package dev.streamwal.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the README shows: the lines between the markers stand there too, and a test compares them. */
final class ReadmeSnippet {
    private ReadmeSnippet() {}

    static void run(Path directory) {
        // snippet
        WalOptions options = WalOptions.builder().window(Duration.ofHours(1)).retention(Duration.ofDays(30)).build();
        try (StreamWal wal = StreamWal.open(directory, options)) {
            WalStream power = wal.stream("meter/4711/power");      // a stream per key
            List<EntryRef> refs = new ArrayList<>();
            refs.add(power.append("231.5".getBytes(UTF_8)));       // a ref: where the record stands, for good
            refs.addAll(power.appendBatch(List.of(                 // all or none
                    WriteEntry.of("232.0".getBytes(UTF_8)), WriteEntry.of("228.4".getBytes(UTF_8)))));

            try (WalReader reader = wal.reader()) {                // in another process: WalReader.open(directory)
                try (EntryBatch batch = reader.readBatch(refs)) {  // any refs, in any order, with few reads
                    batch.found().forEach(entry -> System.out.println(entry.content().toString(UTF_8)));
                }
                Instant now = Instant.now();
                try (EntryCursor cursor = reader.scan(power.key(), now.minusSeconds(3600), now.plusSeconds(1))) {
                    while (cursor.next()) {
                        System.out.println(cursor.timestampMillis() + " " + cursor.content().toString(UTF_8));
                    }
                }
                Optional<Entry> latest = reader.latest(power.key());
                latest.ifPresent(entry -> System.out.println(Instant.ofEpochMilli(entry.timestampMillis())));
            }
        }
        // snippet
    }
}
