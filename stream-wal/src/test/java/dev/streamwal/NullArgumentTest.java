package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls every public method with each of its arguments null in turn: the exception names the argument, as the JVM's own message wouldn't. */
class NullArgumentTest {

    /** Methods whose other arguments this test can't make. */
    private static final int OTHERS = 20;

    @TempDir
    private Path home;

    private final List<String> unnamed = new ArrayList<>();
    private int calls;

    @Test
    void everyMethod_anArgumentIsNull_isNamed() {
        try (StreamWal wal = StreamWal.open(home.resolve("log")); WalReader reader = wal.reader()) {
            WalStream stream = wal.stream("a");
            stream.append(new byte[1]);
            callAll(StreamWal.class, wal);
            callAll(WalStream.class, stream);
            callAll(WalReader.class, reader);
            callAll(WriteEntry.class, null);
            callAll(WriteBatch.class, new WriteBatch());
            callAll(Keys.class, Keys.all());
            callAll(EntryRef.class, null);
            callAll(ReadFrom.class, null);
            assertThat(wal.keys()).as("nothing was appended").containsExactly("a");
        }
        assertThat(unnamed).isEmpty();
        assertThat(calls).isGreaterThan(80);
    }

    private void callAll(Class<?> type, @Nullable Object target) {
        int unmade = 0;
        for (Method method : type.getMethods()) {
            if (method.getDeclaringClass() != type || method.getName().equals("equals") || (target == null && !Modifier.isStatic(method.getModifiers()))) {
                continue;
            }
            Object[] arguments = Arrays.stream(method.getParameterTypes()).map(this::made).toArray();
            for (int i = 0; i < arguments.length; i++) {
                boolean canMakeOthers = true;
                for (int j = 0; j < arguments.length; j++) {
                    canMakeOthers &= j == i || arguments[j] != null;
                }
                if (!canMakeOthers) {
                    unmade++;
                } else if (!method.getParameterTypes()[i].isPrimitive()) {
                    Object[] withNull = arguments.clone();
                    withNull[i] = null;
                    assertNamed(method, i, target, withNull);
                }
            }
        }
        assertThat(unmade).as(type.getSimpleName()).isLessThan(OTHERS);
    }

    private void assertNamed(Method method, int index, @Nullable Object target, @Nullable Object[] arguments) {
        calls++;
        Throwable thrown = catchThrowable(() -> {
            try {
                method.invoke(target, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
        if (!(thrown instanceof NullPointerException) || thrown.getMessage() == null || !thrown.getMessage().matches("[a-zA-Z]+")) {
            unnamed.add(method + ", argument " + index + ": " + thrown);
        }
    }

    private @Nullable Object made(Class<?> type) {
        return type == String.class || type == CharSequence.class ? "a"
                : type == long.class ? (Object) 0L
                : type == int.class ? (Object) 0
                : type == byte[].class ? new byte[1]
                : type == ByteBuffer.class ? ByteBuffer.allocate(1)
                : type == ByteBuf.class ? Unpooled.wrappedBuffer("a".getBytes(UTF_8))
                : type == Instant.class ? Instant.EPOCH
                : type == WriteEntry.class ? WriteEntry.of(new byte[1])
                : type == Durability.class ? Durability.BUFFERED
                : type == List.class || type == Collection.class ? List.of()
                : type == Map.class ? Map.of()
                : type == Keys.class ? Keys.key("a")
                : type == EntryRef.class ? new EntryRef("a", 0, 40)
                : type == ReadFrom.class ? ReadFrom.first()
                : type == Path.class ? home.resolve("other")
                : null;
    }
}
