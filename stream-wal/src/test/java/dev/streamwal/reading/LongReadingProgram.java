package dev.streamwal.reading;

import dev.streamwal.LiveObjects;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Reads a log for many windows. In each, two streams are read for the first and only time, and one is followed from then on. Prints how many objects
 * are left of what a shared segment and a pack have in memory.
 */
final class LongReadingProgram {

    private static final int STREAMS = 200;
    private static final int WINDOWS = 50;
    private static final Duration WINDOW = Duration.ofMinutes(1);

    private LongReadingProgram() {}

    /** @param args the log's directory */
    public static void main(String[] args) throws Exception {
        Path root = Path.of(args[0]);
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2024-05-01T10:00:00Z"));
        WalOptions options = WalOptions.builder().window(WINDOW).retention(WINDOW.multipliedBy(10)).ownSegments(0).clock(now::get)
                .sweepInterval(Duration.ZERO).build();
        List<EntryTail> tails = new ArrayList<>();
        try (StreamWal wal = StreamWal.open(root, options); WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
            for (int window = 0; window < WINDOWS; window++) {
                EntryRef last = append(wal, window);
                EntryRef packed = wal.stream("packed/" + window).append(new byte[8]);
                for (WalReader reader : List.of(within, without)) {
                    require(reader.latest("once/" + window).isPresent(), "latest");
                    require(reader.find(last).isPresent(), "find");
                    EntryTail tail = reader.follow("once/" + window, ReadFrom.first());
                    require(tail.next(Duration.ZERO), "follow");
                    tails.add(tail);
                }
                now.updateAndGet(before -> before.plus(WINDOW));
                pack(wal);
                for (WalReader reader : List.of(within, without)) {
                    require(reader.find(packed).isPresent(), "find in the pack");
                }
                wal.sweep();
                for (EntryTail tail : tails) {
                    require(!tail.next(Duration.ZERO), "a silent stream has a record more");
                }
            }
            System.out.printf("parts=%d, packs=%d%n", LiveObjects.of("dev.streamwal.shared.Part"::equals), LiveObjects.of("dev.streamwal.pack.PackReader"::equals));
            tails.forEach(EntryTail::close);
        }
    }

    private static EntryRef append(StreamWal wal, int window) {
        for (int i = 0; i < STREAMS; i++) {
            EntryRef unused = wal.stream("meter/" + i).append(new byte[8]);
        }
        return wal.stream("once/" + window).append(new byte[8]);
    }

    private static void pack(StreamWal wal) throws InterruptedException {
        // sealing happens in the background
        while (wal.stats().sharedSegments() > 1 || wal.pack() > 0) {
            Thread.sleep(1);
        }
    }

    private static void require(boolean fact, String what) {
        if (!fact) {
            throw new AssertionError(what);
        }
    }
}
