package dev.streamwal.append;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import dev.streamwal.storage.ChannelStorage;
import dev.streamwal.storage.MappedStorage;
import dev.streamwal.storage.SegmentStorage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.util.IllegalReferenceCountException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import net.openhft.chronicle.bytes.Bytes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a caller hands over may fail while it is copied, when its slot is taken already: the slot becomes padding, and nothing
 * else is lost.
 */
class FailureBetweenReserveAndPublishTest {

    private static final String KEY = "stream";
    private static final int SEGMENT_BYTES = 1 << 20;

    @TempDir
    Path root;

    private SegmentStorage storage = new MappedStorage();
    private SeamedLog log;
    private final List<String> expected = new ArrayList<>();

    @BeforeEach
    void openMapped() throws Exception {
        SeamedLog.create(root);
        log = open();
        append("before");
        assertThat(log.context.mappedSegments()).isEqualTo(1);
    }

    private SeamedLog open() throws Exception {
        return new SeamedLog(root, storage, SEGMENT_BYTES, null);
    }

    @AfterEach
    void close() {
        log.close();
    }

    private void append(String text) {
        long unused = log.append(KEY, Source.EMPTY, source(text));
        expected.add(text);
    }

    private static Source source(String text) {
        return Source.of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The copying of it fails half-way, like that of a remote buffer. */
    private static Source failing(int length, RuntimeException failure) {
        return Source.of(new UnpooledDirectByteBuf(UnpooledByteBufAllocator.DEFAULT, length, length) {
            @Override
            public ByteBuf getBytes(int index, byte[] target, int targetIndex, int count) {
                if (index + count > length / 2) {
                    throw failure;
                }
                return super.getBytes(index, target, targetIndex, count);
            }
        }.writerIndex(length));
    }

    @Test
    void append_ofASourceThatThrows_leavesPadding() throws Exception {
        UnsupportedOperationException failure = new UnsupportedOperationException("half-way");
        assertThatThrownBy(() -> log.append(KEY, Source.EMPTY, failing(20_000, failure))).isSameAs(failure);
        append("after");
        check(1);
    }

    @Test
    void append_ofABufferThatWasReleased_leavesPadding() throws Exception {
        ByteBuf released = Unpooled.directBuffer(100).writeZero(100);
        Source source = Source.of(released);
        released.release();
        assertThatThrownBy(() -> log.append(KEY, Source.EMPTY, source)).isInstanceOf(IllegalReferenceCountException.class);
        append("after");
        check(1);
    }

    @Test
    void append_ofAHeaderThatThrows_leavesPadding() throws Exception {
        assertThatThrownBy(() -> log.append(KEY, failing(9_000, new IllegalStateException()), source("content")))
                .isInstanceOf(IllegalStateException.class);
        append("after");
        check(1);
    }

    @Test
    void append_ofBytesThatShrinkMeanwhile_leavesPadding() throws Exception {
        Bytes<?> bytes = Bytes.allocateElasticOnHeap(100);
        try {
            bytes.write(new byte[100]);
            AppendScratch scratch = new AppendScratch();
            Draft draft = scratch.draft(Bytes.allocateElasticOnHeap(1), bytes, SeamedLog.NOW);
            int frame = (int) draft.frameBytes();
            bytes.writePosition(50);
            assertThatThrownBy(() -> log.stream(KEY).append(scratch, draft, frame, SeamedLog.NOW, StreamLog.ANY_END))
                    .isInstanceOf(IllegalStateException.class);
        } finally {
            bytes.releaseLast();
        }
        append("after");
        check(1);
    }

    @Test
    void append_ofAnEmptyHeaderAndASourceThatThrowsAtOnce_leavesTheSmallestPadding() throws Exception {
        ByteBuf released = Unpooled.directBuffer(1).writeZero(1);
        Source source = Source.of(released);
        released.release();
        assertThatThrownBy(() -> log.append(KEY, Source.EMPTY, source)).isInstanceOf(IllegalReferenceCountException.class);
        append("after");
        check(1);
    }

    @Test
    void appendBatch_withAMemberThatThrows_leavesTwoPaddingsAndNoMember() throws Exception {
        for (int bad = 0; bad < 3; bad++) {
            List<Draft> drafts = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Source content = i == bad ? failing(10_000 + i, new IllegalStateException()) : source("member " + i);
                drafts.add(Draft.of(Source.EMPTY, content, SeamedLog.NOW));
            }
            assertThatThrownBy(() -> log.appendBatch(KEY, drafts)).isInstanceOf(IllegalStateException.class);
            append("after " + bad);
        }
        check(6);
    }

    @Test
    void append_failingManyTimesInARow_losesNothing() throws Exception {
        for (int i = 0; i < 50; i++) {
            int length = 8_200 + i;
            assertThatThrownBy(() -> log.append(KEY, Source.EMPTY, failing(length, new IllegalStateException())))
                    .isInstanceOf(IllegalStateException.class);
            if (i % 7 == 0) {
                append("between " + i);
            }
        }
        append("after");
        check(50);
    }

    @Test
    void append_byPositionOfASourceThatThrows_leavesNothing() throws Exception {
        log.stream(KEY).sealIfIdle(Long.MAX_VALUE);
        log.close();
        storage = new ChannelStorage();
        log = open();
        append("by position");
        assertThatThrownBy(() -> log.append(KEY, Source.EMPTY, failing(20_000, new IllegalStateException())))
                .isInstanceOf(IllegalStateException.class);
        append("after");
        assertThat(log.context.mappedSegments()).isZero();
        check(1, 0);
    }

    /** While it is open; reopened, after another append; and sealed. */
    private void check(int padding) throws Exception {
        check(0, padding);
    }

    /** @param before segments that are sealed already */
    private void check(int before, int padding) throws Exception {
        try (WalReader reader = log.reader()) {
            read(reader);
        }
        assertThat(log.closeAll()).as("everything could be unmapped").isTrue();
        assertThat(log.failures).isEmpty();
        try (WalReader reader = WalReader.open(root)) {
            read(reader);
        }
        assertThat(StreamFiles.check(log.directory(KEY), KEY)).isEqualTo(new StreamFiles.Findings(before + 1, before, padding, expected.size()));

        log = open();
        append("reopened");
        try (WalReader reader = log.reader()) {
            read(reader);
        }
        log.stream(KEY).sealIfIdle(Long.MAX_VALUE);
        assertThat(log.closeAll()).isTrue();
        assertThat(StreamFiles.check(log.directory(KEY), KEY)).isEqualTo(new StreamFiles.Findings(before + 2, before + 2, padding, expected.size()));
        try (WalReader reader = WalReader.open(root)) {
            read(reader);
        }
    }

    private void read(WalReader reader) {
        assertThat(texts(reader.scan(KEY))).isEqualTo(expected);
        for (int count : new int[] {1, 2, 5, expected.size()}) {
            int last = Math.min(count, expected.size());
            assertThat(texts(reader.scanLast(KEY, count))).isEqualTo(expected.subList(expected.size() - last, expected.size()));
        }
        assertThat(reader.latest(KEY).orElseThrow().contentBytes())
                .isEqualTo(expected.get(expected.size() - 1).getBytes(StandardCharsets.UTF_8));
        assertThat(reader.verify(KEY).damage()).isEmpty();
        assertThat(reader.verify(KEY).records()).isEqualTo(expected.size());
    }

    private static List<String> texts(EntryCursor cursor) {
        try (cursor) {
            List<String> texts = new ArrayList<>();
            while (cursor.next()) {
                texts.add(cursor.content().toString(StandardCharsets.UTF_8));
            }
            return texts;
        }
    }
}
