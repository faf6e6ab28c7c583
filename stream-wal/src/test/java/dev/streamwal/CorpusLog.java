package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.commit.JournalSizes;
import dev.streamwal.engine.Environment;
import dev.streamwal.engine.Storages;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/**
 * Writes the log of a {@linkplain CorpusEntry corpus entry}: small, and with every kind of file that the current version writes. A version that gains a
 * kind of file, or of record, extends it.
 */
final class CorpusLog {

    static final Duration WINDOW = Duration.ofMinutes(10);
    static final Duration RETENTION = Duration.ofHours(3);
    static final String CONSUMER = "shipper";
    static final MasterKeys KEYS = MasterKeys.ring("corpus", Map.of("corpus", "a key for tests, of 32 bytes - !".getBytes(UTF_8)));

    private static final JournalSizes SMALL_JOURNAL = new JournalSizes(16 << 10, 16 << 10, 64 << 10, 8 << 10, 4 << 10);
    private static final int OWN = 2;
    private static final int SHARED = 3;
    private static final int WINDOWS_BY_COLUMN = 4;
    private static final int RECORDS = 30;
    private static final int LONG_ONE_OF = 5;
    /** So that a stream's records are more than one block of a pack by column. */
    private static final int LONG_CHARACTERS = 3_000;
    private static final int FEW = 4;

    private final Path root;
    private final ManualClock clock;
    private final Random random = new Random(1);
    private final Map<String, List<Written>> written = new TreeMap<>();

    private CorpusLog(Path root, long startMillis) {
        this.root = root;
        this.clock = new ManualClock(startMillis);
    }

    /** What a log's entry is: its records by key, what its consumer has committed, and the time of its last record. */
    record Content(Map<String, List<Written>> records, Map<String, Long> committed, long endMillis) {}

    /** What is done with the log while it is open: there it is as a killed process leaves it. */
    interface WhileOpen {
        void copy() throws IOException;
    }

    /** Leaves a closed log in the folder. */
    static Content write(Path root, long startMillis, WhileOpen whileOpen) throws IOException {
        CorpusLog log = new CorpusLog(root, startMillis);
        log.packByColumn();
        return log.packAsItIsAndGoOn(whileOpen);
    }

    static WalOptions.Builder options(ManualClock clock) {
        return WalOptions.builder().clock(clock).window(WINDOW).retention(RETENTION).segmentBytes(256 << 10).ownSegments(0).sweepInterval(Duration.ZERO)
                .encryption(KEYS)
                .streams("own/*", StreamOptions.builder().segments(Segments.OWN).encrypted(false).build())
                .streams("shared/*", StreamOptions.builder().segments(Segments.SHARED).encrypted(false).build())
                .streams("secret/own", StreamOptions.builder().segments(Segments.OWN).build())
                .streams("secret/shared", StreamOptions.builder().segments(Segments.SHARED).build());
    }

    static WalReader reader(Path root) {
        return WalReader.open(root, ReaderOptions.builder().keys(KEYS).build());
    }

    private StreamWal open(Compression compression) {
        Environment environment = new Environment(() -> Optional.of("boot of the corpus"), new Storages(Storage.AUTO.kind()), random::nextLong, false,
                SMALL_JOURNAL);
        return StreamWal.open(root, options(clock).compression(compression).build(), environment);
    }

    private void packByColumn() {
        try (StreamWal wal = open(Compression.COLUMNS)) {
            for (int window = 0; window < WINDOWS_BY_COLUMN; window++) {
                appendWindow(wal, RECORDS);
            }
            pack(wal);
        }
    }

    private Content packAsItIsAndGoOn(WhileOpen whileOpen) throws IOException {
        try (StreamWal wal = open(Compression.NONE)) {
            appendWindow(wal, FEW);
            pack(wal);
            appendWindow(wal, FEW);
            appendDurably(wal);
            cut(wal);
            assertThat(wal.stream("own/deleted").append(clock.millis(), "gone".getBytes(UTF_8)).size()).isPositive();
            assertThat(wal.delete("own/deleted")).isTrue();
            Map<String, Long> committed = consume(wal);
            whileOpen.copy();
            return new Content(written, committed, clock.millis());
        }
    }

    private void pack(StreamWal wal) {
        wal.runBackground();
        assertThat(wal.pack()).isPositive();
        int unused = wal.pack();
    }

    private void add(String key, EntryRef ref, byte[] header, byte[] content) {
        written.computeIfAbsent(key, any -> new ArrayList<>()).add(Written.of(ref, clock.millis(), header, content));
    }

    /** Ends in the window behind it. */
    private void appendWindow(StreamWal wal, int records) {
        for (int i = 0; i < records; i++) {
            for (int stream = 0; stream < OWN; stream++) {
                append(wal, "own/" + stream, i);
            }
            for (int stream = 0; stream < SHARED; stream++) {
                append(wal, "shared/" + stream, i);
            }
            // short ones: what is encrypted makes the checked-in file as much larger
            append(wal, "secret/own", LONG_ONE_OF * i + 1);
            append(wal, "secret/shared", LONG_ONE_OF * i + 1);
            clock.advance(WINDOW.dividedBy(2L * RECORDS));
        }
        appendBatch(wal, "own/batches");
        appendBatch(wal, "shared/batches");
        appendBatch(wal, "secret/shared");
        appendSamples(wal, "shared/samples");
        clock.set((clock.millis() / WINDOW.toMillis() + 1) * WINDOW.toMillis());
        wal.runBackground();
    }

    private void append(StreamWal wal, String key, int i) {
        byte[] header = (i % 3 == 0 ? "quality=" + i : "").getBytes(UTF_8);
        byte[] content = (key + " " + i + ".".repeat(i % LONG_ONE_OF == 0 ? LONG_CHARACTERS + i : i % 4)).getBytes(UTF_8);
        add(key, wal.stream(key).append(clock.millis(), header, content), header, content);
    }

    private void appendBatch(StreamWal wal, String key) {
        List<byte[]> contents = new ArrayList<>();
        for (int i = 0; i < FEW; i++) {
            contents.add((key + " member " + i).getBytes(UTF_8));
        }
        List<EntryRef> refs = wal.stream(key).appendBatch(contents.stream().map(content -> WriteEntry.of(content, clock.millis())).toList());
        for (int i = 0; i < FEW; i++) {
            add(key, refs.get(i), new byte[0], contents.get(i));
        }
    }

    private void appendSamples(StreamWal wal, String key) {
        for (int i = 0; i < FEW; i++) {
            long unused = wal.samples(key).append(clock.millis(), i / 4.0);
        }
        try (WalReader reader = wal.reader()) {
            written.put(key, Written.drain(reader.scan(key)));
        }
    }

    private void appendDurably(StreamWal wal) {
        for (String key : List.of("own/0", "shared/0", "own/durable")) {
            for (int i = 0; i < FEW; i++) {
                byte[] content = (key + " durable " + i).getBytes(UTF_8);
                add(key, wal.stream(key).append(WriteEntry.of(content, clock.millis()), Durability.IMMEDIATE), new byte[0], content);
            }
        }
    }

    /** Two streams lose the end of what they have. */
    private void cut(StreamWal wal) {
        for (String key : List.of("own/1", "shared/1")) {
            append(wal, key, FEW);
            append(wal, key, FEW + 1);
            List<Written> records = written.get(key);
            records.remove(records.size() - 1);
            wal.stream(key).truncateAfter(records.get(records.size() - 1).ref());
            append(wal, key, FEW + 2);
        }
    }

    private static Map<String, Long> consume(StreamWal wal) {
        try (WalReader reader = wal.reader(); WalConsumer consumer = reader.consumer(CONSUMER, Keys.prefix("own/"))) {
            EntryTail entries = consumer.entries();
            for (int i = 0; i < RECORDS; i++) {
                assertThat(entries.next()).isTrue();
                consumer.commitDelivered();
            }
            return new TreeMap<>(reader.describeConsumer(CONSUMER).orElseThrow().committed());
        }
    }
}
