package dev.streamwal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.engine.Environment;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SealLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import net.openhft.chronicle.bytes.Bytes;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Encrypted logs: all that is done to others works, nothing can be read of the files, and what was changed, or has another key, is refused. */
class EncryptionTest {

    private static final MasterKeys KEYS = MasterKeysForTests.ring("now");
    private static final String MARKER = "PLAINTEXT-MARKER";

    @TempDir
    Path directory;

    private Instant now = Instant.parse("2026-03-01T12:00:00Z");

    private Path root() {
        return directory.resolve("log");
    }

    private WalOptions.Builder options() {
        return WalOptions.builder().clock(() -> now).window(Duration.ofMinutes(1)).retention(Duration.ofDays(1)).segmentBytes(256 << 10)
                .sweepInterval(Duration.ZERO).ownSegments(0);
    }

    private StreamWal open(Path root, Segments segments, Storage storage) {
        return StreamWal.open(root, options().storage(storage).encryption(KEYS)
                .streams("plain*", StreamOptions.builder().encrypted(false).segments(segments).build())
                .streams("*", StreamOptions.builder().segments(segments).build()).build());
    }

    private static WalReader reader(Path root, MasterKeys keys) {
        return WalReader.open(root, ReaderOptions.builder().keys(keys).build());
    }

    // ---------------------------------------------------------------- all of the API

    /** A record as it was appended. */
    private record Written(EntryRef ref, long timestampMillis, String header, String content) {

        static Written of(Entry entry) {
            return new Written(entry.ref(), entry.timestampMillis(), new String(entry.headerBytes(), UTF_8), new String(entry.contentBytes(), UTF_8));
        }

        static Written of(EntryCursor cursor) {
            return new Written(cursor.ref(), cursor.timestampMillis(), new String(ByteBufUtil.getBytes(cursor.header()), UTF_8),
                    new String(ByteBufUtil.getBytes(cursor.content()), UTF_8));
        }
    }

    private static WriteEntry entry(long millis, String header, String content) {
        return new WriteEntry(ByteBuffer.wrap(header.getBytes(UTF_8)), ByteBuffer.wrap(content.getBytes(UTF_8)), millis);
    }

    /** In every way, and of every size: those of more than 8 KiB are encrypted in memory of their own. */
    private List<Written> appendEverything(StreamWal wal, String key) {
        WalStream stream = wal.stream(key);
        long millis = now.toEpochMilli();
        List<Written> written = new ArrayList<>();
        written.add(new Written(stream.append(MARKER.getBytes(UTF_8)), millis, "", MARKER));
        written.add(new Written(stream.append(new byte[0]), millis, "", ""));
        written.add(new Written(stream.append(millis - 5, "header".getBytes(UTF_8), MARKER.getBytes(UTF_8)), millis - 5, "header", MARKER));
        ByteBuffer direct = ByteBuffer.allocateDirect(100).put(new byte[100]).flip();
        written.add(new Written(stream.append(direct), millis, "", "\0".repeat(100)));
        String large = MARKER.repeat(3_000);
        written.add(new Written(stream.append(entry(millis - 1, "h", large), Durability.IMMEDIATE), millis - 1, "h", large));
        written.add(new Written(stream.appendAsync(entry(millis, "h", "async")).join(), millis, "h", "async"));
        List<WriteEntry> batch = List.of(entry(millis, "", "b1"), entry(millis - 9, "bh", MARKER), entry(millis, "x", ""));
        List<EntryRef> refs = stream.appendBatch(batch);
        for (int i = 0; i < batch.size(); i++) {
            written.add(new Written(refs.get(i), batch.get(i).timestampMillis(), UTF_8.decode(batch.get(i).header().duplicate()).toString(),
                    UTF_8.decode(batch.get(i).content().duplicate()).toString()));
        }
        refs = wal.append(new WriteBatch().add(key, entry(millis, "", "w1")).add(key, entry(millis, "w", "w2")).add("plain", entry(millis, "", "p")));
        written.add(new Written(refs.get(0), millis, "", "w1"));
        written.add(new Written(refs.get(1), millis, "w", "w2"));
        EntryRef last = stream.appendIfEndIs(stream.endPosition(), entry(millis, "", "end")).orElseThrow();
        written.add(new Written(last, millis, "", "end"));
        return written;
    }

    private static void assertHolds(WalReader reader, String key, List<Written> expected) throws InterruptedException {
        List<Written> found = new ArrayList<>();
        try (EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                found.add(Written.of(cursor));
                assertThat(Written.of(cursor.copy())).isEqualTo(found.get(found.size() - 1));
            }
        }
        assertThat(found).isEqualTo(expected);
        List<Written> backward = new ArrayList<>();
        try (EntryCursor cursor = reader.scanBackward(key, Long.MAX_VALUE)) {
            while (cursor.next()) {
                backward.add(0, Written.of(cursor));
            }
        }
        assertThat(backward).isEqualTo(expected);
        Written last = expected.get(expected.size() - 1);
        assertThat(reader.latest(key).map(Written::of)).contains(last);
        assertThat(reader.latest(List.of(key, "plain")).get(key)).extracting(Written::of).isEqualTo(last);
        assertThat(reader.latestByTimestamp(key).map(Written::of)).isPresent().get().isIn(expected);
        List<EntryRef> refs = new ArrayList<>(expected.stream().map(Written::ref).toList());
        refs.addAll(refs.subList(0, 3));
        try (EntryBatch batch = reader.readBatch(refs)) {
            assertThat(batch.found().stream().map(Written::of)).startsWith(expected.toArray(Written[]::new)).hasSize(refs.size());
        }
        try (EntryTail tail = reader.follow(key, ReadFrom.first())) {
            for (Written each : expected) {
                assertThat(tail.next(Duration.ofSeconds(20))).isTrue();
                assertThat(Written.of(tail)).isEqualTo(each);
            }
        }
        try (EntryCursor merged = reader.scanMerged(Keys.of(List.of(key)), Instant.ofEpochMilli(last.timestampMillis() - 1),
                Instant.ofEpochMilli(last.timestampMillis() + 1))) {
            assertThat(merged.next()).isTrue();
            assertThat(Written.of(merged)).isIn(expected);
        }
        assertThat(reader.verify(key).damage()).isEmpty();
    }

    /** Master keys that note in another log that they were asked, as a program may that keeps an audit. */
    private static MasterKeys noting(WalStream audit) {
        return new MasterKeys() {
            @Override
            public String currentId() {
                audit.append("asked".getBytes(UTF_8));
                return KEYS.currentId();
            }

            @Override
            public byte[] wrap(String id, byte[] key, byte[] context) {
                return KEYS.wrap(id, key, context);
            }

            @Override
            public byte[] unwrap(String id, byte[] wrapped, byte[] context) {
                return KEYS.unwrap(id, wrapped, context);
            }
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"array", "part", "header", "bytes", "typed", "sample"})
    void append_masterKeysAppendToAnotherLog_appendsWhatWasGiven(String how) {
        try (StreamWal audit = StreamWal.open(directory.resolve("audit"), options().build());
                StreamWal wal = StreamWal.open(root(), options().encryption(noting(audit.stream("audit"))).build())) {
            byte[] content = {1, 2, 3, 4, 5, 6, 7, 8};
            WalStream stream = wal.stream("a");
            switch (how) {
                case "array" -> stream.append(content);
                case "part" -> stream.append(now.toEpochMilli(), content, 0, 8);
                case "header" -> stream.append(now.toEpochMilli(), new byte[2], content);
                case "bytes" -> stream.appendBytes(now.toEpochMilli(), Bytes.wrapForRead(new byte[1]), Bytes.wrapForRead(content));
                case "typed" -> stream.appendTyped(now.toEpochMilli(), out -> out.write(content));
                default -> wal.samples("a").append(now.toEpochMilli(), Double.longBitsToDouble(ByteBuffer.wrap(content).getLong()));
            }
            try (WalReader reader = wal.reader(ReaderOptions.builder().keys(KEYS).build()); EntryCursor cursor = reader.scan("a")) {
                assertThat(cursor.next()).isTrue();
                assertThat(ByteBufUtil.getBytes(cursor.content())).containsExactlyInAnyOrder(content);
            }
            try (WalReader reader = audit.reader()) {
                assertThat(reader.latest("audit")).isPresent();
            }
        }
    }

    @Test
    void reader_withOptionsThatHaveNoKeys_readsByTheLogs() {
        try (StreamWal wal = open(root(), Segments.AUTO, Storage.AUTO)) {
            List<EntryRef> refs = List.of(wal.stream("a").append(MARKER.getBytes(UTF_8)), wal.stream("a").append(MARKER.getBytes(UTF_8)));
            try (WalReader reader = wal.reader(ReaderOptions.builder().maxBatchRefs(1).build())) {
                assertThat(reader.latest("a").orElseThrow().content().toString(UTF_8)).isEqualTo(MARKER);
                assertThatThrownBy(() -> reader.readBatch(refs).close()).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("maxBatchRefs");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"OWN, MAPPED", "OWN, CHANNEL", "SHARED, MAPPED", "SHARED, CHANNEL"})
    void everyWayToAppend_readInEveryWay_returnsWhatWasAppended(Segments segments, Storage storage) throws Exception {
        List<Written> expected;
        try (StreamWal wal = open(root(), segments, storage)) {
            expected = appendEverything(wal, "a");
            SampleStream samples = wal.samples("samples");
            samples.append(now.toEpochMilli(), 0.25);
            try (WalReader reader = wal.reader(); EntryCursor cursor = reader.scan("samples"); WalConsumer consumer = reader.consumer("c", Keys.key("a"))) {
                assertHolds(reader, "a", expected);
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.sampleValue()).isEqualTo(0.25);
                EntryTail entries = consumer.entries();
                assertThat(entries.next()).isTrue();
                assertThat(Written.of(entries)).isEqualTo(expected.get(0));
            }
            now = now.plus(Duration.ofMinutes(2));
            // a stream's newest segment stays a file
            expected.addAll(appendEverything(wal, "a"));
            packAll(wal, root());
        }
        try (WalReader reader = reader(root(), KEYS)) {
            assertHolds(reader, "a", expected);
            assertThat(reader.latest("plain").map(entry -> new String(entry.contentBytes(), UTF_8))).contains("p");
        }
        NonceLedger nonces = new NonceLedger().add(root());
        assertThat(nonces.size()).isEqualTo(expected.size() + 1);
        assertThat(nonces.keys()).isEqualTo(1);
    }

    /** Segments are sealed in the background, when a sweep has found that their streams are idle. */
    private static void packAll(StreamWal wal, Path root) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
        while (files(root.resolve("packs")).stream().noneMatch(file -> file.toString().endsWith(".pack"))) {
            assertThat(System.nanoTime()).as("something is packed").isLessThan(deadline);
            SweepResult swept = wal.sweep();
            int unused = wal.pack();
            Thread.onSpinWait();
        }
    }

    @Test
    void refs_ofEncryptedRecords_haveTheirStoredSize() {
        try (StreamWal wal = StreamWal.open(root(), options().encryption(KEYS).build())) {
            EntryRef ref = wal.stream("a").append(entry(now.toEpochMilli(), "hhh", "content"));
            assertThat(ref.size()).isEqualTo(EntryRef.sizeOf(3, 7 + EntryRef.ENCRYPTION_BYTES)).isEqualTo(72);
        }
    }

    @Test
    void append_largestRecord_fitsAndOneMoreByteIsRefused() {
        WalOptions options = options().segmentBytes(4 << 10).encryption(KEYS).streams("*", StreamOptions.builder().segments(Segments.OWN).build()).build();
        try (StreamWal wal = StreamWal.open(root(), options)) {
            WalStream stream = wal.stream("x".repeat(1_024));
            byte[] largest = new byte[options.maxRecordBytes()];
            assertThat(stream.append(largest).size()).isGreaterThan(largest.length);
            assertThatThrownBy(() -> stream.append(new byte[largest.length + 1])).isInstanceOf(RecordTooLargeException.class);
        }
        assertThatThrownBy(() -> options().segmentBytes(4 << 10).maxRecordBytes(options.maxRecordBytes() + 1).encryption(KEYS).build())
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void build_encryptedStreamsWithoutMasterKeys_isRefused() {
        WalOptions.Builder builder = options().streams("a*", StreamOptions.builder().encrypted(true).build());
        assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("keyPattern=a*");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void stats_keysLocked_isWhatTheMasterKeysSay(boolean locked) {
        MasterKeys ring = MasterKeysForTests.ring("a");
        MasterKeys keys = new MasterKeys() {
            @Override
            public String currentId() {
                return ring.currentId();
            }

            @Override
            public byte[] wrap(String id, byte[] key, byte[] context) {
                return ring.wrap(id, key, context);
            }

            @Override
            public byte[] unwrap(String id, byte[] wrapped, byte[] context) {
                return ring.unwrap(id, wrapped, context);
            }

            @Override
            public boolean isLocked() {
                return locked;
            }
        };
        try (StreamWal wal = StreamWal.open(root(), WalOptions.builder().encryption(keys).build())) {
            assertThat(wal.stats().keysLocked()).isEqualTo(locked);
        }
    }

    @Test
    void rotateKeys_withoutMasterKeys_isRefused() {
        try (StreamWal wal = StreamWal.open(root(), options().build())) {
            long unused = wal.stream("a").append(new byte[3]).position();
            assertThatThrownBy(wal::rotateKeys).isInstanceOf(IllegalStateException.class);
        }
        assertThat(root().resolve("keys")).doesNotExist();
    }

    // ---------------------------------------------------------------- what is in the files

    private static List<Path> files(Path root) throws IOException {
        if (!Files.exists(root)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        for (Path file : files(from)) {
            Path target = to.resolve(from.relativize(file).toString());
            Files.createDirectories(target.getParent());
            Files.copy(file, target);
        }
        Files.deleteIfExists(to.resolve("LOCK"));
    }

    private static void assertNoPlaintext(Path root) throws IOException {
        int searched = 0;
        for (Path file : files(root)) {
            if (!file.endsWith("LOCK")) {
                byte[] bytes = Files.readAllBytes(file);
                assertThat(new String(bytes, ISO_8859_1)).as(file.toString()).doesNotContain("PLAINTEXT");
                searched++;
            }
        }
        assertThat(searched).isGreaterThan(3);
    }

    @ParameterizedTest
    @CsvSource({"OWN, MAPPED", "SHARED, MAPPED", "SHARED, CHANNEL"})
    void files_afterLoadKillRedoPackingAndMerging_haveNoPlaintext(Segments segments, Storage storage) throws IOException {
        Path killed = directory.resolve("killed");
        try (StreamWal wal = open(root(), segments, storage)) {
            for (int i = 0; i < 40; i++) {
                wal.stream("k" + i % 5).append(entry(now.toEpochMilli(), MARKER + i, MARKER.repeat(1 + i)), i % 3 == 0 ? Durability.IMMEDIATE : Durability.BUFFERED);
            }
            wal.checkpoint(directory.resolve("checkpoint"));
            copy(root(), killed);
            assertNoPlaintext(root());
        }
        assertNoPlaintext(directory.resolve("checkpoint"));
        damageLastRecord(killed);
        List<Object> merged = new ArrayList<>();
        for (int window = 0; window < 3; window++) {
            WalOptions options = options().encryption(KEYS).recoveryPolicy(RecoveryPolicy.SKIP_BAD_RECORDS).segmentBytes(8 << 10)
                    .listener(new WalListener() {
                        @Override
                        public void onMerged(MergedPacks packs) {
                            merged.add(packs);
                        }
                    })
                    .streams("*", StreamOptions.builder().segments(segments).build()).build();
            try (StreamWal wal = openWithoutThreads(killed, options)) {
                assertNoPlaintext(killed);
                for (int i = 0; i < 100; i++) {
                    wal.stream("k" + i % 5).append(entry(now.toEpochMilli(), MARKER, MARKER.repeat(20)), i % 20 == 0 ? Durability.IMMEDIATE : Durability.BUFFERED);
                    if (i % 30 == 29) {
                        packSealed(wal);
                    }
                }
                now = now.plus(Duration.ofMinutes(2));
                // idle is what had no append since the sweep before
                for (int sweep = 0; sweep < 2; sweep++) {
                    SweepResult unused = wal.sweep();
                }
                packSealed(wal);
                assertNoPlaintext(killed);
            }
        }
        assertThat(merged).as("merged").isNotEmpty();
        assertNoPlaintext(killed);
        assertThat(new NonceLedger().addStreams(root()).addStreams(killed).addStreams(directory.resolve("checkpoint")).keys()).isGreaterThanOrEqualTo(4);
    }

    /** So that it doesn't depend on which thread is faster what is sealed, and so packed and merged. */
    private static StreamWal openWithoutThreads(Path root, WalOptions options) {
        Environment machine = Environment.ofThisMachine(options.storage().kind());
        return StreamWal.open(root, options, new Environment(machine.bootId(), machine.storages(), machine.salts(), false));
    }

    private static void packSealed(StreamWal wal) {
        wal.runBackground();
        int unused = wal.pack();
    }

    /** So that recovery sets it aside. */
    private static void damageLastRecord(Path root) throws IOException {
        Path segment = files(root.resolve("segments")).stream().filter(file -> file.toString().endsWith(".seg")).findFirst().orElseThrow();
        byte[] bytes = Files.readAllBytes(segment);
        int at = bytes.length - 1;
        while (bytes[at] == 0) {
            at--;
        }
        bytes[at - 3] ^= 1;
        Files.write(segment, bytes);
    }

    /** The original and two copies of it, one of which is opened twice: each key seals in one of them only. */
    @ParameterizedTest
    @CsvSource({"OWN, MAPPED", "SHARED, CHANNEL"})
    void copies_thatAllGoOn_useNoNonceTwice(Segments segments, Storage storage) throws IOException {
        Path copy = directory.resolve("copy");
        Path checkpoint = directory.resolve("checkpoint");
        NonceLedger nonces = new NonceLedger();
        try (StreamWal wal = open(root(), segments, storage)) {
            List<EntryRef> refs = appendSome(wal, "before");
            copy(root(), copy);
            wal.checkpoint(checkpoint);
            nonces.add(root());
            wal.stream("a").truncateAfter(refs.get(3));
            appendSome(wal, "original");
            nonces.add(root());
        }
        for (Path root : List.of(copy, checkpoint, copy, root())) {
            try (StreamWal wal = open(root, segments, storage)) {
                appendSome(wal, "again " + root.getFileName());
                wal.rotateKeys();
                appendSome(wal, "rotated");
            }
            nonces.add(root);
        }
        assertThat(nonces.keys()).isEqualTo(9);
        assertThat(nonces.size()).isEqualTo(10 * 10);
    }

    private static List<EntryRef> appendSome(StreamWal wal, String content) {
        List<EntryRef> refs = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            refs.add(wal.stream("a").append((content + i).getBytes(UTF_8)));
        }
        return refs;
    }

    // ---------------------------------------------------------------- keys

    private static List<String> contents(WalReader reader, String key) {
        List<String> found = new ArrayList<>();
        try (EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                found.add(cursor.content().toString(UTF_8));
            }
        }
        return found;
    }

    private static void assertUnavailable(WalReader reader, EntryRef ref, String keyId) {
        for (ThrowingCallable read : List.<ThrowingCallable>of(
                () -> contents(reader, ref.key()), () -> reader.latest(ref.key()), () -> reader.find(ref), () -> reader.latestByTimestamp(ref.key()))) {
            assertThatThrownBy(read).isInstanceOfSatisfying(KeyUnavailableException.class, e -> assertThat(e.keyId()).isEqualTo(keyId))
                    .hasMessageContaining(keyId).message().containsAnyOf("root=", "file=");
        }
        try (EntryBatch batch = reader.readBatch(List.of(ref)); EntryCursor cursor = reader.scan(ref.key())) {
            assertThat(batch.status(0)).isEqualTo(EntryBatch.Status.FOUND);
            assertThatThrownBy(() -> batch.get(0)).isInstanceOf(KeyUnavailableException.class);
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.ref()).isEqualTo(ref);
            assertThatThrownBy(cursor::header).isInstanceOf(KeyUnavailableException.class);
        }
        assertThat(reader.verify(ref.key()).damage()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"OWN", "SHARED"})
    void read_missingAndWrongKeys_sayWhichKeyAndNothingElse(Segments segments) {
        EntryRef ref;
        try (StreamWal wal = open(root(), segments, Storage.AUTO)) {
            ref = wal.stream("a").append("secret".getBytes(UTF_8));
        }
        try (WalReader none = WalReader.open(root());
                WalReader other = reader(root(), MasterKeysForTests.ring("other"));
                WalReader wrong = reader(root(), MasterKeys.ring("now", Map.of("now", new byte[32])));
                WalReader careless = reader(root(), new Careless());
                WalReader right = reader(root(), MasterKeysForTests.ring("other", "now"))) {
            for (WalReader each : List.of(none, other, wrong, careless)) {
                assertUnavailable(each, ref, "now");
            }
            assertThat(contents(right, "a")).containsExactly("secret");
        }
    }

    /** Unwraps, without checking it, another key than was wrapped. */
    private static final class Careless implements MasterKeys {
        @Override
        public String currentId() {
            return "now";
        }

        @Override
        public byte[] wrap(String id, byte[] key, byte[] context) {
            return key.clone();
        }

        @Override
        public byte[] unwrap(String id, byte[] wrapped, byte[] context) {
            return new byte[32];
        }
    }

    /** Wraps keys when it is let. */
    private static final class Hanging implements MasterKeys {
        private final CountDownLatch asked = new CountDownLatch(1);
        private final CountDownLatch answers = new CountDownLatch(1);

        @Override
        public String currentId() {
            return KEYS.currentId();
        }

        @Override
        public byte[] wrap(String id, byte[] key, byte[] context) {
            asked.countDown();
            boolean unused = await(answers);
            return KEYS.wrap(id, key, context);
        }

        @Override
        public byte[] unwrap(String id, byte[] wrapped, byte[] context) {
            return KEYS.unwrap(id, wrapped, context);
        }
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(5, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A key service that doesn't answer holds up who needs a key, and not the log's end: what it answers then is of no log any more. */
    @Test
    void close_whileMasterKeysHang_returnsAndGivesUpTheLog() throws Exception {
        Hanging hanging = new Hanging();
        AtomicReference<Throwable> outcome = new AtomicReference<>();
        StreamWal wal = StreamWal.open(root(), options().encryption(hanging).build());
        Thread appending = new Thread(() -> {
            try {
                wal.stream("a").append("late".getBytes(UTF_8));
            } catch (Throwable e) {
                outcome.set(e);
            }
        });
        appending.start();
        assertThat(await(hanging.asked)).isTrue();
        Thread closing = new Thread(wal::close);
        closing.setDaemon(true);
        closing.start();
        closing.join(TimeUnit.MINUTES.toMillis(5));
        assertThat(closing.isAlive()).isFalse();
        try (StreamWal next = open(root(), Segments.SHARED, Storage.AUTO)) {
            EntryRef unused = next.stream("a").append("next".getBytes(UTF_8));
            byte[] keys = Files.readAllBytes(root().resolve("keys"));
            hanging.answers.countDown();
            appending.join();
            assertThat(outcome.get()).isInstanceOf(WalClosedException.class);
            assertThat(root().resolve("keys")).hasBinaryContent(keys);
        }
        try (WalReader reader = reader(root(), KEYS)) {
            assertThat(contents(reader, "a")).containsExactly("next");
        }
    }

    @Test
    void read_fileOfKeysIsMissing_namesTheSessionKey() throws IOException {
        EntryRef ref;
        try (StreamWal wal = open(root(), Segments.OWN, Storage.AUTO)) {
            ref = wal.stream("a").append("secret".getBytes(UTF_8));
        }
        Path keys = root().resolve("keys");
        byte[] bytes = Files.readAllBytes(keys);
        Files.delete(keys);
        try (WalReader reader = reader(root(), KEYS)) {
            assertThat(contents(reader, "a")).as("from the copy").containsExactly("secret");
        }
        Files.delete(root().resolve("keys.copy"));
        String id = HexFormat.of().toHexDigits(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(16));
        try (WalReader reader = reader(root(), KEYS)) {
            assertUnavailable(reader, ref, id);
            bytes[30] ^= 1;
            Files.write(keys, bytes);
            assertThatThrownBy(() -> contents(reader, "a")).isInstanceOf(CorruptSegmentException.class).hasMessageContaining("file=" + keys);
            bytes[30] ^= 1;
            Files.write(keys, bytes);
            assertThat(contents(reader, "a")).containsExactly("secret");
        }
    }

    /** Both of the log's files of keys are lost, and come back when the log has others. */
    @Test
    void read_fileOfKeysWasLostAndMadeAnew_saysThatThePresentOneIsNeededToo() throws IOException {
        EntryRef old;
        try (StreamWal wal = open(root(), Segments.OWN, Storage.AUTO)) {
            old = wal.stream("a").append("old".getBytes(UTF_8));
        }
        byte[] keys = Files.readAllBytes(root().resolve("keys"));
        Files.delete(root().resolve("keys"));
        Files.delete(root().resolve("keys.copy"));
        EntryRef next;
        try (StreamWal wal = open(root(), Segments.OWN, Storage.AUTO)) {
            next = wal.stream("a").append("new".getBytes(UTF_8));
        }
        Path copy = directory.resolve("copy");
        copy(root(), copy);
        Files.write(copy.resolve("keys"), keys);
        Files.write(copy.resolve("keys.copy"), keys);
        try (WalReader present = reader(root(), KEYS); WalReader former = reader(copy, KEYS)) {
            assertThatThrownBy(() -> present.find(old).orElseThrow().contentBytes()).isInstanceOf(KeyUnavailableException.class)
                    .hasMessageContaining("keep the present one: newer records need it");
            assertThat(present.find(next).orElseThrow().contentBytes()).isEqualTo("new".getBytes(UTF_8));
            assertThat(former.find(old).orElseThrow().contentBytes()).isEqualTo("old".getBytes(UTF_8));
        }
    }

    /** The first bytes of each segment's records. */
    private List<String> records(int bytes) throws Exception {
        List<String> found = new ArrayList<>();
        for (Path file : files(root().resolve("segments"))) {
            byte[] segment = Files.readAllBytes(file);
            int from = header(segment).headerLength();
            found.add(Arrays.toString(Arrays.copyOfRange(segment, from, from + bytes)));
        }
        return found;
    }

    @Test
    void rotateKeys_toAnotherMasterKey_needsThatOneOnlyAndTouchesNoSegment() throws Exception {
        List<EntryRef> refs;
        try (StreamWal wal = open(root(), Segments.OWN, Storage.AUTO)) {
            refs = appendSome(wal, "old");
        }
        WalOptions both = options().encryption(MasterKeysForTests.ring("next", "now")).build();
        try (StreamWal wal = StreamWal.open(root(), both)) {
            refs.addAll(appendSome(wal, "between"));
            List<String> before = records(10 * refs.get(0).size());
            wal.rotateKeys();
            assertThat(records(10 * refs.get(0).size())).isEqualTo(before);
            refs.addAll(appendSome(wal, "new"));
            try (WalReader reader = wal.reader()) {
                assertThat(contents(reader, "a")).hasSize(30);
            }
        }
        try (WalReader next = reader(root(), MasterKeysForTests.ring("next")); WalReader now = reader(root(), KEYS)) {
            assertThat(contents(next, "a")).hasSize(30);
            assertUnavailable(now, refs.get(0), "next");
        }
        assertThat(new NonceLedger().add(root()).keys()).isEqualTo(3);
    }

    @Test
    void rotateKeys_formerMasterKeyIsMissing_changesNothing() throws IOException {
        try (StreamWal wal = open(root(), Segments.OWN, Storage.AUTO)) {
            appendSome(wal, "old");
        }
        byte[] before = Files.readAllBytes(root().resolve("keys"));
        try (StreamWal wal = StreamWal.open(root(), options().encryption(MasterKeysForTests.ring("next")).build())) {
            assertThatThrownBy(wal::rotateKeys).isInstanceOfSatisfying(KeyUnavailableException.class, e -> assertThat(e.keyId()).isEqualTo("now"));
        }
        assertThat(Files.readAllBytes(root().resolve("keys"))).isEqualTo(before);
    }

    /** What is written under another master key of the same id could not be read beside what was there, and no key could be rotated any more. */
    @ParameterizedTest
    @CsvSource({"OWN", "SHARED"})
    void append_anotherMasterKeyUnderTheSameId_isRefusedAndChangesNothing(Segments segments) throws IOException {
        try (StreamWal wal = open(root(), segments, Storage.AUTO)) {
            appendSome(wal, "right");
        }
        byte[] before = Files.readAllBytes(root().resolve("keys"));
        MasterKeys wrong = MasterKeys.ring("now", Map.of("now", MasterKeysForTests.key("wrong")));
        try (StreamWal wal = StreamWal.open(root(), options().encryption(wrong).build())) {
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> wal.stream("a").append("wrong".getBytes(UTF_8))).isInstanceOfSatisfying(KeyUnavailableException.class,
                        e -> assertThat(e.keyId()).isEqualTo("now"));
            }
        }
        assertThat(Files.readAllBytes(root().resolve("keys"))).isEqualTo(before);
        try (StreamWal wal = open(root(), segments, Storage.AUTO); WalReader reader = wal.reader()) {
            int had = contents(reader, "a").size();
            appendSome(wal, "again");
            wal.rotateKeys();
            assertThat(contents(reader, "a")).hasSizeGreaterThan(had);
        }
    }

    /** Without keys, streams that are said not to be encrypted can be appended to; what is encrypted is recovered, packed, copied and swept all the same. */
    @ParameterizedTest
    @CsvSource({"OWN", "SHARED"})
    void log_openedWithoutKeys_doesAllButReadWhatIsEncrypted(Segments segments) throws IOException {
        Path killed = directory.resolve("killed");
        List<EntryRef> refs;
        try (StreamWal wal = open(root(), segments, Storage.AUTO)) {
            refs = appendSome(wal, "secret");
            copy(root(), killed);
        }
        WalOptions.Builder without = options().streams("*", StreamOptions.builder().encrypted(false).segments(segments).build());
        try (StreamWal wal = StreamWal.open(killed, without.build())) {
            wal.stream("a").truncateAfter(refs.get(7));
            assertThat(refs.get(7).size() - wal.stream("a").append("secretX".getBytes(UTF_8)).size()).isEqualTo(EntryRef.ENCRYPTION_BYTES);
            now = now.plus(Duration.ofMinutes(2));
            packAll(wal, killed);
            wal.checkpoint(directory.resolve("checkpoint"));
            assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
        }
        for (Path root : List.of(killed, directory.resolve("checkpoint"))) {
            try (WalReader reader = reader(root, KEYS); WalReader none = WalReader.open(root)) {
                assertThat(contents(reader, "a")).hasSize(9).startsWith("secret0").endsWith("secretX");
                assertThat(none.latest("a").map(entry -> new String(entry.contentBytes(), UTF_8))).contains("secretX");
                assertThatThrownBy(() -> contents(none, "a")).isInstanceOf(KeyUnavailableException.class);
            }
        }
        now = now.plus(Duration.ofDays(2));
        try (StreamWal wal = StreamWal.open(killed, without.build())) {
            SweepResult unused = wal.sweep();
            assertThat(wal.keys()).isEmpty();
        }
    }

    /** One option that is forgotten leaves no plaintext beside ciphertext, also if one of the two files of keys has gone. */
    @ParameterizedTest
    @CsvSource({"OWN", "SHARED"})
    void append_keysWereForgotten_isRefusedInEveryWay(Segments segments) throws IOException {
        try (StreamWal wal = open(root(), segments, Storage.AUTO)) {
            List<EntryRef> unused = appendSome(wal, "secret");
        }
        Files.delete(root().resolve("keys"));
        WalOptions.Builder forgotten = options().streams("plain*", StreamOptions.builder().encrypted(false).segments(segments).build())
                .streams("*", StreamOptions.builder().segments(segments).build());
        WriteEntry entry = entry(now.toEpochMilli(), "", MARKER);
        try (StreamWal wal = StreamWal.open(root(), forgotten.build())) {
            for (String key : List.of("a", "new")) {
                WalStream stream = wal.stream(key);
                long end = stream.endPosition();
                assertThatThrownBy(() -> stream.append(MARKER.getBytes(UTF_8))).isInstanceOf(KeyUnavailableException.class)
                        .hasMessageContaining("root=" + root()).hasMessageContaining("WalOptions.encryption");
                assertThatThrownBy(() -> stream.append(entry, Durability.IMMEDIATE)).isInstanceOf(KeyUnavailableException.class);
                assertThatThrownBy(() -> stream.appendBatch(List.of(entry))).isInstanceOf(KeyUnavailableException.class);
                assertThatThrownBy(() -> stream.appendIfEndIs(end, entry)).isInstanceOf(KeyUnavailableException.class);
                assertThatThrownBy(() -> wal.append(new WriteBatch().add("plain", entry).add(key, entry))).isInstanceOf(KeyUnavailableException.class);
                assertThatThrownBy(() -> stream.appendAsync(entry)).isInstanceOf(KeyUnavailableException.class);
                assertThat(stream.endPosition()).isEqualTo(end);
            }
            assertThatThrownBy(wal::rotateKeys).isInstanceOf(IllegalStateException.class);
            long begin = wal.stream("plain").endPosition();
            assertThat(wal.stream("plain").append(entry).position()).as("nothing of a refused batch is in the log").isEqualTo(begin);
        }
        try (StreamWal wal = open(root(), segments, Storage.AUTO)) {
            EntryRef unused = wal.stream("a").append(entry);
        }
    }

    // ---------------------------------------------------------------- what was changed

    private Path segmentOf(String key) throws IOException {
        return files(root().resolve("segments").resolve(key)).get(0);
    }

    private static int offset(byte[] segment, EntryRef ref) throws Exception {
        return (int) header(segment).offsetOf(ref.position());
    }

    private static SegmentHeader header(byte[] segment) throws Exception {
        return SegmentHeaderLayout.decode(ByteBuffer.wrap(segment).order(ByteOrder.LITTLE_ENDIAN), segment.length);
    }

    /** So that a record passes for one that the segment's writer wrote: whoever may write the file may do that. */
    private static void fixChecksum(byte[] segment, int at) throws Exception {
        SegmentHeader header = header(segment);
        ByteBuffer bytes = ByteBuffer.wrap(segment).order(ByteOrder.LITTLE_ENDIAN);
        RecordView view = new RecordView();
        if (view.peek(bytes, at, segment.length - at, header.positionAt(at)) == RecordView.Verdict.VALID) {
            bytes.putInt(at + RecordLayout.CHECKSUM, view.checksum(header.salt()));
        }
    }

    /** What reading gives, each record's content or the failure's name. */
    private static List<String> outcomes(WalReader reader, String key) {
        List<String> found = new ArrayList<>();
        try (EntryCursor cursor = reader.scan(key)) {
            while (true) {
                try {
                    if (!cursor.next()) {
                        return found;
                    }
                    found.add(cursor.header().toString(UTF_8) + cursor.timestampMillis() + cursor.content().toString(UTF_8));
                } catch (WalException e) {
                    found.add(e.getClass().getSimpleName());
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void segment_everyByteFlipped_neverReadsAsSomethingElse(boolean hasChecksum) throws Exception {
        EntryRef ref;
        try (StreamWal wal = open(root(), Segments.OWN, Storage.CHANNEL)) {
            WalStream stream = wal.stream("a");
            long unused = stream.append(entry(now.toEpochMilli(), "h1", "first")).position();
            ref = stream.append(entry(now.toEpochMilli(), "h2", "the second"));
            unused = stream.append(entry(now.toEpochMilli(), "h3", "third")).position();
            now = now.plus(Duration.ofMinutes(2));
            SweepResult swept = wal.sweep();
            swept = wal.sweep();
        }
        Path file = segmentOf("a");
        byte[] whole = Files.readAllBytes(file);
        List<String> right;
        try (WalReader reader = reader(root(), KEYS)) {
            right = outcomes(reader, "a");
            assertThat(right).hasSize(3).noneMatch(each -> each.endsWith("Exception"));
        }
        int from = hasChecksum ? offset(whole, ref) : 0;
        int to = hasChecksum ? from + ref.size() : whole.length;
        int refused = 0;
        // what a checksum finds is found in plain segments as well: some bytes are enough
        int step = hasChecksum || Scale.factor() > 1 ? 1 : 7;
        for (int at = from; at < to; at += step) {
            byte[] changed = whole.clone();
            changed[at] = (byte) (changed[at] ^ 1 << at % 8);
            if (hasChecksum) {
                fixChecksum(changed, from);
            }
            Files.write(file, changed);
            try (WalReader reader = reader(root(), KEYS)) {
                List<String> found = outcomes(reader, "a");
                assertThat(found).as("byte " + at).allMatch(each -> each.endsWith("Exception") || right.contains(each));
                refused += found.equals(right) ? 0 : 1;
            } catch (WalException e) {
                refused++;
            }
        }
        // the size of the frame before, its padding and the checksum itself say nothing of the record, and neither does the mark of the header
        assertThat(refused).isGreaterThan(hasChecksum ? ref.size() - 16 : 30);
    }

    @Test
    void records_swapped_areRefused() throws Exception {
        EntryRef first;
        EntryRef second;
        try (StreamWal wal = open(root(), Segments.OWN, Storage.CHANNEL)) {
            first = wal.stream("a").append("1234".getBytes(UTF_8));
            second = wal.stream("a").append("5678".getBytes(UTF_8));
            long unused = wal.stream("b").append("abcd".getBytes(UTF_8)).position();
        }
        byte[] a = Files.readAllBytes(segmentOf("a"));
        byte[] b = Files.readAllBytes(segmentOf("b"));
        byte[] swapped = a.clone();
        int length = 4 + SealLayout.BYTES;
        int atFirst = offset(a, first) + RecordLayout.PREFIX_BYTES;
        int atSecond = offset(a, second) + RecordLayout.PREFIX_BYTES;
        System.arraycopy(a, atFirst, swapped, atSecond, length);
        System.arraycopy(a, atSecond, swapped, atFirst, length);
        fixChecksum(swapped, offset(a, first));
        fixChecksum(swapped, offset(a, second));
        Files.write(segmentOf("a"), swapped);
        assertRefused("a", first, second);
        byte[] other = a.clone();
        System.arraycopy(b, offset(a, first) + RecordLayout.PREFIX_BYTES, other, atFirst, length);
        fixChecksum(other, offset(a, first));
        Files.write(segmentOf("a"), other);
        assertRefused("a", first);
    }

    private void assertRefused(String key, EntryRef... refs) {
        try (WalReader reader = reader(root(), KEYS); EntryBatch batch = reader.readBatch(Arrays.asList(refs))) {
            assertThat(reader.verify(key).damage()).as("whose checksums are right").isEmpty();
            assertThat(outcomes(reader, key)).filteredOn("CorruptSegmentException"::equals).hasSize(refs.length);
            for (int i = 0; i < refs.length; i++) {
                int index = i;
                assertThatThrownBy(() -> batch.get(index)).isInstanceOfSatisfying(CorruptSegmentException.class,
                        e -> assertThat(e.position()).isEqualTo(refs[index].position()));
            }
        }
    }

    /** As a whole, with a header that names the other stream. */
    @Test
    void files_swapped_areRefused() throws Exception {
        try (StreamWal wal = open(root(), Segments.OWN, Storage.CHANNEL)) {
            appendSome(wal, "a");
            long unused = wal.stream("b").append("b".getBytes(UTF_8)).position();
        }
        byte[] a = Files.readAllBytes(segmentOf("a"));
        SegmentHeader was = header(a);
        ByteBuffer renamed = SegmentHeaderLayout.encode(new SegmentHeader(StreamKey.of("b"), was.window(), was.expirationMillis(),
                was.basePosition(), was.previousEnd(), was.incarnation(), was.salt(), was.createdMillis(), was.capacity(), 0, was.featureFlags()));
        byte[] b = a.clone();
        renamed.get(0, b, 0, was.headerLength());
        Files.write(segmentOf("b"), b);
        try (WalReader reader = reader(root(), KEYS)) {
            assertThat(outcomes(reader, "b")).isNotEmpty().allMatch("CorruptSegmentException"::equals);
            assertThat(outcomes(reader, "a")).hasSize(10).noneMatch(each -> each.endsWith("Exception"));
        }
    }
}
