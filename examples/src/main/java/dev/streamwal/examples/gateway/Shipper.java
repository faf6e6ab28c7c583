package dev.streamwal.examples.gateway;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.examples.ChildJvm;
import dev.streamwal.examples.FailingLog;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A process of its own that ships what the gateway appends: a file for each batch, committed when the file is there. Killed and started again,
 * it goes on behind its last commit, so that a batch may be shipped twice and none is left out. It ends when nothing has come for two seconds.
 */
final class Shipper {
    static final String NAME = "shipper";
    static final Keys KEYS = Keys.prefix("sensor/");
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final int BATCH = 20_000;
    private static final String BATCH_SUFFIX = ".csv";

    private final Path target;
    private final List<String> batch = new ArrayList<>();

    Shipper(Path target) throws IOException {
        this.target = Files.createDirectories(target);
    }

    static Process start(Path log, Path target) throws IOException {
        return ChildJvm.reader(Shipper.class, log, target).start();
    }

    static boolean isBatch(Path file) {
        return file.toString().endsWith(BATCH_SUFFIX);
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        try (WalReader reader = WalReader.open(Path.of(args[0]));
                WalConsumer consumer = reader.consumer(NAME, KEYS)) {
            new Shipper(Path.of(args[1])).ship(consumer);
        }
    }

    void ship(WalConsumer consumer) throws IOException, InterruptedException {
        Stream.concat(consumer.lost().stream(), consumer.possiblyLost().stream())
                .forEach(range -> addLost(range.key(), range.from(), range.to()));
        while (fillBatch(consumer.entries())) {
            Path file = Files.write(target.resolve("unfinished"), batch);
            Files.move(file, target.resolve(UUID.randomUUID() + BATCH_SUFFIX)); // there as a whole, or not at all
            FailingLog.untilTaken(consumer::commitDelivered, System.err);
            batch.clear();
        }
    }

    private boolean fillBatch(EntryTail entries) throws InterruptedException {
        for (Duration wait = PATIENCE; batch.size() < BATCH && next(entries, wait); wait = Duration.ZERO) {
            batch.add("shipped," + entries.ref() + "," + entries.timestamp() + "," + entries.content().getDouble(0));
        }
        return !batch.isEmpty();
    }

    /** What retention takes while the shipper reads is told of in between, and so is a damaged record; the call after goes on behind it. */
    private boolean next(EntryTail entries, Duration wait) throws InterruptedException {
        while (true) {
            try {
                return entries.next(wait);
            } catch (EntryExpiredException e) {
                addLost(Objects.requireNonNull(e.key()), e.from(), e.to());
            } catch (CorruptSegmentException e) {
                batch.add("damaged," + e.key() + "," + e.position());
            } catch (WalIOException e) {
                FailingLog.tellAndRest(e, System.err);
            }
        }
    }

    private void addLost(String key, long from, long to) {
        batch.add("lost," + key + "," + from + "," + to);
    }
}
