package dev.streamwal.append;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import net.openhft.chronicle.bytes.Bytes;
import org.jspecify.annotations.Nullable;

/** Bytes to be appended, however the caller keeps them. Reading leaves them and their indices as they were. */
public abstract sealed class Source {

    // before EMPTY, whose array it is
    private static final byte[] NO_BYTES = {};

    /** No bytes. */
    public static final Source EMPTY = new OfArray();

    private Source() {}

    abstract int length();

    /** Copies {@code length} bytes from {@code from} on to {@code target}, from {@code at} on. */
    abstract void copy(int from, byte[] target, int at, int length);

    /** Whether copying it runs no code of the program. */
    boolean isInArray() {
        return false;
    }

    public static Source of(byte[] bytes) {
        return new OfArray().set(bytes);
    }

    /** From position to limit. */
    public static Source of(ByteBuffer bytes) {
        if (!bytes.hasRemaining()) {
            return EMPTY;
        }
        return bytes.hasArray()
                ? new OfArray().set(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining())
                : new OfBuffer(bytes::get, bytes.position(), bytes.remaining());
    }

    /** From reader index to writer index. */
    public static Source of(ByteBuf bytes) {
        return bytes.hasArray()
                ? new OfArray().set(bytes.array(), bytes.arrayOffset() + bytes.readerIndex(), bytes.readableBytes())
                : new OfBuffer(bytes::getBytes, bytes.readerIndex(), bytes.readableBytes());
    }

    /** An array, which can be replaced; reused by one thread. */
    static final class OfArray extends Source {
        private byte @Nullable [] bytes = NO_BYTES;
        private int offset;
        private int length;

        OfArray set(byte[] newBytes) {
            return set(newBytes, 0, newBytes.length);
        }

        OfArray set(byte[] newBytes, int newOffset, int newLength) {
            bytes = newBytes;
            offset = newOffset;
            length = newLength;
            return this;
        }

        /** Sets null: storing a reference to an object costs a barrier of the garbage collector. */
        void forget() {
            bytes = null;
            length = 0;
        }

        @Override
        int length() {
            return length;
        }

        @Override
        boolean isInArray() {
            return true;
        }

        @Override
        @SuppressWarnings("NullAway") // nothing is copied of what was forgotten
        void copy(int from, byte[] target, int at, int count) {
            System.arraycopy(bytes, offset + from, target, at, count);
        }
    }

    /** Two sources, one after the other; reused by one thread. */
    static final class Pair extends Source {
        private @Nullable Source first;
        private @Nullable Source second;

        Pair set(Source newFirst, Source newSecond) {
            first = newFirst;
            second = newSecond;
            return this;
        }

        @Override
        @SuppressWarnings("NullAway") // not asked after forget()
        boolean isInArray() {
            return first.isInArray() && second.isInArray();
        }

        /** Like {@link OfArray#forget()}. */
        void forget() {
            first = null;
            second = null;
        }

        @Override
        @SuppressWarnings("NullAway") // not read after forget()
        int length() {
            return first.length() + second.length();
        }

        @Override
        @SuppressWarnings("NullAway") // nothing is copied of what was forgotten
        void copy(int from, byte[] target, int at, int count) {
            int ofFirst = Math.max(0, Math.min(count, first.length() - from));
            if (ofFirst > 0) {
                first.copy(from, target, at, ofFirst);
            }
            if (ofFirst < count) {
                second.copy(from + ofFirst - first.length(), target, at + ofFirst, count - ofFirst);
            }
        }
    }

    /** Copies from an index on without moving any: {@link ByteBuffer} and {@link ByteBuf} both can. */
    @FunctionalInterface
    private interface AbsoluteGet {
        void get(int index, byte[] target, int offset, int length);
    }

    /** A part of a buffer that has no accessible array. */
    private static final class OfBuffer extends Source {
        private final AbsoluteGet bytes;
        private final int offset;
        private final int length;

        OfBuffer(AbsoluteGet bytes, int offset, int length) {
            this.bytes = bytes;
            this.offset = offset;
            this.length = length;
        }

        @Override
        int length() {
            return length;
        }

        @Override
        void copy(int from, byte[] target, int at, int count) {
            bytes.get(offset + from, target, at, count);
        }
    }

    /** Chronicle bytes from read position to read limit; replaceable, so that appending them creates no garbage. */
    static final class OfBytes extends Source {
        private @Nullable Bytes<?> bytes;
        private long offset;
        private int length;

        OfBytes set(@Nullable Bytes<?> newBytes) {
            bytes = newBytes;
            offset = newBytes == null ? 0 : newBytes.readPosition();
            length = newBytes == null ? 0 : (int) Math.min(Integer.MAX_VALUE, newBytes.readRemaining());
            return this;
        }

        @Override
        int length() {
            return length;
        }

        @Override
        void copy(int from, byte[] target, int at, int count) {
            Bytes<?> source = bytes;
            if (source == null || source.read(offset + from, target, at, count) != count) {
                throw new IllegalStateException("bytes ended before their read limit: offset=" + (offset + from) + ", count=" + count);
            }
        }
    }
}
