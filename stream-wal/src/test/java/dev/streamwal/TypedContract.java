package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.codec.RecordCodec;
import dev.streamwal.codec.SampleCodec;
import dev.streamwal.error.HeaderTooLargeException;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.error.UndecodableRecordException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.TypedCursor;
import dev.streamwal.reader.TypedTail;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import dev.streamwal.retention.StreamPolicy;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Records as values of a program's own types: in every way of writing and reading, of several versions, and with codecs that fail. */
@Timeout(300)
abstract class TypedContract extends LogContract {

    private static final String KEY = "meter/1";
    private static final RecordCodec<Reading> V1 = new Reading.Version1();
    private static final RecordCodec<Reading> V2 = new Reading.Version2();
    private static final int TAG_BYTES = 8;

    TypedContract(LogHome home) {
        super(home);
    }

    /** Writes as it is told. */
    private static final class WritingCodec extends Reading.Version1 {
        private final BiConsumer<Reading, ByteBuf> writing;

        WritingCodec(BiConsumer<Reading, ByteBuf> writing) {
            this.writing = writing;
        }

        @Override
        public void encode(Reading value, ByteBuf target) {
            writing.accept(value, target);
        }
    }

    /** Bytes as they are. */
    private static class PlainCodec implements RecordCodec<byte[]> {
        private final int schemaId;
        private final int version;

        PlainCodec(int schemaId, int version) {
            this.schemaId = schemaId;
            this.version = version;
        }

        @Override
        public int schemaId() {
            return schemaId;
        }

        @Override
        public int version() {
            return version;
        }

        @Override
        public void encode(byte[] value, ByteBuf target) {
            target.writeBytes(value);
        }

        @Override
        public byte[] decode(ByteBuf content, int recordVersion) {
            return ByteBufUtil.getBytes(content);
        }

        @Override
        public String toString() {
            return "PlainCodec";
        }
    }

    private static <T> List<T> drain(TypedCursor<T> cursor) {
        List<T> values = new ArrayList<>();
        try (cursor) {
            while (cursor.next()) {
                values.add(cursor.value());
            }
        }
        return values;
    }

    private static <T> List<T> reversed(List<T> values) {
        List<T> reversed = new ArrayList<>(values);
        Collections.reverse(reversed);
        return reversed;
    }

    private List<WalReader> readers(StreamWal wal) {
        return List.of(readerOf(wal), reader());
    }

    // ---- round trips

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void values_appendedInEveryWay_areReadInEveryWay(Segments segments) throws Exception {
        WalOptions.Builder options = options().streams("*", StreamOptions.builder().segments(segments).build());
        StreamWal wal = open(options);
        TypedStream<Reading> stream = wal.stream(KEY, V2);
        assertThat(stream.key()).isEqualTo(KEY);
        assertThat(stream.stream()).isSameAs(wal.stream(KEY));
        List<Reading> values = IntStream.range(0, MANY).mapToObj(i -> new Reading(i, Math.sqrt(i), "unit" + i)).toList();
        List<EntryRef> refs = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            Reading value = values.get(i);
            refs.add(switch (i % 4) {
                case 0 -> stream.append(value);
                case 1 -> stream.append(NOW, value);
                case 2 -> stream.append(Instant.ofEpochMilli(NOW), value);
                default -> stream.append(NOW, bytes("own header " + i), value);
            });
        }
        assertReadsEverywhere(wal, values, refs);
        wal.close();
        assertReadsEverywhere(open(options), values, refs);
    }

    private void assertReadsEverywhere(StreamWal wal, List<Reading> values, List<EntryRef> refs) throws InterruptedException {
        Instant now = Instant.ofEpochMilli(NOW);
        for (WalReader reader : readers(wal)) {
            assertThat(drain(reader.scan(KEY, V2))).isEqualTo(values);
            assertThat(drain(reader.scan(KEY, now, now.plusMillis(1)).typed(V2))).isEqualTo(values);
            assertThat(drain(reader.scanBackward(KEY, Long.MAX_VALUE).typed(V2))).isEqualTo(reversed(values));
            assertThat(drain(reader.scanMerged(Keys.all(), now, now.plusMillis(1)).typed(V2))).isEqualTo(values);
            assertThat(reader.latest(KEY).map(entry -> entry.value(V2))).contains(values.get(values.size() - 1));
            assertThat(reader.find(refs.get(3)).map(entry -> entry.value(V2))).contains(values.get(3));
            try (EntryBatch batch = reader.readBatch(refs)) {
                assertThat(batch.found().stream().map(entry -> entry.value(V2)).toList()).isEqualTo(values);
            }
            try (TypedTail<Reading> tail = reader.follow(KEY, ReadFrom.first()).typed(V2)) {
                for (Reading value : values) {
                    assertThat(tail.next(Duration.ofSeconds(30))).isTrue();
                    assertThat(tail.value()).isEqualTo(value);
                }
                assertThat(tail.next(Duration.ZERO)).isFalse();
                assertThat(tail.positions()).containsEntry(KEY, refs.get(refs.size() - 1).end());
                tail.wakeup();
                assertThat(tail.next(Duration.ofSeconds(30))).isFalse();
            }
        }
    }

    @Test
    void cursor_onAValue_saysWhereAndWhenItIs_andWhatElseItHas() {
        StreamWal wal = open();
        EntryRef ref = wal.stream(KEY, V1).append(NOW - 5, bytes("own"), Reading.number(1));
        try (TypedCursor<Reading> cursor = readerOf(wal).scan(KEY, V1)) {
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.key()).isEqualTo(KEY);
            assertThat(cursor.ref()).isEqualTo(ref);
            assertThat(cursor.position()).isEqualTo(ref.position());
            assertThat(cursor.nextPosition()).isEqualTo(ref.end());
            assertThat(cursor.timestampMillis()).isEqualTo(NOW - 5);
            assertThat(cursor.timestamp()).isEqualTo(Instant.ofEpochMilli(NOW - 5));
            assertThat(cursor.copy().value(V1)).isEqualTo(Reading.number(1));
            assertThat(cursor.value()).isEqualTo(Reading.number(1));
            assertThat(cursor.value()).as("decoded again").isEqualTo(Reading.number(1));
            ByteBuf header = cursor.header();
            assertThat(header.readerIndex()).isZero();
            assertThat(ByteBufUtil.getBytes(header)).isEqualTo(bytes("own"));
            cursor.header().readByte();
            assertThat(ByteBufUtil.getBytes(cursor.header())).as("asked for again").isEqualTo(bytes("own"));
            assertThat(cursor.next()).isFalse();
        }
    }

    @Test
    void header_ofATypedRecord_isTheProgramsFollowedByTheSchema() {
        StreamWal wal = open();
        wal.stream(KEY, new PlainCodec(0x01020304, 0xfffe)).append(NOW, bytes("own"), bytes("content"));
        Entry entry = readerOf(wal).latest(KEY).orElseThrow();
        assertThat(entry.headerBytes()).isEqualTo(new byte[] {'o', 'w', 'n', 4, 3, 2, 1, (byte) 0xfe, (byte) 0xff, 0x54, (byte) 0xfb});
        assertThat(entry.contentBytes()).isEqualTo(bytes("content"));
    }

    @Test
    void value_ofAnEntry_leavesItsIndices() {
        StreamWal wal = open();
        EntryRef ref = wal.stream(KEY, V1).append(NOW, Reading.number(3));
        try (EntryBatch batch = readerOf(wal).readBatch(List.of(ref))) {
            for (Entry entry : List.of(batch.get(0), readerOf(wal).find(ref).orElseThrow())) {
                long unused = entry.content().readLong();
                assertThat(entry.value(V1)).isEqualTo(Reading.number(3));
                assertThat(entry.content().readerIndex()).isEqualTo(Long.BYTES);
                assertThat(entry.content().writerIndex()).isEqualTo(2 * Long.BYTES);
            }
        }
    }

    @Test
    void consumer_ofValues_goesOnWhereItCommitted() throws InterruptedException {
        StreamWal wal = open();
        TypedStream<Reading> stream = wal.stream(KEY, V1);
        stream.append(Reading.number(0));
        stream.append(Reading.number(1));
        for (int i = 0; i < 2; i++) {
            try (WalConsumer consumer = readerOf(wal).consumer("shipper", Keys.key(KEY)); TypedTail<Reading> values = consumer.entries().typed(V1)) {
                assertThat(values.next(Duration.ofSeconds(30))).isTrue();
                assertThat(values.value()).isEqualTo(Reading.number(i));
                consumer.commitDelivered();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 255, 256, 257, 5_000, 20_000})
    void content_ofAnySize_isReadBack(int size) {
        StreamWal wal = open();
        PlainCodec codec = new PlainCodec(1, 1);
        byte[] value = bytes(size, 1);
        TypedStream<byte[]> stream = wal.stream(KEY, codec);
        stream.append(value);
        stream.append(NOW, bytes("own"), value);
        for (WalReader reader : readers(wal)) {
            assertThat(drain(reader.scan(KEY, codec))).containsExactly(value, value);
            assertThat(reader.latest(KEY).orElseThrow().value(codec)).isEqualTo(value);
        }
    }

    @Test
    void entries_ofValues_goWhereEntriesGo() {
        StreamWal wal = open();
        WalStream stream = wal.stream(KEY);
        stream.append(WriteEntry.typed(V1, Reading.number(0), NOW), Durability.IMMEDIATE);
        stream.appendBatch(List.of(WriteEntry.typed(V1, Reading.number(1), NOW), WriteEntry.typed(V1, bytes("own"), Reading.number(2), NOW)));
        assertThat(stream.appendIfEndIs(stream.endPosition(), WriteEntry.typed(V1, Reading.number(3), NOW))).isPresent();
        assertThat(stream.appendAsync(WriteEntry.typed(V1, Reading.number(4), WriteEntry.NOW)).join()).isNotNull();
        wal.append(new WriteBatch().add(KEY, WriteEntry.typed(V1, Reading.number(5), NOW))
                .add("meter/2", WriteEntry.typed(V1, Reading.number(6), NOW)));
        for (WalReader reader : readers(wal)) {
            assertThat(drain(reader.scan(KEY, V1))).isEqualTo(IntStream.range(0, 6).mapToObj(Reading::number).toList());
            assertThat(drain(reader.scan("meter/2", V1))).containsExactly(Reading.number(6));
        }
        assertThat(wal.stream(KEY, V1).append(NOW, bytes("own"), Reading.number(2)).size())
                .isEqualTo(stream.append(WriteEntry.typed(V1, bytes("own"), Reading.number(2), NOW)).size());
    }

    @Test
    void append_byManyThreads_eachValueIsItsOwn() {
        StreamWal wal = open();
        TypedStream<Reading> stream = wal.stream(KEY, V2);
        int threads = 4;
        int each = 500;
        List<CompletableFuture<Void>> writers = IntStream.range(0, threads).mapToObj(thread -> CompletableFuture.runAsync(() -> {
            for (int i = 0; i < each; i++) {
                stream.append(new Reading(thread, i, "x".repeat(i % 50)));
            }
        })).toList();
        writers.forEach(CompletableFuture::join);
        List<Reading> found = drain(readerOf(wal).scan(KEY, V2));
        for (int thread = 0; thread < threads; thread++) {
            int sensor = thread;
            assertThat(found.stream().filter(reading -> reading.sensor() == sensor))
                    .containsExactlyElementsOf(IntStream.range(0, each).mapToObj(i -> new Reading(sensor, i, "x".repeat(i % 50))).toList());
        }
        assertThat(found).hasSize(threads * each);
    }

    // ---- versions and schemas

    @Test
    void value_ofAnEarlierVersion_isReadByTheNewCodec() {
        StreamWal wal = open();
        wal.stream(KEY, V1).append(new Reading(1, 2, "lost, as version 1 has no unit"));
        wal.stream(KEY, V2).append(new Reading(3, 4, "kW"));
        for (WalReader reader : readers(wal)) {
            assertThat(drain(reader.scan(KEY, V2))).containsExactly(new Reading(1, 2, Reading.OLD_UNIT), new Reading(3, 4, "kW"));
            assertThat(drain(reader.scan(KEY, new Reading.Tolerant())))
                    .as("a codec that ignores what is added").containsExactly(new Reading(1, 2, Reading.OLD_UNIT), new Reading(3, 4, Reading.OLD_UNIT));
        }
    }

    @Test
    void value_ofALaterVersion_isRefused_andTheScanGoesOn() {
        StreamWal wal = open();
        EntryRef newer = wal.stream(KEY, V2).append(new Reading(1, 2, "kW"));
        wal.stream(KEY, V1).append(Reading.number(4));
        for (WalReader reader : readers(wal)) {
            assertRefusedThenGoesOn(reader, V1, newer, OptionalInt.of(Reading.SCHEMA_ID), OptionalInt.of(2), "doesn't read this version",
                    "schemaId=7", "version=2", "codecVersion=1", "codec=ReadingCodec");
        }
    }

    @Test
    void value_ofAnotherSchema_isRefused_andTheScanGoesOn() {
        StreamWal wal = open();
        EntryRef other = wal.stream(KEY, new PlainCodec(8, 3)).append(bytes("0123456789abcdef"));
        wal.stream(KEY, V1).append(Reading.number(4));
        for (WalReader reader : readers(wal)) {
            assertRefusedThenGoesOn(reader, V1, other, OptionalInt.of(8), OptionalInt.of(3), "another schema", "schemaId=8", "version=3",
                    "codecSchemaId=7");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "7 bytes", "8 bytes.", "a header of some length"})
    void record_withoutASchema_isRefused_andTheScanGoesOn(String header) {
        StreamWal wal = open();
        EntryRef plain = wal.stream(KEY).append(NOW, bytes(header), bytes("0123456789abcdef"));
        wal.stream(KEY, V1).append(Reading.number(4));
        for (WalReader reader : readers(wal)) {
            assertRefusedThenGoesOn(reader, V1, plain, OptionalInt.empty(), OptionalInt.empty(), "has no schema", "codec=ReadingCodec");
            try (TypedCursor<Reading> cursor = reader.scan(KEY, V1)) {
                assertThat(cursor.next()).isTrue();
                assertThat(ByteBufUtil.getBytes(cursor.header())).isEqualTo(bytes(header));
            }
        }
    }

    /** The stream begins with a record that can't be read, and goes on with reading 4. */
    private static void assertRefusedThenGoesOn(
            WalReader reader, RecordCodec<Reading> codec, EntryRef refused, OptionalInt schemaId, OptionalInt version, String... said) {
        try (TypedCursor<Reading> cursor = reader.scan(KEY, codec)) {
            assertThat(cursor.next()).isTrue();
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(cursor::value).isInstanceOfSatisfying(UndecodableRecordException.class, e -> {
                    assertThat(e.key()).isEqualTo(KEY);
                    assertThat(e.position()).isEqualTo(refused.position());
                    assertThat(e.schemaId()).isEqualTo(schemaId);
                    assertThat(e.version()).isEqualTo(version);
                    assertThat(e).hasMessageContaining("key=" + KEY).hasMessageContaining("position=" + refused.position());
                    assertThat(e.getMessage()).contains(said);
                });
            }
            assertThat(cursor.ref()).as("it stays on the record").isEqualTo(refused);
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.value()).isEqualTo(Reading.number(4));
            assertThat(cursor.next()).isFalse();
        }
        Entry entry = reader.find(refused).orElseThrow();
        assertThatThrownBy(() -> entry.value(codec)).isInstanceOf(UndecodableRecordException.class);
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "-2, 1", "1, 0", "1, 65536", "1, -1"})
    void codec_withAnImpossibleSchema_isRefusedAtOnce(int schemaId, int version) {
        StreamWal wal = open();
        PlainCodec codec = new PlainCodec(schemaId, version);
        EntryRef ref = wal.stream(KEY).append(bytes("x"));
        WalReader reader = readerOf(wal);
        Entry entry = reader.find(ref).orElseThrow();
        assertThatIllegalArgumentException().isThrownBy(() -> wal.stream(KEY, codec));
        assertThatIllegalArgumentException().isThrownBy(() -> WriteEntry.typed(codec, bytes("x"), NOW));
        assertThatIllegalArgumentException().isThrownBy(() -> reader.scan(KEY, codec));
        assertThatIllegalArgumentException().isThrownBy(() -> entry.value(codec));
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2147483647, 65535"})
    void codec_atTheLimits_isTaken(int schemaId, int version) {
        StreamWal wal = open();
        PlainCodec codec = new PlainCodec(schemaId, version);
        wal.stream(KEY, codec).append(bytes("x"));
        assertThat(drain(readerOf(wal).scan(KEY, codec))).containsExactly(bytes("x"));
    }

    // ---- codecs that fail, wait, or misbehave

    @Test
    void append_whereTheEncoderThrowsMidway_throwsTheSame_andNothingIsReserved() {
        StreamWal wal = open();
        TypedStream<Reading> good = wal.stream(KEY, V1);
        EntryRef before = good.append(Reading.number(0));
        IllegalStateException thrown = new IllegalStateException("half way");
        TypedStream<Reading> failing = wal.stream(KEY, new WritingCodec((value, target) -> {
            target.writeLong(1);
            throw thrown;
        }));
        assertThatThrownBy(() -> failing.append(Reading.number(1))).isSameAs(thrown);
        assertThatThrownBy(() -> WriteEntry.typed(new WritingCodec((value, target) -> {
            throw thrown;
        }), Reading.number(1), NOW)).isSameAs(thrown);
        assertThat(wal.stream(KEY).endPosition()).isEqualTo(before.end());
        assertThat(good.append(Reading.number(2)).position()).isEqualTo(before.end());
        assertThat(drain(reader().scan(KEY, V1))).containsExactly(Reading.number(0), Reading.number(2));
    }

    @Test
    void append_whereTheEncoderThrowsAnError_throwsIt_andTheNextSucceeds() {
        StreamWal wal = open();
        StackOverflowError thrown = new StackOverflowError("the codec's");
        assertThatThrownBy(() -> wal.stream(KEY, new WritingCodec((value, target) -> {
            throw thrown;
        })).append(Reading.number(1))).isSameAs(thrown);
        wal.stream(KEY, V1).append(Reading.number(2));
        assertThat(drain(reader().scan(KEY, V1))).containsExactly(Reading.number(2));
    }

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void encoder_thatWaits_keepsNoOtherThreadWaiting(Segments segments) throws Exception {
        StreamWal wal = open(options().streams("*", StreamOptions.builder().segments(segments).build()));
        CountDownLatch encoding = new CountDownLatch(1);
        CountDownLatch mayGoOn = new CountDownLatch(1);
        TypedStream<Reading> slow = wal.stream(KEY, new WritingCodec((value, target) -> {
            encoding.countDown();
            awaitLatch(mayGoOn);
            V1.encode(value, target);
        }));
        CompletableFuture<EntryRef> waiting = CompletableFuture.supplyAsync(() -> slow.append(Reading.number(1)));
        awaitLatch(encoding);
        wal.stream(KEY, V1).append(Reading.number(0));
        wal.stream("meter/2", V1).append(Reading.number(2));
        wal.sync();
        assertThat(drain(reader().scan(KEY, V1))).containsExactly(Reading.number(0));
        assertThat(waiting).isNotDone();
        mayGoOn.countDown();
        assertThat(waiting.get(300, TimeUnit.SECONDS)).isNotNull();
        assertThat(drain(reader().scan(KEY, V1))).containsExactly(Reading.number(0), Reading.number(1));
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            assertThat(latch.await(300, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void decoder_thatWaits_keepsNoAppendWaiting() {
        StreamWal wal = open();
        TypedStream<Reading> stream = wal.stream(KEY, V1);
        stream.append(Reading.number(0));
        RecordCodec<Reading> appending = new Reading.Version1() {
            @Override
            public Reading decode(ByteBuf content, int version) {
                // would hang if reading held what appending needs
                CompletableFuture.runAsync(() -> stream.append(Reading.number(1))).join();
                return super.decode(content, version);
            }
        };
        try (TypedCursor<Reading> cursor = readerOf(wal).scan(KEY, appending)) {
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.value()).isEqualTo(Reading.number(0));
        }
        assertThat(drain(readerOf(wal).scan(KEY, V1))).containsExactly(Reading.number(0), Reading.number(1));
    }

    @Test
    void value_whereTheDecoderThrows_namesTheRecord_andTheScanGoesOn() {
        StreamWal wal = open();
        wal.stream(KEY, V1).append(Reading.number(0));
        EntryRef tooShort = wal.stream(KEY, new WritingCodec((value, target) -> target.writeInt(1))).append(Reading.number(1));
        wal.stream(KEY, V1).append(Reading.number(2));
        for (WalReader reader : readers(wal)) {
            try (TypedCursor<Reading> cursor = reader.scan(KEY, V1)) {
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.next()).isTrue();
                assertThatThrownBy(cursor::value)
                        .isInstanceOf(UndecodableRecordException.class)
                        .hasCauseInstanceOf(IndexOutOfBoundsException.class)
                        .hasMessageContainingAll("schemaId=7", "version=1", "key=" + KEY, "position=" + tooShort.position());
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.value()).isEqualTo(Reading.number(2));
            }
        }
    }

    @Test
    @SuppressWarnings("NullAway") // what a codec must not do
    void value_whereTheDecoderReturnsNull_isAnError() {
        StreamWal wal = open();
        EntryRef ref = wal.stream(KEY, V1).append(Reading.number(0));
        RecordCodec<Reading> empty = new Reading.Version1() {
            @Override
            public Reading decode(ByteBuf content, int version) {
                return null;
            }
        };
        Entry entry = readerOf(wal).find(ref).orElseThrow();
        assertThatThrownBy(() -> entry.value(empty)).isInstanceOf(UndecodableRecordException.class).hasMessageContaining("returned null")
                .hasNoCause();
    }

    @Test
    void value_whereTheCodecCannotSayWhatItReads_isAnError() {
        StreamWal wal = open();
        EntryRef ref = wal.stream(KEY, V1).append(Reading.number(0));
        IllegalStateException thrown = new IllegalStateException("reads");
        RecordCodec<Reading> failing = new Reading.Version1() {
            @Override
            public boolean reads(int version) {
                throw thrown;
            }
        };
        Entry entry = readerOf(wal).find(ref).orElseThrow();
        assertThatThrownBy(() -> entry.value(failing)).isInstanceOf(UndecodableRecordException.class).hasCause(thrown);
    }

    @Test
    void decoder_getsAReadOnlyContent_thatItCannotKeep() {
        StreamWal wal = open();
        wal.stream(KEY, V1).append(Reading.number(0));
        AtomicInteger asked = new AtomicInteger();
        RecordCodec<Reading> nosy = new Reading.Version1() {
            @Override
            public Reading decode(ByteBuf content, int version) {
                asked.incrementAndGet();
                assertThat(content.readerIndex()).isZero();
                assertThat(content.readableBytes()).isEqualTo(2 * Long.BYTES);
                assertThatThrownBy(() -> content.setByte(0, 1)).isInstanceOf(RuntimeException.class);
                assertThatThrownBy(content::retain).isInstanceOf(UnsupportedOperationException.class);
                return super.decode(content, version);
            }
        };
        assertThat(drain(readerOf(wal).scan(KEY, nosy))).containsExactly(Reading.number(0));
        assertThat(asked).hasValue(1);
    }

    @Test
    void encoder_thatAppendsItself_getsABufferOfItsOwnForThat() {
        StreamWal wal = open();
        TypedStream<Reading> inner = wal.stream("inner", V1);
        SampleStream counts = wal.samples("counts");
        TypedStream<Reading> outer = wal.stream(KEY, new WritingCodec((value, target) -> {
            target.writeLongLE(value.sensor());
            inner.append(Reading.number(99));
            counts.append(1.5);
            target.writeDoubleLE(value.amount());
        }));
        for (int i = 0; i < 3; i++) {
            outer.append(Reading.number(i));
        }
        WalReader reader = readerOf(wal);
        assertThat(drain(reader.scan(KEY, V1))).containsExactly(Reading.number(0), Reading.number(1), Reading.number(2));
        assertThat(drain(reader.scan("inner", V1))).containsOnly(Reading.number(99)).hasSize(3);
        assertThat(drain(reader.scan("counts", SampleCodec.instance()))).containsExactly(1.5, 1.5, 1.5);
    }

    @Test
    void encoder_thatReleasesOrRetainsTheTarget_spoilsNoLaterAppend() {
        StreamWal wal = open();
        assertThatThrownBy(() -> wal.stream(KEY, new WritingCodec((value, target) -> target.release())).append(Reading.number(0)))
                .isInstanceOf(RuntimeException.class);
        List<ByteBuf> kept = new ArrayList<>();
        wal.stream(KEY, new WritingCodec((value, target) -> {
            V1.encode(value, target);
            kept.add(target.retain());
        })).append(Reading.number(1));
        wal.stream(KEY, V1).append(Reading.number(2));
        assertThat(kept.get(0).getLongLE(0)).as("what was kept isn't written over").isEqualTo(1);
        assertThat(drain(readerOf(wal).scan(KEY, V1))).containsExactly(Reading.number(1), Reading.number(2));
    }

    // ---- limits

    @Test
    void append_atTheLimit_isTaken_andBeyondIt_refused() {
        int limit = 3_000;
        StreamWal wal = open(options().maxRecordBytes(limit));
        PlainCodec codec = new PlainCodec(1, 1);
        TypedStream<byte[]> stream = wal.stream(KEY, codec);
        byte[] largest = bytes(limit - TAG_BYTES, 1);
        EntryRef ref = stream.append(largest);
        for (int beyond : new int[] {1, TAG_BYTES, TAG_BYTES + 1, limit, 100 * limit}) {
            assertThatThrownBy(() -> stream.append(bytes(limit - TAG_BYTES + beyond, 1)))
                    .isInstanceOf(RecordTooLargeException.class).hasMessageContaining("maxRecordBytes=" + limit).hasMessageContaining("stream=" + KEY);
        }
        assertThatThrownBy(() -> stream.append(NOW, bytes("h"), largest)).isInstanceOf(RecordTooLargeException.class);
        assertThatThrownBy(() -> wal.stream(KEY).append(WriteEntry.typed(codec, bytes(limit, 1), NOW))).isInstanceOf(RecordTooLargeException.class);
        assertThat(wal.stream(KEY).endPosition()).isEqualTo(ref.end());
        assertThat(drain(readerOf(wal).scan(KEY, codec))).containsExactly(largest);
    }

    @Test
    void append_ofAnEncoderThatDoesNotEnd_isStopped() {
        StreamWal wal = open(options().maxRecordBytes(10_000));
        AtomicInteger written = new AtomicInteger();
        BiConsumer<Reading, ByteBuf> endless = (value, target) -> {
            while (true) {
                target.writeInt(1);
                written.addAndGet(Integer.BYTES);
            }
        };
        assertThatThrownBy(() -> wal.stream(KEY, new WritingCodec(endless)).append(Reading.number(0))).isInstanceOf(RecordTooLargeException.class);
        assertThat(written.get()).isBetween(10_000, 40_000);
        written.set(0);
        assertThatThrownBy(() -> WriteEntry.typed(new WritingCodec(endless), Reading.number(0), NOW)).isInstanceOf(RecordTooLargeException.class);
        assertThat(written.get()).isBetween(StreamPolicy.MAX_RECORD_BYTES, 4 * StreamPolicy.MAX_RECORD_BYTES);
        WritingCodec wrapping = new WritingCodec((value, target) -> {
            try {
                endless.accept(value, target);
            } catch (RecordTooLargeException e) {
                throw new IllegalStateException("as a library wraps it", e);
            }
        });
        assertThatThrownBy(() -> wal.stream(KEY, wrapping).append(Reading.number(0))).isInstanceOf(RecordTooLargeException.class);
        WritingCodec silent = new WritingCodec((value, target) -> {
            try {
                endless.accept(value, target);
            } catch (RecordTooLargeException e) {
                target.clear().writeInt(1);
            }
        });
        assertThatThrownBy(() -> wal.stream(KEY, silent).append(Reading.number(0))).isInstanceOf(RecordTooLargeException.class);
        wal.stream(KEY, V1).append(Reading.number(1));
        assertThat(drain(readerOf(wal).scan(KEY, V1))).containsExactly(Reading.number(1));
    }

    @Test
    void header_atTheLimit_isTaken_andBeyondIt_refused() {
        StreamWal wal = open(options().segmentBytes(1 << 20));
        TypedStream<Reading> stream = wal.stream(KEY, V1);
        byte[] largest = bytes(65_535 - TAG_BYTES, 1);
        stream.append(NOW, largest, Reading.number(0));
        assertThatThrownBy(() -> stream.append(NOW, bytes(largest.length + 1, 1), Reading.number(1))).isInstanceOf(HeaderTooLargeException.class);
        try (TypedCursor<Reading> cursor = readerOf(wal).scan(KEY, V1)) {
            assertThat(cursor.next()).isTrue();
            assertThat(ByteBufUtil.getBytes(cursor.header())).isEqualTo(largest);
            assertThat(cursor.value()).isEqualTo(Reading.number(0));
            assertThat(cursor.next()).isFalse();
        }
    }

    @Test
    void append_toAClosedLog_doesNotAskTheCodec() {
        StreamWal wal = open();
        AtomicInteger asked = new AtomicInteger();
        TypedStream<Reading> stream = wal.stream(KEY, new WritingCodec((value, target) -> asked.incrementAndGet()));
        SampleStream samples = wal.samples(KEY);
        wal.close();
        assertThatThrownBy(() -> stream.append(Reading.number(0))).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(() -> samples.append(1)).isInstanceOf(WalClosedException.class);
        assertThat(asked).hasValue(0);
    }

    @Test
    @SuppressWarnings("NullAway") // that is what is tested
    void append_ofNull_isRefused() {
        StreamWal wal = open();
        TypedStream<Reading> stream = wal.stream(KEY, V1);
        assertThatThrownBy(() -> stream.append(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> stream.append(NOW, null, Reading.number(0))).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> WriteEntry.typed(V1, null, NOW)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> wal.stream(KEY, null)).isInstanceOf(NullPointerException.class);
        assertThat(wal.keys()).isEmpty();
    }

    // ---- samples

    private static final double[] NUMBERS = {0.0, -0.0, 1.5, -273.15, Double.MAX_VALUE, Double.MIN_VALUE, Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY, Double.NaN, Double.longBitsToDouble(0x7ff8_0000_dead_beefL)};

    @ParameterizedTest
    @EnumSource(value = Segments.class, names = {"OWN", "SHARED"})
    void samples_ofAnyNumber_areReadInEveryWay(Segments segments) throws Exception {
        StreamWal wal = open(options().streams("*", StreamOptions.builder().segments(segments).build()));
        SampleStream samples = wal.samples(KEY);
        assertThat(samples.key()).isEqualTo(KEY);
        assertThat(samples.stream()).isSameAs(wal.stream(KEY));
        List<Long> bits = new ArrayList<>();
        for (int i = 0; i < NUMBERS.length; i++) {
            long position = samples.append(NOW + i, NUMBERS[i]);
            assertThat(position).isEqualTo(wal.stream(KEY).endPosition() - 48);
            bits.add(Double.doubleToRawLongBits(NUMBERS[i]));
        }
        samples.append(Instant.ofEpochMilli(NOW + NUMBERS.length), 7);
        clock.advance(Duration.ofMillis(NUMBERS.length + 1));
        samples.append(8);
        wal.stream(KEY, SampleCodec.instance()).append(9.0);
        bits.addAll(List.of(Double.doubleToRawLongBits(7), Double.doubleToRawLongBits(8), Double.doubleToRawLongBits(9)));
        for (WalReader reader : readers(wal)) {
            assertThat(drain(reader.scan(KEY, SampleCodec.instance())).stream().map(Double::doubleToRawLongBits)).isEqualTo(bits);
            assertThat(reader.latest(KEY).map(entry -> entry.value(SampleCodec.instance()))).isEqualTo(Optional.of(9.0));
            try (EntryCursor cursor = reader.scan(KEY)) {
                assertSamples(cursor, bits);
            }
            try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
                assertSamples(tail, bits);
            }
        }
    }

    private static void assertSamples(EntryCursor cursor, List<Long> bits) {
        for (int i = 0; i < bits.size(); i++) {
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.timestampMillis()).isEqualTo(NOW + Math.min(i, NUMBERS.length + 1));
            assertThat(Double.doubleToRawLongBits(cursor.sampleValue())).isEqualTo(bits.get(i));
        }
        assertThat(cursor.next()).isFalse();
    }

    @Test
    void sampleValue_ofAnythingElse_isRefused_andTheScanGoesOn() {
        StreamWal wal = open();
        List<EntryRef> others = List.of(
                wal.stream(KEY).append(bytes("8 bytes.")),
                wal.stream(KEY, new PlainCodec(3, 1)).append(bytes("8 bytes.")),
                wal.stream(KEY, new PlainCodec(-1, 2)).append(bytes("8 bytes.")),
                wal.stream(KEY, new PlainCodec(-1, 1)).append(bytes("not 8 bytes")));
        wal.samples(KEY).append(4.5);
        try (EntryCursor cursor = readerOf(wal).scan(KEY)) {
            for (EntryRef other : others) {
                assertThat(cursor.next()).isTrue();
                assertThatThrownBy(cursor::sampleValue).isInstanceOfSatisfying(UndecodableRecordException.class,
                        e -> assertThat(e.position()).isEqualTo(other.position()));
            }
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.sampleValue()).isEqualTo(4.5);
        }
    }
}
