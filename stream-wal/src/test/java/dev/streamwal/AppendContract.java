package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.HeaderTooLargeException;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.VerifyReport;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import net.openhft.chronicle.bytes.Bytes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Appending to one stream: every overload, every kind of source, every size, and what is refused. */
abstract class AppendContract extends LogContract {

    /** Not only a multiple of 8, and longer than what is copied at a time. */
    private static final int[] SIZES = {0, 1, 7, 8, 9, 100, 8_192, 8_193, 20_001};

    AppendContract(LogHome home) {
        super(home);
    }

    /** Appends in its own way; gives the ref, or makes it from the position. */
    interface Append {
        EntryRef to(WalStream stream, long timestampMillis, byte[] header, byte[] content);
    }

    record Way(String name, boolean takesHeader, Append append) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Way> everyWay() {
        return Stream.of(
                new Way("byte[] now", false, (s, t, h, c) -> s.append(c)),
                new Way("byte[]", false, (s, t, h, c) -> s.append(t, c)),
                new Way("byte[] byte[]", true, (s, t, h, c) -> s.append(t, h, c)),
                new Way("byte[] part", false, (s, t, h, c) -> {
                    ByteBuffer within = heap(c);
                    return s.append(t, within.array(), within.arrayOffset() + within.position(), c.length);
                }),
                new Way("Instant byte[]", false, (s, t, h, c) -> s.append(Instant.ofEpochMilli(t), c)),
                new Way("Instant byte[] byte[]", true, (s, t, h, c) -> s.append(Instant.ofEpochMilli(t), h, c)),
                new Way("ByteBuffer now", false, (s, t, h, c) -> untouched(heap(h), direct(c), (x, y) -> s.append(y))),
                new Way("ByteBuffer without header", false, (s, t, h, c) -> untouched(heap(h), heap(c), (x, y) -> s.append(t, y))),
                new Way("ByteBuffer heap", true, (s, t, h, c) -> untouched(heap(h), heap(c), (x, y) -> s.append(t, x, y))),
                new Way("ByteBuffer direct", true, (s, t, h, c) -> untouched(direct(h), direct(c), (x, y) -> s.append(t, x, y))),
                new Way("ByteBuffer read-only", true, (s, t, h, c) -> untouched(
                        heap(h).asReadOnlyBuffer(), direct(c).asReadOnlyBuffer(), (x, y) -> s.append(t, x, y))),
                new Way("ByteBuf heap", true, (s, t, h, c) -> untouched(
                        Unpooled.wrappedBuffer(heap(h)), Unpooled.wrappedBuffer(heap(c)), (x, y) -> s.append(t, x, y))),
                new Way("ByteBuf direct", true, (s, t, h, c) -> untouched(directBuf(h), directBuf(c), (x, y) -> s.append(t, x, y))),
                new Way("ByteBuf composite slice", true, (s, t, h, c) -> untouched(
                        composite(h), composite(c), (x, y) -> s.append(t, x, y))),
                new Way("ByteBuf read-only", true, (s, t, h, c) -> untouched(
                        directBuf(h).asReadOnly(), composite(c).asReadOnly(), (x, y) -> s.append(t, x, y))),
                new Way("Bytes on the heap", true, (s, t, h, c) -> untouched(
                        onHeap(h), onHeap(c), s, (x, y) -> s.appendBytes(t, x, y))),
                new Way("Bytes native", true, (s, t, h, c) -> untouched(
                        offHeap(h), offHeap(c), s, (x, y) -> s.appendBytes(t, x, y))),
                new Way("marshallable", false, (s, t, h, c) -> at(s, s.appendTyped(t, bytes -> bytes.write(c)), 0, c.length)),
                new Way("WriteEntry of arrays", true, (s, t, h, c) -> s.append(WriteEntry.of(h, c, t))),
                new Way("WriteEntry of arrays at an Instant", true, (s, t, h, c) -> s.append(WriteEntry.of(h, c, Instant.ofEpochMilli(t)))),
                new Way("WriteEntry at an Instant", false, (s, t, h, c) -> s.append(WriteEntry.of(c, Instant.ofEpochMilli(t)))),
                new Way("WriteEntry without header", false, (s, t, h, c) -> s.append(WriteEntry.of(c, t))),
                new Way("WriteEntry of buffers", true, (s, t, h, c) -> untouched(
                        direct(h), heap(c), (x, y) -> s.append(new WriteEntry(x, y, t)))));
    }

    private interface TwoBuffers<T, R> {
        R append(T header, T content);
    }

    private static EntryRef untouched(ByteBuffer header, ByteBuffer content, TwoBuffers<ByteBuffer, EntryRef> append) {
        ByteBuffer headerBefore = header.duplicate();
        ByteBuffer contentBefore = content.duplicate();
        EntryRef ref = append.append(header, content);
        assertThat(header).isEqualTo(headerBefore);
        assertThat(content).isEqualTo(contentBefore);
        assertThat(List.of(header.position(), header.limit(), content.position(), content.limit()))
                .isEqualTo(List.of(headerBefore.position(), headerBefore.limit(), contentBefore.position(), contentBefore.limit()));
        return ref;
    }

    private static EntryRef untouched(ByteBuf header, ByteBuf content, TwoBuffers<ByteBuf, EntryRef> append) {
        List<Integer> before = indices(header, content);
        try {
            EntryRef ref = append.append(header, content);
            assertThat(indices(header, content)).isEqualTo(before);
            return ref;
        } finally {
            header.release();
            content.release();
        }
    }

    private static List<Integer> indices(ByteBuf header, ByteBuf content) {
        return List.of(header.readerIndex(), header.writerIndex(), header.refCnt(),
                content.readerIndex(), content.writerIndex(), content.refCnt());
    }

    private static EntryRef untouched(Bytes<?> header, Bytes<?> content, WalStream stream, TwoBuffers<Bytes<?>, Long> append) {
        List<Long> before = positions(header, content);
        try {
            long position = append.append(header, content);
            assertThat(positions(header, content)).isEqualTo(before);
            return at(stream, position, (int) header.readRemaining(), (int) content.readRemaining());
        } finally {
            header.releaseLast();
            content.releaseLast();
        }
    }

    private static List<Long> positions(Bytes<?> header, Bytes<?> content) {
        return List.of(header.readPosition(), header.readLimit(), header.writePosition(),
                content.readPosition(), content.readLimit(), content.writePosition());
    }

    private static EntryRef at(WalStream stream, long position, int headerLength, int contentLength) {
        return new EntryRef(stream.key(), position, frame(headerLength + contentLength));
    }

    private static int frame(int bytes) {
        return 32 + bytes + 7 & -8;
    }

    /** In the middle of an array that has other bytes before and behind. */
    private static ByteBuffer heap(byte[] bytes) {
        return in(ByteBuffer.allocate(bytes.length + 12).position(2).slice(), bytes);
    }

    private static ByteBuffer direct(byte[] bytes) {
        return in(ByteBuffer.allocateDirect(bytes.length + 10), bytes);
    }

    private static ByteBuffer in(ByteBuffer larger, byte[] bytes) {
        for (int i = 0; i < larger.capacity(); i++) {
            larger.put(i, (byte) 0xEE);
        }
        return larger.put(3, bytes).position(3).limit(3 + bytes.length);
    }

    private static ByteBuf directBuf(byte[] bytes) {
        ByteBuf buffer = ByteBufAllocator.DEFAULT.directBuffer(bytes.length + 10);
        return buffer.writeBytes(new byte[5]).writeBytes(bytes).writeBytes(new byte[5])
                .readerIndex(5).writerIndex(5 + bytes.length);
    }

    /** A part of several components. */
    private static ByteBuf composite(byte[] bytes) {
        CompositeByteBuf whole = ByteBufAllocator.DEFAULT.compositeBuffer();
        whole.addComponent(true, Unpooled.wrappedBuffer(new byte[] {1, 2, 3}));
        int half = bytes.length / 2;
        whole.addComponent(true, Unpooled.copiedBuffer(bytes, 0, half));
        whole.addComponent(true, Unpooled.directBuffer().writeBytes(bytes, half, bytes.length - half));
        whole.addComponent(true, Unpooled.wrappedBuffer(new byte[] {4, 5}));
        return whole.slice(3, bytes.length);
    }

    private static Bytes<?> onHeap(byte[] bytes) {
        return moved(Bytes.allocateElasticOnHeap(bytes.length + 16), bytes);
    }

    private static Bytes<?> offHeap(byte[] bytes) {
        return moved(Bytes.allocateElasticDirect(bytes.length + 16), bytes);
    }

    private static Bytes<?> moved(Bytes<?> target, byte[] bytes) {
        target.writeInt(7);
        target.write(bytes);
        target.readPosition(4);
        return target;
    }

    @ParameterizedTest
    @MethodSource("everyWay")
    void append_inEveryWay_readBackAsItWas(Way way) {
        StreamWal wal = open(options().segmentBytes(1 << 20));
        WalStream stream = wal.stream("s");
        List<Written> written = new ArrayList<>();
        // the second round is of a busy stream
        for (int round = 0; round < 2; round++) {
            for (int size : SIZES) {
                byte[] header = way.takesHeader ? bytes(size % 1_000, size) : new byte[0];
                byte[] content = bytes(size, size + 1);
                EntryRef ref = way.append.to(stream, NOW, header, content);
                assertThat(ref.size()).isEqualTo(frame(header.length + content.length));
                written.add(Written.of(ref, NOW, header, content));
            }
            written.addAll(appendSome(stream, MANY));
        }
        assertThat(wal.stats().mappedSegments()).isEqualTo(home.isMapped() ? 1 : 0);
        assertContiguous(written);
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void append_sourceChangedAfterwards_recordIsAsItWas() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = new ArrayList<>();
        byte[] content = new byte[100];
        for (int i = 0; i < MANY; i++) {
            Arrays.fill(content, (byte) i);
            written.add(Written.of(stream.append(content), NOW, content));
        }
        Arrays.fill(content, (byte) -1);
        assertHoldsNow(wal, "s", written);
    }

    /** Ways in which the caller keeps the bytes, so that it may change them. */
    static Stream<Way> everyWayOfKeptBytes() {
        return Stream.of(
                new Way("byte[]", false, (s, t, h, c) -> s.append(t, c)),
                new Way("byte[] byte[]", true, (s, t, h, c) -> s.append(t, h, c)),
                new Way("ByteBuffer", true, (s, t, h, c) -> s.append(t, ByteBuffer.wrap(h), ByteBuffer.wrap(c))),
                new Way("ByteBuf", true, (s, t, h, c) -> s.append(t, Unpooled.wrappedBuffer(h), Unpooled.wrappedBuffer(c))),
                new Way("Bytes", true, (s, t, h, c) -> at(s, s.appendBytes(t, Bytes.wrapForRead(h), Bytes.wrapForRead(c)), h.length, c.length)),
                new Way("batch", true, (s, t, h, c) -> s.appendBatch(List.of(WriteEntry.of(h, c, t), WriteEntry.of(c, t))).get(1)));
    }

    /** Whether a record has its bytes from before a change or after it is up to the threads; it is a record either way. */
    @ParameterizedTest
    @MethodSource("everyWayOfKeptBytes")
    void append_sourceChangedMeanwhile_isARecordAllTheSame(Way way) throws Exception {
        StreamWal wal = open(options().segmentBytes(32 << 20));
        byte[] header = new byte[9_000];
        byte[] content = new byte[30_001];
        AtomicBoolean stop = new AtomicBoolean();
        Thread changing = new Thread(() -> {
            for (int i = 0; !stop.get(); i++) {
                header[i % header.length]++;
                content[i % content.length]++;
            }
        });
        changing.start();
        int appends = 5 * MANY;
        try {
            for (int i = 0; i < appends; i++) {
                way.append().to(wal.stream("s"), NOW, header, content);
            }
        } finally {
            stop.set(true);
            changing.join();
        }
        long records = way.name().equals("batch") ? 2 * appends : appends;
        try (WalReader reader = wal.reader()) {
            VerifyReport check = reader.verify("s");
            assertThat(check.damage()).isEmpty();
            assertThat(check.records()).isEqualTo(records);
        }
        wal.close();
        try (StreamWal reopened = open(options().segmentBytes(32 << 20)); WalReader reader = reopened.reader()) {
            EntryRef more = reopened.stream("s").append(bytes("more"));
            assertThat(reader.verify("s").records()).isEqualTo(records + 1);
            assertThat(reader.latest("s").orElseThrow().ref()).isEqualTo(more);
        }
    }

    @Test
    void append_marshallableThatAppendsToAnotherStreamWhileEncoding_bothStand() {
        StreamWal wal = open();
        WalStream outer = wal.stream("outer");
        WalStream inner = wal.stream("inner");
        List<Written> outers = new ArrayList<>();
        List<Written> inners = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            byte[] content = bytes(30, i);
            long[] position = new long[1];
            long outerPosition = outer.appendTyped(NOW, bytes -> {
                bytes.write(content, 0, 10);
                position[0] = inner.appendTyped(NOW, nested -> nested.write(content));
                bytes.write(content, 10, 20);
            });
            outers.add(Written.of(at(outer, outerPosition, 0, 30), NOW, content));
            inners.add(Written.of(at(inner, position[0], 0, 30), NOW, content));
        }
        assertHoldsNow(wal, "outer", outers);
        assertHoldsNow(wal, "inner", inners);
    }

    @Test
    void append_bufferThatAppendsToTheSameStreamWhileItIsCopied_bothStand() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            byte[] content = bytes(30, i);
            byte[] before = bytes(30, MANY + i);
            ByteBuf buffer = new CallingByteBuf(content, () -> written.add(Written.of(stream.append(NOW, before), NOW, before)));
            written.add(Written.of(stream.append(NOW, Unpooled.EMPTY_BUFFER, buffer), NOW, content));
        }
        written.sort(Comparator.comparingLong(record -> record.ref().position()));
        assertThat(written).hasSize(2 * MANY);
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void append_marshallableThatThrows_nothingIsAppendedAndTheNextIsRight() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            assertThatThrownBy(() -> stream.appendTyped(NOW, bytes -> {
                bytes.write(new byte[500]);
                throw new IllegalStateException("of the caller");
            })).isInstanceOf(IllegalStateException.class).hasMessage("of the caller");
            written.addAll(appendSome(stream, 1));
        }
        assertContiguous(written);
        assertHoldsEverywhere(wal, "s", written);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void append_headerOf65535Bytes_readBack(int before) {
        StreamWal wal = open(options().segmentBytes(1 << 20));
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        byte[] header = bytes(65_535, 1);
        byte[] content = bytes(11, 2);
        written.add(Written.of(stream.append(NOW, header, content), NOW, header, content));
        written.addAll(appendSome(stream, 1));
        assertHoldsEverywhere(wal, "s", written);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void append_headerOf65536Bytes_refusedInEveryWayAndNothingElseIs(int before) {
        StreamWal wal = open(options().segmentBytes(1 << 20));
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        byte[] header = new byte[65_536];
        everyWay().filter(Way::takesHeader).forEach(way ->
                assertThatThrownBy(() -> way.append.to(stream, NOW, header, new byte[0])).as(way.name)
                        .isInstanceOf(HeaderTooLargeException.class)
                        .hasMessageContaining("65535").hasMessageContaining("headerBytes=65536").hasMessageContaining("stream=s"));
        written.addAll(appendSome(stream, 2));
        assertContiguous(written);
        assertHoldsEverywhere(wal, "s", written);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void append_recordAtAndOverTheLimit_firstStandsSecondIsRefused(int before) {
        StreamWal wal = open(options().maxRecordBytes(5_000));
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        byte[] header = bytes(1_000, 1);
        byte[] content = bytes(4_000, 2);
        written.add(Written.of(stream.append(NOW, header, content), NOW, header, content));
        everyWay().filter(Way::takesHeader).forEach(way ->
                assertThatThrownBy(() -> way.append.to(stream, NOW, header, bytes(4_001, 2))).as(way.name)
                        .isInstanceOf(RecordTooLargeException.class)
                        .hasMessageContaining("maxRecordBytes=5000").hasMessageContaining("headerBytes=1000")
                        .hasMessageContaining("contentBytes=4001").hasMessageContaining("stream=s"));
        assertThatThrownBy(() -> stream.appendTyped(NOW, bytes -> bytes.write(new byte[5_001])))
                .isInstanceOf(RecordTooLargeException.class);
        written.addAll(appendSome(stream, 2));
        assertContiguous(written);
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void append_largestRecordThatFitsASegment_everyOneHasASegmentOfItsOwn() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        int largest = options().build().maxRecordBytes();
        List<Written> written = appendSome(stream, 5, largest);
        assertContiguous(written);
        assertThat(segmentsOf("s")).hasSize(5);
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void append_null_throwsAtTheCall() {
        WalStream stream = open().stream("s");
        byte[] some = bytes("x");
        List<Runnable> calls = List.of(
                () -> stream.append((byte[]) null),
                () -> stream.append((ByteBuffer) null),
                () -> stream.append(NOW, (ByteBuffer) null),
                () -> stream.append(NOW, null, 0, 0),
                () -> stream.append((Instant) null, some),
                () -> stream.append(Instant.ofEpochMilli(NOW), null),
                () -> stream.append((Instant) null, some, some),
                () -> WriteEntry.of(some, (Instant) null),
                () -> WriteEntry.of(some, some, null),
                () -> stream.append(NOW, (byte[]) null),
                () -> stream.append(NOW, null, some),
                () -> stream.append(NOW, some, null),
                () -> stream.append(NOW, null, ByteBuffer.wrap(some)),
                () -> stream.append(NOW, ByteBuffer.wrap(some), null),
                () -> stream.append(NOW, null, Unpooled.EMPTY_BUFFER),
                () -> stream.append(NOW, Unpooled.EMPTY_BUFFER, null),
                () -> stream.appendBytes(NOW, null, Bytes.from("x")),
                () -> stream.appendBytes(NOW, Bytes.from("x"), null),
                () -> stream.appendTyped(NOW, (net.openhft.chronicle.bytes.WriteBytesMarshallable) null),
                () -> stream.append((WriteEntry) null),
                () -> stream.appendBatch(null),
                () -> stream.appendBatch(Arrays.asList(WriteEntry.of(some), null)),
                () -> stream.appendIfEndIs(0, null));
        for (Runnable call : calls) {
            assertThatNullPointerException().isThrownBy(call::run);
        }
        assertThat(stream.endPosition()).isZero();
        assertThat(segmentsOf("s")).isEmpty();
    }

    @Test
    void append_partThatTheArrayHasNot_refusedAndNothingIsAppended() {
        WalStream stream = open().stream("s");
        byte[] some = new byte[10];
        for (int[] part : new int[][] {{-1, 3}, {0, -1}, {8, 3}, {11, 0}, {1, Integer.MAX_VALUE}}) {
            assertThatThrownBy(() -> stream.append(NOW, some, part[0], part[1])).isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThat(segmentsOf("s")).isEmpty();
        assertThat(stream.append(NOW, some, 10, 0).size()).isEqualTo(frame(0));
    }

    @Test
    void append_manyThreadsOverRotations_everyRecordOnceAndInEachThreadsOrder() throws Exception {
        StreamWal wal = open();
        int threads = 4;
        int each = 2_000;
        List<String> keys = List.of("a", "b");
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<List<Written>>> futures = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int thread = t;
                Callable<List<Written>> task = () -> {
                    List<Written> mine = new ArrayList<>();
                    for (int i = 0; i < each; i++) {
                        byte[] content = bytes("thread " + thread + " record " + i + " ".repeat(i % 100));
                        mine.add(Written.of(wal.stream(keys.get(i % 2)).append(NOW, content), NOW, content));
                    }
                    return mine;
                };
                futures.add(pool.submit(task));
            }
            List<Written> all = new ArrayList<>();
            for (Future<List<Written>> future : futures) {
                List<Written> mine = future.get();
                for (String key : keys) {
                    assertThat(mine.stream().filter(one -> one.ref().key().equals(key)).map(one -> one.ref().position()))
                            .isSorted();
                }
                all.addAll(mine);
            }
            all.sort((x, y) -> x.ref().compareTo(y.ref()));
            List<Written> ofA = all.stream().filter(one -> one.ref().key().equals("a")).toList();
            List<Written> ofB = all.stream().filter(one -> one.ref().key().equals("b")).toList();
            assertContiguous(ofA);
            assertContiguous(ofB);
            assertHoldsNow(wal, "a", ofA);
            assertHoldsEverywhere(wal, "b", ofB);
        } finally {
            pool.shutdownNow();
        }
    }

    /** What is active holds a mapping, or a descriptor; what has been idle for a window, nothing. */
    @Test
    void append_manyStreams_holdOneMappingOrDescriptorEachUntilTheyAreIdle() {
        StreamWal wal = open();
        List<List<Written>> written = new ArrayList<>();
        int streams = 8;
        for (int s = 0; s < streams; s++) {
            written.add(new ArrayList<>());
        }
        for (int round = 0; round < 4; round++) {
            for (int s = 0; s < streams; s++) {
                written.get(s).addAll(appendSome(wal.stream("s" + s), 20));
            }
        }
        assertThat(wal.stats().mappedSegments()).isEqualTo(home.isMapped() ? streams : 0);
        await("no more space is prepared", () -> wal.stats().openFiles() == (home.isMapped() ? 0 : streams));
        clock.advance(WINDOW);
        // finds out what there was, and then that there was no more
        wal.sweep();
        wal.sweep();
        await("all is given back", () -> wal.stats().mappedSegments() == 0 && wal.stats().openFiles() == 0);
        for (int s = 0; s < streams; s++) {
            written.get(s).addAll(appendSome(wal.stream("s" + s), 1));
            assertContiguous(written.get(s));
            assertHoldsNow(wal, "s" + s, written.get(s));
        }
        wal.close();
        StreamWal again = open();
        for (int s = 0; s < streams; s++) {
            assertHoldsNow(again, "s" + s, written.get(s));
        }
    }

    @Test
    void stream_sameKey_sameObject() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        assertThat(wal.stream("s")).isSameAs(stream);
        assertThat(wal.stream(new String("s"))).isSameAs(stream);
        assertThat(wal.stream("S")).isNotSameAs(stream);
        assertThat(stream.key()).isEqualTo("s");
    }

    @Test
    void stream_askedForOnly_isNoStream() {
        StreamWal wal = open();
        assertThat(wal.stream("s").endPosition()).isZero();
        assertThat(wal.keys()).isEmpty();
        assertThat(segmentsOf("s")).isEmpty();
        assertThat(readerOf(wal).describe("s")).isEmpty();
        assertThat(Written.drain(readerOf(wal).scan("s"))).isEmpty();
    }

    @Test
    void endPosition_beforeAndAfterAppends_isWhereTheLastRecordEnds() {
        WalStream stream = open().stream("s");
        assertThat(stream.endPosition()).isZero();
        for (int i = 0; i < 3_000; i++) {
            EntryRef ref = stream.append(new byte[i % 100]);
            assertThat(stream.endPosition()).isEqualTo(ref.end());
        }
    }

    @Test
    void endPosition_afterReopening_isTheSame() {
        StreamWal wal = open();
        long cold = appendSome(wal.stream("cold"), 3).get(2).ref().end();
        long busy = appendSome(wal.stream("busy"), MANY).get(MANY - 1).ref().end();
        wal.close();
        StreamWal again = open();
        assertThat(again.stream("cold").endPosition()).isEqualTo(cold);
        assertThat(again.stream("busy").endPosition()).isEqualTo(busy);
        long next = again.stream("new").endPosition();
        assertThat(again.stream("new").append(bytes("x")).position()).isEqualTo(next);
    }

    @Test
    void appendIfEndIs_theEnd_appends() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = new ArrayList<>();
        long end = stream.endPosition();
        // over a rotation, too
        for (int i = 0; i < 1_000; i++) {
            byte[] content = bytes(100, i);
            Optional<EntryRef> appended = stream.appendIfEndIs(end, WriteEntry.of(content));
            EntryRef ref = new EntryRef("s", end, frame(100));
            assertThat(appended).contains(ref);
            written.add(Written.of(ref, NOW, content));
            end = ref.end();
        }
        assertThat(segmentsOf("s")).hasSizeGreaterThan(1);
        assertHoldsEverywhere(wal, "s", written);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, MANY, 1_500})
    void appendIfEndIs_anotherEnd_appendsNothing(int before) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        long end = stream.endPosition();
        for (long wrong : new long[] {0, end - 8, end + 8, end - written.get(0).ref().size(), Long.MAX_VALUE}) {
            assertThat(stream.appendIfEndIs(wrong, WriteEntry.of(bytes("x")))).isEmpty();
        }
        assertThat(stream.endPosition()).isEqualTo(end);
        assertHoldsNow(wal, "s", written);
    }

    @Test
    void appendIfEndIs_newStreamAndAnotherEnd_createsNothing() {
        StreamWal wal = open();
        assertThat(wal.stream("s").appendIfEndIs(64, WriteEntry.of(bytes("x")))).isEmpty();
        assertThat(wal.keys()).isEmpty();
        assertThat(wal.stream("s").appendIfEndIs(0, WriteEntry.of(bytes("x")))).contains(new EntryRef("s", 0, frame(1)));
    }

    /** Behind a deletion it begins where no record was, and says so before the first append as behind it. */
    @Test
    void appendIfEndIs_streamThatWasDeletedAndTheEndThatItTells_appends() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        long before = stream.append(bytes("x")).end();
        assertThat(wal.delete("s")).isTrue();
        long end = stream.endPosition();
        assertThat(end).isGreaterThan(before);
        assertThat(stream.appendIfEndIs(before, WriteEntry.of(bytes("y")))).isEmpty();
        assertThat(stream.endPosition()).isEqualTo(end);
        EntryRef ref = stream.appendIfEndIs(end, WriteEntry.of(bytes("z"))).orElseThrow();
        assertThat(ref.position()).isEqualTo(end);
        assertThat(stream.endPosition()).isEqualTo(ref.end());
    }

    @Test
    void appendIfEndIs_negativeEnd_refused() {
        assertThatThrownBy(() -> open().stream("s").appendIfEndIs(-1, WriteEntry.of(bytes("x"))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("expectedEnd=-1");
    }

    @Test
    void appendIfEndIs_severalThreadsWithTheSameEnd_oneWins() throws Exception {
        WalStream stream = open().stream("s");
        ExecutorService pool = Executors.newFixedThreadPool(3);
        try {
            for (int round = 0; round < 300; round++) {
                long end = stream.endPosition();
                byte[] content = new byte[round % 200];
                Callable<Optional<EntryRef>> task = () -> stream.appendIfEndIs(end, WriteEntry.of(content));
                int won = 0;
                for (Future<Optional<EntryRef>> future : pool.invokeAll(List.of(task, task, task))) {
                    won += future.get().isPresent() ? 1 : 0;
                }
                assertThat(won).isEqualTo(1);
                assertThat(stream.endPosition()).isEqualTo(end + frame(content.length));
            }
        } finally {
            pool.shutdownNow();
        }
    }
}
