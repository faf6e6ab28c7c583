package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.segment.SegmentWriterForTests;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a cursor lends can't be kept by counting references, nor taken from it. */
class CursorBufferTest {

    private static final String KEY = "k";
    private static final byte[] HEADER = {1, 2, 3};

    @TempDir
    private Path root;

    private WalReader reader;
    private EntryCursor cursor;

    @BeforeEach
    void open() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        for (int i = 0; i < 5; i++) {
            segment.append(i, i == 4 ? new byte[0] : HEADER, ("content " + i).getBytes(StandardCharsets.UTF_8));
        }
        segment.write();
        reader = WalReader.open(root);
        cursor = reader.scan(KEY);
        assertThat(cursor.next()).isTrue();
    }

    @AfterEach
    void close() {
        cursor.close();
        reader.close();
    }

    /** The buffer, and everything that Netty derives from one without copying. */
    @SuppressWarnings("deprecation")
    private static Map<String, ByteBuf> derived(ByteBuf lent) {
        Map<String, ByteBuf> all = new LinkedHashMap<>();
        all.put("itself", lent);
        all.put("slice()", lent.slice());
        all.put("slice(1, 2)", lent.slice(1, 2));
        all.put("slice of a slice", lent.slice(1, 2).slice(0, 1));
        all.put("duplicate()", lent.duplicate());
        all.put("duplicate of a slice", lent.slice().duplicate());
        all.put("readSlice(2)", lent.duplicate().readSlice(2));
        all.put("asReadOnly()", lent.asReadOnly());
        all.put("asReadOnly of a slice", lent.slice().asReadOnly());
        all.put("order", lent.order(ByteOrder.LITTLE_ENDIAN));
        all.put("wrapped", Unpooled.wrappedBuffer(lent));
        all.put("unmodifiable", Unpooled.unmodifiableBuffer(lent));
        return all;
    }

    /** All that {@link ByteBuf} has, so that a later Netty's are tried too. */
    private static List<Method> retaining() {
        return Arrays.stream(ByteBuf.class.getMethods())
                .filter(method -> method.getName().toLowerCase(Locale.ROOT).contains("retain"))
                .filter(method -> method.getReturnType() == ByteBuf.class)
                .toList();
    }

    @Test
    void retain_ofABufferOrWhatIsDerivedFromIt_refusesAndNamesCopy() {
        for (ByteBuf lent : List.of(cursor.header(), cursor.content())) {
            derived(lent).forEach((how, buffer) -> assertThat(retaining()).hasSizeGreaterThanOrEqualTo(6).allSatisfy(method -> {
                Object[] arguments = new Object[method.getParameterCount()];
                Arrays.fill(arguments, 1);
                assertThatThrownBy(() -> invoke(method, buffer.readableBytes() == 1 ? first(arguments) : arguments, buffer))
                        .as(how + "." + method)
                        .isInstanceOf(UnsupportedOperationException.class)
                        .isNotInstanceOf(ReadOnlyBufferException.class)
                        .hasMessageContaining("EntryCursor.copy()");
            }));
        }
    }

    /** (index 0, length 1), where there is only one byte. */
    private static Object[] first(Object[] arguments) {
        if (arguments.length == 2) {
            arguments[0] = 0;
        }
        return arguments;
    }

    private static void invoke(Method method, Object[] arguments, ByteBuf buffer) throws Throwable {
        try {
            Object kept = method.invoke(buffer, arguments);
            assertThat(kept).isNull();
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    @Test
    void release_ofABufferOrWhatIsDerivedFromIt_leavesTheCursorAsItIs() {
        List<Consumer<ByteBuf>> releases = List.of(
                buffer -> assertThat(buffer.release()).isFalse(),
                buffer -> assertThat(buffer.release(2)).isFalse());
        List<String> read = new ArrayList<>();
        do {
            for (Consumer<ByteBuf> release : releases) {
                derived(cursor.content()).values().forEach(release);
                release.accept(cursor.header());
            }
            assertThat(cursor.content().refCnt()).isEqualTo(1);
            read.add(cursor.content().toString(StandardCharsets.UTF_8));
        } while (cursor.next());
        assertThat(read).containsExactly("content 0", "content 1", "content 2", "content 3", "content 4");
    }

    @Test
    void emptyHeader_isLikeAnyOther() {
        for (int i = 1; i < 5; i++) {
            assertThat(cursor.next()).isTrue();
        }
        assertThat(cursor.header().readableBytes()).isZero();
        assertThatThrownBy(() -> cursor.header().retain()).isInstanceOf(UnsupportedOperationException.class);
        assertThat(cursor.header().release()).isFalse();
        assertThat(cursor.header().isReadable()).isFalse();
    }

    @Test
    void unwrap_doesNotGiveAwayWhatCouldBeRetained() {
        assertThat(cursor.content().unwrap()).isNull();
        assertThat(cursor.content().touch("hint")).isSameAs(cursor.content());
    }

    @Test
    void copy_outlivesTheCursor() {
        Entry copied = cursor.copy();
        ByteBuf bytes = cursor.content().copy();
        cursor.close();
        assertThat(copied.contentBytes()).isEqualTo("content 0".getBytes(StandardCharsets.UTF_8));
        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("content 0");
        assertThat(bytes.release()).isTrue();
    }

    @Test
    void read_afterTheCursorWasClosed_throws() {
        ByteBuf content = cursor.content();
        ByteBuf slice = content.slice();
        cursor.close();
        assertThat(content.refCnt()).isZero();
        assertThatThrownBy(() -> content.getByte(0)).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> slice.getByte(0)).isInstanceOf(IllegalReferenceCountException.class);
    }

    /** On its own threads Netty gives out the objects of buffers again, which are then others' buffers. */
    @Test
    void read_afterTheCursorWasClosedAndOthersHaveItsObjects_throws() throws Exception {
        List<ByteBuf> lent = new ArrayList<>();
        List<String> readable = new ArrayList<>();
        Thread ofNetty = new FastThreadLocalThread(() -> {
            for (int i = 0; i < 300; i++) {
                try (EntryCursor other = reader.scan(KEY)) {
                    assertThat(other.next()).isTrue();
                    lent.add(other.content());
                    lent.stream().limit(i).filter(buffer -> buffer.refCnt() != 0).forEach(buffer -> readable.add(buffer.toString(StandardCharsets.UTF_8)));
                }
            }
        });
        ofNetty.start();
        ofNetty.join();
        assertThat(lent).hasSize(300);
        assertThat(readable).isEmpty();
    }

    @Test
    void write_isRefused() {
        ByteBuf content = cursor.content();
        assertThat(content.isReadOnly()).isTrue();
        assertThat(content.isWritable()).isFalse();
        assertThat(content.hasArray()).isFalse();
        assertThat(content.nioBuffer().isReadOnly()).isTrue();
        assertThat(content.internalNioBuffer(0, 1).isReadOnly()).isTrue();
        assertThatThrownBy(() -> content.setByte(0, 1)).isInstanceOf(ReadOnlyBufferException.class);
        assertThatThrownBy(() -> content.setBytes(0, HEADER)).isInstanceOf(ReadOnlyBufferException.class);
        assertThatThrownBy(() -> content.slice().setLong(0, 1)).isInstanceOf(ReadOnlyBufferException.class);
        assertThatThrownBy(() -> content.clear().writeByte(1)).isInstanceOf(ReadOnlyBufferException.class);
    }

    @Test
    void read_atAnyWidth_isWhatWasWritten() {
        ByteBuf content = cursor.content();
        ByteBuf expected = Unpooled.copiedBuffer("content 0", StandardCharsets.UTF_8);
        assertThat(content).isEqualTo(expected);
        assertThat(content.getLong(1)).isEqualTo(expected.getLong(1));
        assertThat(content.getLongLE(1)).isEqualTo(expected.getLongLE(1));
        assertThat(content.getInt(1)).isEqualTo(expected.getInt(1));
        assertThat(content.getIntLE(1)).isEqualTo(expected.getIntLE(1));
        assertThat(content.getMedium(1)).isEqualTo(expected.getMedium(1));
        assertThat(content.getMediumLE(1)).isEqualTo(expected.getMediumLE(1));
        assertThat(content.getShort(1)).isEqualTo(expected.getShort(1));
        assertThat(content.getShortLE(1)).isEqualTo(expected.getShortLE(1));
        assertThat(content.getByte(8)).isEqualTo((byte) '0');
        assertThatThrownBy(() -> content.getBytes(0, new byte[content.capacity() + 1])).isInstanceOf(IndexOutOfBoundsException.class);
        ByteBuf target = Unpooled.buffer(9).writeBytes(content, 0, 9);
        assertThat(target).isEqualTo(expected);
    }
}
