package dev.streamwal.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The README's snippet: the lines between the two markers are in the README too, and a test compares them. */
final class ReadmeSnippet {

    private static volatile boolean running = true;

    private ReadmeSnippet() {}

    static void run(Path directory) {
        // snippet
        WalOptions options = WalOptions.builder().retention(Duration.ofDays(30)).build();
        try (StreamWal wal = StreamWal.open(directory, options)) {
            WalStream power = wal.stream("meter/4711/power");      // a stream per key
            List<EntryRef> refs = new ArrayList<>();
            refs.add(power.append("231.5".getBytes(UTF_8)));       // a ref: the record's place, for good
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
                latest.ifPresent(entry -> System.out.println(entry.timestamp()));
            }
        }
        // snippet
    }

    static void readElsewhere(Path directory) throws InterruptedException {
        // reading
        try (WalReader reader = WalReader.open(directory)) {
            try (EntryTail tail = reader.follow(Keys.prefix("meter/"), ReadFrom.first())) {   // these streams and those that come
                while (tail.next(Duration.ofSeconds(10))) {                    // waits; mostly some milliseconds later than the writer
                    System.out.println(tail.key() + " " + tail.content().toString(UTF_8));
                }
            }
            reader.latest(Keys.prefix("meter/")).values().forEach(System.out::println);   // what was appended last to each
            try (WalConsumer shipper = reader.consumer("shipper", Keys.prefix("meter/"))) {
                EntryTail entries = shipper.entries();                         // goes on where the shipper has committed
                while (running) {
                    try {
                        if (entries.next(Duration.ofSeconds(10))) {
                            ship(entries.key(), entries.content());
                            shipper.commitDelivered();                         // survives kill -9
                        }
                    } catch (EntryExpiredException e) {                        // once for each range that was deleted before it was read
                        complain(e);                                           // the next call goes on after it; shipper.lost() has all
                    }
                }
            }
        }
        // reading
    }

    static WalOptions keeping() {
        // keeping
        StreamOptions kept = StreamOptions.builder().retainFor("shipper", 1L << 30, Duration.ofDays(3)).build();
        WalOptions options = WalOptions.builder().streams("meter/*", kept).build();
        // keeping
        return options;
    }

    private static void ship(String key, ByteBuf content) {
        System.out.println(key + " " + content.readableBytes());
    }

    private static void complain(EntryExpiredException loss) {
        System.out.println(loss.getMessage());
    }
}
