package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.ReferenceLog.Appended;
import dev.streamwal.ReferenceLog.Item;
import dev.streamwal.engine.Environment;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.HeaderTooLargeException;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.VerifyReport;
import dev.streamwal.reader.WalReader;
import dev.streamwal.retention.StreamPolicy;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import net.openhft.chronicle.bytes.Bytes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever is done to a log, it holds what {@link ReferenceLog} holds: byte for byte, in order, at positions never given twice. Each run
 * does 5,000 operations, a tenth in a shortened build, that follow from its seed; {@code -Dseed=…} repeats one, {@code -Dscale=…} multiplies the runs.
 */
class ModelTest {

    private static final int OPERATIONS = Scale.isShortened() ? Scale.ofOneRun(3_000) : 5_000;
    private static final int OPERATIONS_PER_COMPARISON = 250;
    private static final int RUNS = 2;
    private static final long START_MILLIS = Instant.parse("2026-03-01T00:00:00Z").toEpochMilli();
    private static final int BIG_SEGMENT_BYTES = 3 << 20;

    private static final List<String> KEYS = List.of("a", "A", "../../etc/passwd", ".", "CON", "con", "a.", "a/b", " ", "\uD83D\uDE00 é",
            "ü".repeat(512), "x".repeat(300), "k@1+8", "%2e");
    private static final List<String> BIG_KEYS = List.of("big/1", "big/2");

    private static final MasterKeys KEYS_OF_LOG = MasterKeysForTests.ring("b", "a");

    @TempDir
    Path directory;

    @Test
    void operations_mapped_leaveWhatTheModelHas() throws Exception {
        runs(Storage.MAPPED, seed -> directory.resolve(Long.toString(seed)));
    }

    @Test
    void operations_channel_leaveWhatTheModelHas() throws Exception {
        runs(Storage.CHANNEL, seed -> directory.resolve(Long.toString(seed)));
    }

    @Test
    void operations_mappedAndChannelInTurn_leaveWhatTheModelHas() throws Exception {
        runs(null, seed -> directory.resolve(Long.toString(seed)));
    }

    @Test
    void operations_otherFileSystem_leaveWhatTheModelHas() throws Exception {
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            runs(Storage.AUTO, seed -> memory.getPath("/log", Long.toString(seed)));
        }
    }

    private interface Roots {
        Path of(long seed) throws IOException;
    }

    private static void runs(Storage storage, Roots roots) throws Exception {
        Long given = Long.getLong("seed");
        int runs = given != null ? 1 : (int) Math.max(1, Math.round(RUNS * Scale.factor()));
        for (int i = 0; i < runs; i++) {
            long seed = given != null ? given : ThreadLocalRandom.current().nextLong();
            System.out.println("ModelTest: storage=" + storage + ", -Dseed=" + seed);
            long start = System.nanoTime();
            Run run = new Run(seed, storage, roots.of(seed));
            run.all();
            System.out.printf("ModelTest: storage=%s, %d operations %s, %d records appended, %d segments deleted, %d reopenings, %d ms%n",
                    storage, OPERATIONS, run.counts, run.appended, run.deletedSegments, run.reopenings,
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
        }
    }

    /** What a record must be refused with. */
    private record Refusal(Class<? extends Exception> type) {}

    private static final class Run {

        private final long seed;
        private final Random random;
        private final Storage storage;
        private final Path root;
        private final List<String> keys = new ArrayList<>();
        private final ReferenceLog model;
        private final Queue<String> failures = new ConcurrentLinkedQueue<>();
        private final Map<String, Integer> counts = new TreeMap<>();
        private final Map<String, WalStream> streams = new HashMap<>();

        /** 0: nothing is encrypted; 1: one or the other at each opening; 2: everything. */
        private final int encryption;

        private volatile long nowMillis = START_MILLIS;
        private String bootId = "boot-0";
        private WalOptions options;
        private StreamWal wal;
        private WalReader inside;
        private WalReader outside;
        private int operation;
        private long appended;
        private int deletedSegments;
        private int reopenings;

        Run(long seed, Storage storage, Path root) {
            this.seed = seed;
            this.random = new Random(seed);
            this.encryption = random.nextInt(3);
            this.storage = storage;
            this.root = root;
            List<String> some = new ArrayList<>(KEYS);
            Collections.shuffle(some, random);
            keys.addAll(some.subList(0, 5));
            keys.add(BIG_KEYS.get(random.nextInt(BIG_KEYS.size())));
            this.model = new ReferenceLog(keys);
        }

        void all() throws IOException {
            String doing = "open";
            try {
                open();
                outside = WalReader.open(root, ReaderOptions.builder().mappedReads(random.nextBoolean()).directScans(random.nextBoolean())
                        .keys(KEYS_OF_LOG).build());
                for (operation = 1; operation <= OPERATIONS; operation++) {
                    doing = choose();
                    counts.merge(doing, 1, Integer::sum);
                    perform(doing);
                    assertThat(failures).as("failures in the background").isEmpty();
                    if (operation % OPERATIONS_PER_COMPARISON == 0) {
                        doing = "compare";
                        compare();
                    }
                }
                doing = "close";
                close();
                NonceLedger nonces = new NonceLedger().add(root);
                assertThat(nonces.size()).isLessThanOrEqualTo((int) appended);
                compareAll(outside);
                outside.close();
            } catch (Throwable e) {
                throw new AssertionError("-Dseed=" + seed + ", storage=" + storage + ", operation " + operation + " (" + doing + "), clock="
                        + Instant.ofEpochMilli(nowMillis) + ", policy=" + options.policyOf("any") + ": " + e, e);
            }
        }

        private String choose() {
            int n = random.nextInt(1_000);
            if (n < 530) return "append";
            if (n < 600) return "appendBatch";
            if (n < 640) return "WriteBatch";
            if (n < 680) return "appendIfEndIs";
            if (n < 735) return "clock";
            if (n < 739) return "pack";
            if (n < 740) return encryption > 0 ? "rotateKeys" : "pack";
            if (n < 755) return "sweep";
            if (n < 760) return "purge";
            if (n < 763) return "delete";
            if (n < 766) return "truncateAfter";
            if (n < 768) return "erase";
            if (n < 770) return "reopen";
            if (n < 830) return "readBatch";
            if (n < 870) return "find";
            if (n < 900) return "latest";
            if (n < 960) return "scan";
            if (n < 980) return "describe";
            return n < 990 ? "verify" : "keys";
        }

        private void perform(String operation) throws IOException {
            switch (operation) {
                case "append" -> append();
                case "appendBatch" -> appendBatch();
                case "WriteBatch" -> appendWriteBatch();
                case "appendIfEndIs" -> appendIfEndIs();
                case "clock" -> advanceClock();
                case "sweep" -> sweep();
                case "pack" -> pack();
                case "rotateKeys" -> wal.rotateKeys();
                case "purge" -> purge();
                case "delete" -> delete();
                case "truncateAfter" -> truncateAfter();
                case "erase" -> erase();
                case "reopen" -> {
                    close();
                    open();
                }
                case "readBatch" -> readBatch(reader(), 1 + random.nextInt(60));
                case "find" -> find(reader());
                case "latest" -> latest();
                case "scan" -> scan();
                case "describe" -> describe(reader(), anyStream());
                case "verify" -> verify(reader(), anyStream());
                case "keys" -> assertThat(wal.keys()).containsExactlyElementsOf(new TreeSet<>(model.keys()));
                default -> throw new IllegalStateException(operation);
            }
        }

        // ---- opening

        /** Who has two files of its own, or more, is looked at: what it remembers then it remembers when they are gone. */
        private void pack() throws IOException {
            for (ReferenceLog.Stream stream : model.streams()) {
                if (files(stream) > 1) {
                    stream.touch();
                }
            }
            int unused = wal.pack();
        }

        private long files(ReferenceLog.Stream stream) throws IOException {
            Path directory = root.resolve("segments").resolve(StreamKey.of(stream.key).directoryName());
            if (!Files.isDirectory(directory)) {
                return 0;
            }
            try (Stream<Path> files = Files.list(directory)) {
                return files.filter(file -> file.toString().endsWith(".seg")).count();
            }
        }

        private boolean isAnyInPacksAlone() throws IOException {
            for (ReferenceLog.Stream stream : model.streams()) {
                if (!stream.segments.isEmpty() && files(stream) == 0) {
                    return true;
                }
            }
            return false;
        }

        private void open() throws IOException {
            options = randomOptions();
            if (random.nextInt(3) == 0) {
                boolean known = random.nextInt(4) > 0;
                bootId = known ? "boot-" + operation : "";
            }
            String id = bootId;
            wal = StreamWal.open(root, options, Environment.ofThisMachine(options.storage().kind())
                    .withBootId(() -> id.isEmpty() ? Optional.empty() : Optional.of(id)).withMaxIdleStreams(0));
            model.reopen();
            reopenings++;
            // held, so that what the writer knows of an empty stream doesn't depend on the collector
            keys.forEach(key -> streams.put(key, wal.stream(key)));
            inside = wal.reader();
        }

        private WalOptions randomOptions() throws IOException {
            int segmentBytes = pick(4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20);
            Storage any = storage != null ? storage : random.nextBoolean() ? Storage.MAPPED : Storage.CHANNEL;
            int retentionSeconds = pick(20, 100, 600);
            // none so short that packs of several windows become one: that isn't deleted to the second, see SharedModelTest
            int shortSeconds = retentionSeconds / 64 + 1;
            int windowSeconds = pick(shortSeconds, 10, 60);
            if (options != null && isAnyInPacksAlone()) {
                // a pack's newest record tells the writer which of several windows was the stream's last; the model knows only windows
                windowSeconds = Math.max(windowSeconds, (int) options.window().toSeconds());
            }
            WalOptions.Builder builder = WalOptions.builder();
            if (encryption > 0) {
                builder.encryption(KEYS_OF_LOG);
            }
            return builder
                    .storage(any)
                    .clock(() -> Instant.ofEpochMilli(nowMillis))
                    .window(Duration.ofSeconds(windowSeconds))
                    .retention(Duration.ofSeconds(retentionSeconds))
                    .maxClockSkew(Duration.ofSeconds(pick(0, 20)))
                    .segmentBytes(segmentBytes)
                    .streams("big/*", StreamOptions.builder().segmentBytes(BIG_SEGMENT_BYTES).segments(Segments.OWN)
                            .encrypted(anyEncryption()).build())
                    .streams("*", StreamOptions.builder().segments(Segments.OWN).encrypted(anyEncryption()).build())
                    .sweepInterval(Duration.ZERO)
                    .ownSegments(pick(0, 0, 0, 3))
                    .listener(new WalListener() {
                        @Override
                        public void onFailure(String task, Optional<String> stream, Throwable failure) {
                            failures.add(task + " " + stream + " " + failure);
                        }

                        @Override
                        public void onRecovered(RecoveryReport.StreamFindings segment) {
                            failures.add("repaired after a close: " + segment);
                        }
                    })
                    .build();
        }

        private boolean anyEncryption() {
            return encryption == 2 || (encryption == 1 && random.nextBoolean());
        }

        private int pick(int... choices) {
            return choices[random.nextInt(choices.length)];
        }

        private void close() {
            streams.clear();
            inside.close();
            wal.close();
        }

        // ---- appending

        private String anyKey() {
            return keys.get(random.nextInt(keys.size()));
        }

        private ReferenceLog.Stream anyStream() {
            return model.stream(anyKey());
        }

        /** Now, late, in one of the next windows; now and then too late, or too far ahead. */
        private long anyTimestamp(StreamPolicy policy) {
            int n = random.nextInt(100);
            if (n < 60) {
                return nowMillis;
            }
            if (n < 75) {
                return nowMillis - random.nextInt((int) policy.windowMillis());
            }
            if (n < 88) {
                return nowMillis - (long) (random.nextDouble() * (policy.retentionMillis() + policy.windowMillis()) * 1.02);
            }
            return nowMillis + (long) (random.nextDouble() * options.maxClockSkew().toMillis() * 1.05);
        }

        private Item anyItem(String key) {
            StreamPolicy policy = options.policyOf(key);
            int n = random.nextInt(1_000);
            int size;
            if (n < 650) {
                size = random.nextInt(300);
            } else if (n < 900) {
                size = random.nextInt(4_000);
            } else if (n < 985) {
                size = random.nextInt(16 << 10);
            } else if (n < 995 || policy.segmentBytes() < BIG_SEGMENT_BYTES) {
                size = random.nextInt(70 << 10);
            } else {
                size = random.nextInt((1 << 20) + 1);
            }
            int header = random.nextInt(4) > 0 ? 0 : random.nextInt(100) > 0 ? random.nextInt(200) : 65_000 + random.nextInt(1_000);
            return new Item(anyTimestamp(policy), bytes(header), bytes(size), options.encryptedOf(key).orElseThrow());
        }

        private byte[] bytes(int length) {
            byte[] bytes = new byte[length];
            if (random.nextInt(8) > 0) {
                random.nextBytes(bytes);
            } else if (length >= Long.BYTES) {
                // what looks like a record's beginning is none
                ByteBuffer.wrap(bytes).put("NANORC".getBytes(UTF_8));
            }
            return bytes;
        }

        /** By the rules that the API states, each record by itself; null where it is taken. */
        private Refusal refusal(String key, Item item) {
            StreamPolicy policy = options.policyOf(key);
            if (item.header().length > RecordLayout.MAX_HEADER_BYTES) {
                return new Refusal(HeaderTooLargeException.class);
            }
            if (item.header().length + item.content().length > policy.maxRecordBytes()) {
                return new Refusal(RecordTooLargeException.class);
            }
            long windowEnd = Math.floorDiv(item.timestampMillis(), policy.windowMillis()) * policy.windowMillis() + policy.windowMillis();
            boolean ahead = item.timestampMillis() > nowMillis + options.maxClockSkew().toMillis();
            return ahead || windowEnd + policy.retentionMillis() <= nowMillis ? new Refusal(TimestampOutOfRangeException.class) : null;
        }

        private Refusal refusal(String key, List<Item> items) {
            long bytes = 40;
            for (Item item : items) {
                Refusal refusal = refusal(key, item);
                if (refusal != null) {
                    return refusal;
                }
                bytes += item.frameBytes();
            }
            long room = (long) options.policyOf(key).segmentBytes() - SegmentHeaderLayout.headerLength(key.getBytes(UTF_8).length);
            return items.size() > 1 && bytes > room ? new Refusal(RecordTooLargeException.class) : null;
        }

        private void append() {
            String key = anyKey();
            Item item = anyItem(key);
            int overload = random.nextInt(12);
            if (overload == 0 || overload == 1 || overload == 9) {
                item = new Item(item.timestampMillis(), new byte[0], item.content(), item.isEncrypted());
            }
            if (overload == 0 || overload == 11) {
                item = new Item(nowMillis, item.header(), item.content(), item.isEncrypted());
            }
            Item given = item;
            Refusal refusal = refusal(key, item);
            if (refusal != null) {
                assertThatThrownBy(() -> append(key, overload, given)).isInstanceOf(refusal.type);
                return;
            }
            EntryRef ref = append(key, overload, item);
            model.stream(key).append(List.of(item), List.of(ref), options.policyOf(key), nowMillis);
            appended++;
        }

        private EntryRef append(String key, int overload, Item item) {
            WalStream stream = streams.get(key);
            long time = item.timestampMillis();
            byte[] header = item.header();
            byte[] content = item.content();
            switch (overload) {
                case 0:
                    return stream.append(content);
                case 1:
                    return stream.append(time, content);
                case 2:
                    return stream.append(time, header, content);
                case 3: {
                    ByteBuffer source = inTheMiddle(ByteBuffer.allocate(content.length + 9), content);
                    EntryRef ref = stream.append(time, ByteBuffer.wrap(header).asReadOnlyBuffer(), source);
                    assertThat(source.position()).isEqualTo(5);
                    assertThat(source.remaining()).isEqualTo(content.length);
                    return ref;
                }
                case 4:
                    return stream.append(time, ByteBuffer.wrap(header),
                            inTheMiddle(ByteBuffer.allocateDirect(content.length + 9), content));
                case 5: {
                    ByteBuf source = Unpooled.wrappedBuffer(new byte[3], content).readerIndex(3);
                    EntryRef ref = stream.append(time, Unpooled.wrappedBuffer(header), source);
                    assertThat(source.readerIndex()).isEqualTo(3);
                    assertThat(source.readableBytes()).isEqualTo(content.length);
                    return ref;
                }
                case 6: {
                    ByteBuf source = Unpooled.directBuffer(content.length + 1).writeBytes(content);
                    try {
                        return stream.append(time, Unpooled.wrappedBuffer(header), source);
                    } finally {
                        source.release();
                    }
                }
                case 7: {
                    Bytes<?> source = Bytes.wrapForRead(content);
                    return ref(key, stream.appendBytes(time, Bytes.wrapForRead(header), source), item);
                }
                case 8: {
                    Bytes<?> source = Bytes.allocateElasticDirect(content.length + 8L);
                    try {
                        source.write(content);
                        long position = stream.appendBytes(time, Bytes.wrapForRead(header), source);
                        assertThat(source.readRemaining()).isEqualTo(content.length);
                        return ref(key, position, item);
                    } finally {
                        source.releaseLast();
                    }
                }
                case 9:
                    return ref(key, stream.appendTyped(time, bytes -> bytes.write(content)), item);
                case 10:
                    return stream.append(WriteEntry.of(header, content, time));
                case 11:
                    return stream.append(WriteEntry.of(header, content, WriteEntry.NOW));
                default:
                    throw new IllegalStateException();
            }
        }

        private static ByteBuffer inTheMiddle(ByteBuffer buffer, byte[] content) {
            buffer.position(5);
            buffer.put(content).limit(buffer.position()).position(5);
            return buffer;
        }

        private static EntryRef ref(String key, long position, Item item) {
            return new EntryRef(key, position, item.frameBytes());
        }

        private List<Item> anyItems(String key) {
            int count = random.nextInt(10) == 0 ? random.nextInt(200) : random.nextInt(8);
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Item item = anyItem(key);
                // most batches are to be taken: the rest of each is what it should be
                items.add(refusal(key, item) == null || random.nextInt(50) == 0 ? item : new Item(nowMillis, new byte[0], bytes(20), item.isEncrypted()));
            }
            return items;
        }

        private static List<WriteEntry> entries(List<Item> items) {
            return items.stream().map(item -> WriteEntry.of(item.header(), item.content(), item.timestampMillis())).toList();
        }

        private void appendBatch() {
            String key = anyKey();
            List<Item> items = anyItems(key);
            Refusal refusal = refusal(key, items);
            if (refusal != null) {
                assertThatThrownBy(() -> streams.get(key).appendBatch(entries(items))).isInstanceOf(refusal.type);
                return;
            }
            List<EntryRef> refs = streams.get(key).appendBatch(entries(items));
            assertThat(refs).hasSameSizeAs(items);
            if (!items.isEmpty()) {
                model.stream(key).append(items, refs, options.policyOf(key), nowMillis);
                appended += items.size();
            }
        }

        private void appendWriteBatch() {
            WriteBatch batch = new WriteBatch();
            Map<String, List<Item>> byKey = new LinkedHashMap<>();
            List<String> order = new ArrayList<>();
            for (int parts = random.nextInt(6); parts > 0; parts--) {
                String key = anyKey();
                for (Item item : anyItems(key)) {
                    byKey.computeIfAbsent(key, any -> new ArrayList<>()).add(item);
                    order.add(key);
                    batch.add(key, WriteEntry.of(item.header(), item.content(), item.timestampMillis()));
                }
            }
            Refusal refusal = null;
            for (Map.Entry<String, List<Item>> part : byKey.entrySet()) {
                refusal = refusal != null ? refusal : refusal(part.getKey(), part.getValue());
            }
            if (refusal != null) {
                assertThatThrownBy(() -> wal.append(batch)).isInstanceOf(refusal.type);
                return;
            }
            List<EntryRef> refs = wal.append(batch);
            assertThat(refs).hasSameSizeAs(order);
            byKey.forEach((key, items) -> {
                List<EntryRef> own = new ArrayList<>();
                for (int i = 0; i < order.size(); i++) {
                    if (order.get(i).equals(key)) {
                        own.add(refs.get(i));
                    }
                }
                model.stream(key).append(items, own, options.policyOf(key), nowMillis);
                appended += items.size();
            });
        }

        private void appendIfEndIs() {
            String key = anyKey();
            ReferenceLog.Stream stream = model.stream(key);
            Item item = anyItem(key);
            WriteEntry entry = WriteEntry.of(item.header(), item.content(), item.timestampMillis());
            long end = streams.get(key).endPosition();
            stream.touch();
            if (!stream.segments.isEmpty()) {
                assertThat(end).as("end of %s", key).isEqualTo(stream.end);
            }
            Refusal refusal = refusal(key, item);
            if (refusal != null) {
                assertThatThrownBy(() -> streams.get(key).appendIfEndIs(end, entry)).isInstanceOf(refusal.type);
                return;
            }
            assertThat(streams.get(key).appendIfEndIs(end + 8, entry)).isEmpty();
            Optional<EntryRef> found = streams.get(key).appendIfEndIs(end, entry);
            assertThat(found).as("end %d is still the end of %s", end, key).isPresent();
            assertThat(streams.get(key).appendIfEndIs(end, entry)).isEmpty();
            stream.append(List.of(item), List.of(ref(key, found.orElseThrow().position(), item)), options.policyOf(key), nowMillis);
            appended++;
        }

        // ---- time and retention

        private void advanceClock() {
            long window = options.window().toMillis();
            int n = random.nextInt(100);
            double step = n < 60 ? window : n < 95 ? 3.0 * window : 1.5 * options.retention().toMillis();
            long now = nowMillis;
            nowMillis = now + (long) (random.nextDouble() * step);
        }

        private void sweep() {
            long when = random.nextInt(4) > 0 ? nowMillis : nowMillis + random.nextInt((int) options.retention().toMillis());
            Map<String, List<String>> expected = new TreeMap<>();
            int count = 0;
            for (Map.Entry<String, List<ReferenceLog.Segment>> gone : model.sweep(when).entrySet()) {
                expected.put(gone.getKey(), gone.getValue().stream().map(segment -> segment.expirationMillis + " EXPIRED").toList());
                count += gone.getValue().size();
            }
            Map<String, List<String>> actual = new TreeMap<>();
            Set<Path> files = new HashSet<>();
            SweepResult result = when == nowMillis && random.nextBoolean()
                    ? wal.sweep()
                    : wal.sweep(Instant.ofEpochMilli(when), deleted -> {
                        files.add(deleted.path());
                        actual.computeIfAbsent(deleted.key(), key -> new ArrayList<>())
                                .add(deleted.expiration().toEpochMilli() + " " + deleted.reason());
                    });
            assertThat(files).allSatisfy(file -> assertThat(file).doesNotExist());
            assertThat(result.deletedSegments()).as("swept, expected %s", expected).isEqualTo(count);
            assertThat(result.failedSegments()).isZero();
            assertThat(result.liveSegments()).isEqualTo(model.segments());
            if (!actual.isEmpty()) {
                assertThat(actual).isEqualTo(expected);
            }
            deletedSegments += count;
        }

        private void purge() {
            ReferenceLog.Stream stream = anyStream();
            long before = nowMillis - (long) (random.nextDouble() * 3 * options.window().toMillis());
            int expected = stream.purge(before).size();
            SweepResult result = wal.purge(Keys.key(stream.key), Instant.ofEpochMilli(before));
            assertThat(result.deletedSegments()).isEqualTo(expected);
            assertThat(result.liveSegments()).isEqualTo(stream.segments.size());
            deletedSegments += expected;
        }

        private void delete() {
            ReferenceLog.Stream stream = anyStream();
            deletedSegments += stream.segments.size();
            if (random.nextBoolean()) {
                assertThat(wal.delete(stream.key)).isEqualTo(stream.delete());
                return;
            }
            ReferenceLog.Stream other = anyStream();
            int count = (stream.delete() ? 1 : 0);
            deletedSegments += other.segments.size();
            count += other.delete() ? 1 : 0;
            assertThat(wal.delete(Keys.of(List.of(stream.key, other.key)))).isEqualTo(count);
        }

        /** Behind any record; where it is in the middle of a batch, that is refused, and what the model has stays. */
        private void truncateAfter() {
            ReferenceLog.Stream stream = anyStream();
            List<Appended> records = stream.records();
            if (records.isEmpty()) {
                return;
            }
            int index = records.size() - 1 - random.nextInt(Math.min(records.size(), pick(1, 10, 1_000)));
            int segments = stream.segments.size();
            touch(stream);
            try {
                streams.get(stream.key).truncateAfter(records.get(index).ref());
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessageContaining("batch");
                return;
            }
            if (records.get(index).ref().end() < stream.end) {
                stream.truncateAfter(records.get(index).ref());
                deletedSegments += segments - stream.segments.size();
            }
        }

        /** A part of what is there, or all of it; of one stream, or of all. */
        private void erase() {
            long from = nowMillis - (long) (random.nextDouble() * options.retention().toMillis());
            long to = from + (long) (random.nextDouble() * 3 * options.window().toMillis());
            boolean isAll = random.nextInt(8) == 0;
            boolean isOfAll = random.nextInt(3) == 0;
            ReferenceLog.Stream one = anyStream();
            int records = 0;
            for (ReferenceLog.Stream stream : isOfAll ? model.streams() : List.of(one)) {
                records += isAll ? stream.erase(Long.MIN_VALUE, Long.MAX_VALUE) : stream.erase(from, to);
            }
            ErasureReport report = wal.erase(isOfAll ? Keys.all() : Keys.key(one.key), isAll ? Instant.MIN : Instant.ofEpochMilli(from),
                    isAll ? Instant.MAX : Instant.ofEpochMilli(to));
            assertThat(report.records()).as("erased, of %s", report).isEqualTo(records);
            assertThat(report.rewritten().isEmpty()).isEqualTo(records == 0);
            assertThat(report.quarantined()).isEmpty();
        }

        // ---- reading

        private WalReader reader() {
            return random.nextBoolean() ? inside : outside;
        }

        /** What a scan inside does: the writer is asked where the stream ends, and has a look at it for that. */
        private void touch(ReferenceLog.Stream stream) {
            long end = streams.get(stream.key).endPosition();
            stream.touch();
            assertThat(end).isGreaterThanOrEqualTo(stream.end);
        }

        private void find(WalReader reader) {
            ReferenceLog.Stream stream = anyStream();
            if (reader == inside) {
                touch(stream);
            }
            List<Appended> records = stream.records();
            if (!records.isEmpty()) {
                Appended record = records.get(random.nextInt(records.size()));
                checkEntry(reader.find(record.ref()).orElseThrow(() -> new AssertionError("not there: " + record.ref())), record);
            }
            if (!stream.gone.isEmpty()) {
                assertThat(reader.find(stream.gone.get(random.nextInt(stream.gone.size())))).isEmpty();
            }
        }

        private record Wanted(EntryRef ref, Appended record, List<EntryBatch.Status> statuses) {}

        private void readBatch(WalReader reader, int count) {
            List<Wanted> wanted = new ArrayList<>();
            while (wanted.size() < count) {
                ReferenceLog.Stream stream = anyStream();
                if (reader == inside) {
                    touch(stream);
                }
                List<Appended> records = stream.records();
                int n = random.nextInt(100);
                if (n < 70 && !records.isEmpty()) {
                    for (int run = random.nextInt(8), at = random.nextInt(records.size()); run >= 0 && at < records.size(); run--, at++) {
                        wanted.add(new Wanted(records.get(at).ref(), records.get(at), List.of(EntryBatch.Status.FOUND)));
                    }
                } else if (n < 85 && !stream.gone.isEmpty()) {
                    EntryRef gone = stream.gone.get(random.nextInt(stream.gone.size()));
                    wanted.add(new Wanted(gone, null, List.of(EntryBatch.Status.EXPIRED)));
                } else if (n < 88 && !stream.erased.isEmpty()) {
                    List<EntryRef> erased = List.copyOf(stream.erased);
                    wanted.add(new Wanted(erased.get(random.nextInt(erased.size())), null, List.of(EntryBatch.Status.NOT_FOUND)));
                } else if (n < 90 && !stream.cut.isEmpty()) {
                    EntryRef cut = stream.cut.get(random.nextInt(stream.cut.size()));
                    boolean mayHaveExpired = records.isEmpty() || stream.segments.get(0).records.get(0).ref().position() > cut.position();
                    wanted.add(new Wanted(cut, null, mayHaveExpired
                            ? List.of(EntryBatch.Status.NOT_FOUND, EntryBatch.Status.EXPIRED)
                            : List.of(EntryBatch.Status.NOT_FOUND)));
                } else if (n < 95 && !records.isEmpty()) {
                    EntryRef ref = records.get(random.nextInt(records.size())).ref();
                    boolean inside = random.nextBoolean();
                    EntryRef wrong = inside
                            ? new EntryRef(ref.key(), ref.position() + 8, ref.size())
                            : new EntryRef(ref.key(), ref.position(), ref.size() + 8);
                    wanted.add(new Wanted(wrong, null, List.of(EntryBatch.Status.NOT_FOUND)));
                } else {
                    EntryRef behind = new EntryRef(stream.key, stream.greatestEnd + 8L * random.nextInt(1_000), 32);
                    wanted.add(new Wanted(behind, null, stream.segments.isEmpty()
                            ? List.of(EntryBatch.Status.NOT_FOUND, EntryBatch.Status.EXPIRED)
                            : List.of(EntryBatch.Status.NOT_FOUND)));
                }
            }
            Collections.shuffle(wanted, random);
            try (EntryBatch batch = reader.readBatch(wanted.stream().map(Wanted::ref).toList())) {
                for (int i = 0; i < wanted.size(); i++) {
                    Wanted one = wanted.get(i);
                    assertThat(one.statuses()).as("status of %s", one.ref()).contains(batch.status(i));
                    if (one.record() != null) {
                        checkEntry(batch.get(i), one.record());
                    }
                }
            }
        }

        private void latest() {
            WalReader reader = reader();
            List<String> asked = random.nextBoolean() ? keys : List.of(anyKey());
            if (reader == inside) {
                asked.forEach(key -> touch(model.stream(key)));
            }
            Map<String, Entry> found = reader.latest(asked);
            for (String key : asked) {
                List<Appended> records = model.stream(key).records();
                assertThat(found.containsKey(key)).as(key).isEqualTo(!records.isEmpty());
                if (!records.isEmpty()) {
                    checkEntry(found.get(key), records.get(records.size() - 1));
                }
            }
        }

        private void scan() {
            ReferenceLog.Stream stream = anyStream();
            WalReader reader = reader();
            if (reader == inside) {
                touch(stream);
            }
            List<Appended> records = stream.records();
            switch (random.nextInt(6)) {
                case 0 -> {
                    try (EntryCursor cursor = reader.scan(stream.key)) {
                        checkScan(cursor, records);
                    }
                }
                case 1 -> {
                    long from = nowMillis - (long) (random.nextDouble() * options.retention().toMillis());
                    long to = from + (long) (random.nextDouble() * 3 * options.window().toMillis());
                    List<Appended> expected = records.stream()
                            .filter(record -> record.timestampMillis() >= from && record.timestampMillis() < to).toList();
                    try (EntryCursor cursor = reader.scan(stream.key, Instant.ofEpochMilli(from), Instant.ofEpochMilli(to))) {
                        checkScan(cursor, expected);
                    }
                }
                case 2 -> scanFrom(reader, stream, records);
                case 3 -> scanBackward(reader, stream, records);
                case 4 -> scanMerged(reader);
                default -> {
                    int count = pick(0, 1, 2, 10, 1_000_000);
                    try (EntryCursor cursor = reader.scanLast(stream.key, count)) {
                        checkScan(cursor, records.subList(Math.max(0, records.size() - count), records.size()));
                    }
                }
            }
        }

        private void scanFrom(WalReader reader, ReferenceLog.Stream stream, List<Appended> records) {
            int n = random.nextInt(10);
            if (n < 2 || records.isEmpty()) {
                long position = n == 0 || stream.gone.isEmpty() ? 0 : stream.gone.get(random.nextInt(stream.gone.size())).position();
                try (EntryCursor cursor = reader.scanFrom(stream.key, position)) {
                    checkScan(cursor, records);
                }
                return;
            }
            if (n == 3 && !stream.erased.isEmpty()) {
                // where somebody has come to who had read what is before it
                List<EntryRef> erased = List.copyOf(stream.erased);
                long position = erased.get(random.nextInt(erased.size())).position();
                try (EntryCursor cursor = reader.scanFrom(stream.key, position)) {
                    checkScan(cursor, records.stream().filter(record -> record.ref().position() > position).toList());
                }
                return;
            }
            int index = random.nextInt(records.size());
            EntryRef ref = records.get(index).ref();
            if (n == 2) {
                assertThatThrownBy(() -> reader.scanFrom(stream.key, ref.position() + 8)).isInstanceOf(EntryNotFoundException.class);
                return;
            }
            boolean behind = n < 6;
            try (EntryCursor cursor = reader.scanFrom(stream.key, behind ? ref.end() : ref.position())) {
                checkScan(cursor, records.subList(behind ? index + 1 : index, records.size()));
            }
        }

        private void scanBackward(WalReader reader, ReferenceLog.Stream stream, List<Appended> records) {
            int count = records.isEmpty() ? 0 : random.nextInt(records.size() + 1);
            long position = count == records.size() ? Long.MAX_VALUE : records.get(count).ref().position();
            try (EntryCursor cursor = reader.scanBackward(stream.key, position)) {
                for (int i = count - 1; i >= 0; i--) {
                    Appended record = records.get(i);
                    assertThat(cursor.next()).as("record %s of %s", i, count).isTrue();
                    assertThat(cursor.ref()).isEqualTo(record.ref());
                    check(record, cursor.timestampMillis(), cursor.header(), cursor.content());
                }
                assertThat(cursor.next()).isFalse();
            }
        }

        private record Placed(Appended record, long greatestSoFar) {}

        private void scanMerged(WalReader reader) {
            long from = nowMillis - (long) (random.nextDouble() * options.retention().toMillis());
            long to = from + (long) (random.nextDouble() * 3 * options.window().toMillis());
            List<Placed> expected = new ArrayList<>();
            for (ReferenceLog.Stream stream : model.streams()) {
                if (reader == inside) {
                    touch(stream);
                }
                long greatest = Long.MIN_VALUE;
                for (Appended record : stream.records()) {
                    if (record.timestampMillis() >= from && record.timestampMillis() < to) {
                        greatest = Math.max(greatest, record.timestampMillis());
                        expected.add(new Placed(record, greatest));
                    }
                }
            }
            expected.sort(Comparator.comparingLong(Placed::greatestSoFar).thenComparing(placed -> placed.record().ref()));
            try (EntryCursor cursor = reader.scanMerged(Keys.all(), Instant.ofEpochMilli(from), Instant.ofEpochMilli(to))) {
                for (Placed placed : expected) {
                    assertThat(cursor.next()).isTrue();
                    assertThat(cursor.ref()).isEqualTo(placed.record().ref());
                    check(placed.record(), cursor.timestampMillis(), cursor.header(), cursor.content());
                }
                assertThat(cursor.next()).isFalse();
            }
        }

        private void checkScan(EntryCursor cursor, List<Appended> expected) {
            for (int i = 0; i < expected.size(); i++) {
                Appended record = expected.get(i);
                if (!cursor.next()) {
                    throw new AssertionError("a scan ends at record " + i + " of " + expected.size() + ", before " + record.ref());
                }
                if (cursor.position() != record.ref().position() || cursor.size() != record.ref().size()) {
                    throw new AssertionError("a scan comes to " + cursor.ref() + " where " + record.ref() + " stands, record " + i);
                }
                check(record, cursor.timestampMillis(), cursor.header(), cursor.content());
                if (i % 64 == 0) {
                    assertThat(cursor.nextPosition()).isEqualTo(record.ref().end());
                    checkEntry(cursor.copy(), record);
                }
            }
            if (cursor.next()) {
                throw new AssertionError("a scan goes on behind record " + expected.size() + " to " + cursor.ref());
            }
        }

        /** A segment that is sealed meanwhile has other bytes. */
        private static String withoutBytes(StreamInfo info) {
            return info.toString().replaceFirst(", bytes=\\d+", "");
        }

        private void describe(WalReader reader, ReferenceLog.Stream stream) {
            if (reader == inside) {
                touch(stream);
            }
            Optional<StreamInfo> described = reader.describe(stream.key);
            assertThat(described.isPresent()).isEqualTo(!stream.segments.isEmpty());
            assertThat(reader.describe(List.of(stream.key, "nobody")).values()).as("described with others").map(Run::withoutBytes)
                    .isEqualTo(described.stream().map(Run::withoutBytes).toList());
            described.ifPresent(info -> {
                List<Appended> records = stream.records();
                assertThat(info.key()).isEqualTo(stream.key);
                assertThat(info.segments()).as("segments of %s", info).isEqualTo(stream.segments.size());
                assertThat(info.bytes()).isPositive();
                long first = stream.segments.get(0).records.get(0).ref().position();
                assertThat(info.firstPosition()).isBetween(first - 40, first);
                assertThat(info.endPosition()).isEqualTo(stream.end);
                LongSummaryStatistics times = records.stream().mapToLong(Appended::timestampMillis).summaryStatistics();
                if (records.isEmpty()) {
                    assertThat(info.smallestTimestampMillis()).isEmpty();
                    assertThat(info.largestTimestampMillis()).isEmpty();
                } else {
                    assertThat(info.smallestTimestampMillis()).hasValue(times.getMin());
                    assertThat(info.largestTimestampMillis()).hasValue(times.getMax());
                }
            });
        }

        private void verify(WalReader reader, ReferenceLog.Stream stream) {
            if (reader == inside) {
                touch(stream);
            }
            VerifyReport report = reader.verify(stream.key);
            List<Appended> records = stream.records();
            assertThat(report.damage()).isEmpty();
            assertThat(report.truncated()).isFalse();
            assertThat(report.records()).isEqualTo(records.size());
            assertThat(report.bytes()).isEqualTo(records.stream().mapToLong(record -> record.ref().size()).sum());
        }

        // ---- all of it

        private void compare() throws IOException {
            assertThat(wal.keys()).containsExactlyElementsOf(new TreeSet<>(model.keys()));
            WalStats stats = wal.stats();
            assertThat(stats.segments()).isEqualTo(model.segments());
            assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
            assertThat(stats.openFiles() + stats.mappedSegments()).isLessThanOrEqualTo(stats.segments());
            compareAll(outside);
            try (WalReader fresh = WalReader.open(root, ReaderOptions.builder().keys(KEYS_OF_LOG).build())) {
                compareAll(fresh);
            }
            model.streams().forEach(this::touch);
            compareAll(inside);
            assertThat(Files.exists(root.resolve("quarantine"))).isFalse();
        }

        private void compareAll(WalReader reader) {
            assertThat(reader.keys()).containsExactlyElementsOf(new TreeSet<>(model.keys()));
            for (ReferenceLog.Stream stream : model.streams()) {
                try (EntryCursor cursor = reader.scan(stream.key)) {
                    checkScan(cursor, stream.records());
                }
                describe(reader, stream);
                verify(reader, stream);
            }
            readBatch(reader, 200);
        }

        private static void checkEntry(Entry entry, Appended record) {
            if (!entry.ref().equals(record.ref())) {
                throw new AssertionError("another record: " + entry.ref() + " for " + record.ref());
            }
            check(record, entry.timestampMillis(), entry.header(), entry.content());
        }

        private static void check(Appended record, long timestampMillis, ByteBuf header, ByteBuf content) {
            if (timestampMillis != record.timestampMillis()
                    || !header.nioBuffer().equals(ByteBuffer.wrap(record.header()))
                    || !content.nioBuffer().equals(ByteBuffer.wrap(record.content()))) {
                throw new AssertionError("another record than was appended: " + record.ref() + ", timestamp=" + timestampMillis + " for "
                        + record.timestampMillis() + ", header=" + header.readableBytes() + " for " + record.header().length + ", content="
                        + content.readableBytes() + " for " + record.content().length);
            }
        }
    }
}
