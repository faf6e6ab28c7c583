package dev.streamwal.codec.chronicle;

import dev.streamwal.codec.RecordCodec;
import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.function.Supplier;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.BytesMarshallable;
import org.jspecify.annotations.Nullable;

/**
 * A codec for a type that writes and reads itself by Chronicle Bytes. It makes no garbage except the objects that the program makes for it. Contents
 * are copied once between Netty's buffer and Chronicle's, which is on the heap, where every access is checked against the content's end.
 *
 * <p>A later version can read earlier ones if it writes new fields after the others, and its {@code readMarshallable} gives them a default when
 * {@code readRemaining()} is 0.
 *
 * <p>Thread-safe, if the supplier of the objects is.
 *
 * @param <T> the type
 * @since 1.0
 */
@SuppressWarnings("exports") // its users require chronicle.bytes, and other programs need not
public final class BytesCodec<T extends BytesMarshallable> implements RecordCodec<T> {

    /** A buffer that grew beyond this for one large record isn't kept. */
    private static final int MAX_KEPT_BYTES = 1 << 20;

    private static final int INITIAL_BYTES = 1 << 10;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Each thread's buffer. Null while it is used, so that an object that appends or reads others while it is written or read gets another buffer. */
    private static final ThreadLocal<@Nullable Bytes<byte[]>> REUSED = ThreadLocal.withInitial(BytesCodec::newBytes);

    private final int schemaId;
    private final int version;
    private final Supplier<? extends T> objects;

    private BytesCodec(int schemaId, int version, Supplier<? extends T> objects) {
        this.schemaId = schemaId;
        this.version = version;
        this.objects = objects;
    }

    /**
     * A codec.
     *
     * @param <T> the type
     * @param schemaId 1 or more, the program's choice
     * @param version 1 to 65,535: of the form that the type writes now
     * @param objects gives the object that reads the next record. If it gives the same one each time, reading makes no garbage, and the codec is for
     *     one cursor
     * @return the codec
     */
    public static <T extends BytesMarshallable> BytesCodec<T> of(int schemaId, int version, Supplier<? extends T> objects) {
        return new BytesCodec<>(schemaId, version, Objects.requireNonNull(objects, "objects"));
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
    public void encode(T value, ByteBuf target) {
        Bytes<byte[]> bytes = take();
        try {
            value.writeMarshallable(bytes);
            target.writeBytes(bytes.underlyingObject(), (int) bytes.readPosition(), (int) bytes.readRemaining());
        } finally {
            giveBack(bytes);
        }
    }

    @Override
    public T decode(ByteBuf content, int recordVersion) {
        Bytes<byte[]> bytes = take();
        try {
            int length = content.readableBytes();
            bytes.ensureCapacity(length);
            copy(content, Objects.requireNonNull(bytes.underlyingObject()), length);
            bytes.writePosition(length);
            T value = objects.get();
            value.readMarshallable(bytes);
            return value;
        } finally {
            giveBack(bytes);
        }
    }

    /** Copies by words: to copy bytes into an array, Netty makes a view of its memory if it can't use {@code Unsafe}, which is so from Java 24 on. */
    private static void copy(ByteBuf content, byte[] target, int length) {
        int index = content.readerIndex();
        int copied = 0;
        for (; copied + Long.BYTES <= length; copied += Long.BYTES) {
            LONG.set(target, copied, content.getLongLE(index + copied));
        }
        for (; copied < length; copied++) {
            target[copied] = content.getByte(index + copied);
        }
        content.skipBytes(length);
    }

    private static Bytes<byte[]> newBytes() {
        return Bytes.allocateElasticOnHeap(INITIAL_BYTES);
    }

    private static Bytes<byte[]> take() {
        Bytes<byte[]> reused = REUSED.get();
        REUSED.set(null);
        Bytes<byte[]> bytes = reused == null ? newBytes() : reused;
        bytes.clear();
        return bytes;
    }

    private static void giveBack(Bytes<byte[]> bytes) {
        REUSED.set(bytes.realCapacity() > MAX_KEPT_BYTES ? newBytes() : bytes);
    }

    /** {@code BytesCodec(7 version 1)}. */
    @Override
    public String toString() {
        return "BytesCodec(" + schemaId + " version " + version + ")";
    }
}
