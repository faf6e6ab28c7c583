package dev.streamwal.reader;

import io.netty.buffer.AbstractByteBuf;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * A read-only view of a cursor's own memory. The cursor writes the next record over it, and no reference count could prevent that; so
 * {@link #retain()} throws. {@link #release()} does nothing, because only the cursor gives the memory back; after the cursor has done so, the buffer
 * can't be read. Slices and duplicates share this buffer's count, so they behave alike. {@link #unwrap()} is null, because the wrapped buffer could
 * be retained.
 */
final class CursorBuffer extends AbstractByteBuf {

    /** For a record that has no header, or no content. */
    static final CursorBuffer EMPTY = new CursorBuffer(Unpooled.EMPTY_BUFFER);

    /** A buffer that was released, and that no allocator gives out again. */
    private static final ByteBuf GONE = released();

    private ByteBuf bytes;

    /** @param bytes the cursor's own buffer */
    CursorBuffer(ByteBuf bytes) {
        super(bytes.capacity());
        this.bytes = bytes;
    }

    private static ByteBuf released() {
        ByteBuf buffer = Unpooled.buffer(1);
        boolean unused = buffer.release();
        return buffer;
    }

    /**
     * Called before the cursor gives the memory back. Netty may give the same object, with other memory, to whoever allocates next on this thread, and its
     * count would say that it can be read.
     */
    void end() {
        bytes = GONE;
    }

    // ---- references

    @Override
    public ByteBuf retain() {
        return refuse();
    }

    @Override
    public ByteBuf retain(int increment) {
        return refuse();
    }

    private static ByteBuf refuse() {
        throw new UnsupportedOperationException("cannot retain a cursor's buffer, as the next record is written over it;"
                + " keep EntryCursor.copy(), or the buffer's copy()");
    }

    @Override
    public boolean release() {
        return false;
    }

    @Override
    public boolean release(int decrement) {
        return false;
    }

    @Override
    public int refCnt() {
        return bytes.refCnt();
    }

    @Override
    public ByteBuf touch() {
        return this;
    }

    @Override
    public ByteBuf touch(Object hint) {
        return this;
    }

    /** Null, as if it wrapped nothing: the wrapped buffer could be retained. */
    @Override
    public @Nullable ByteBuf unwrap() {
        return null;
    }

    // ---- properties

    @Override
    public int capacity() {
        return bytes.capacity();
    }

    @Override
    public ByteBufAllocator alloc() {
        return bytes.alloc();
    }

    @Override
    @Deprecated
    public ByteOrder order() {
        return ByteOrder.BIG_ENDIAN;
    }

    @Override
    public boolean isDirect() {
        return bytes.isDirect();
    }

    @Override
    public boolean isContiguous() {
        return bytes.isContiguous();
    }

    @Override
    public boolean hasArray() {
        return false;
    }

    @Override
    public byte[] array() {
        throw new ReadOnlyBufferException();
    }

    @Override
    public int arrayOffset() {
        throw new ReadOnlyBufferException();
    }

    @Override
    public boolean hasMemoryAddress() {
        return bytes.hasMemoryAddress();
    }

    @Override
    public long memoryAddress() {
        return bytes.memoryAddress();
    }

    @Override
    public int nioBufferCount() {
        return bytes.nioBufferCount();
    }

    @Override
    public ByteBuffer nioBuffer(int index, int length) {
        return bytes.nioBuffer(index, length).asReadOnlyBuffer();
    }

    @Override
    public ByteBuffer internalNioBuffer(int index, int length) {
        return nioBuffer(index, length);
    }

    @Override
    public ByteBuffer[] nioBuffers(int index, int length) {
        return new ByteBuffer[] {nioBuffer(index, length)};
    }

    // ---- reading

    @Override
    protected byte _getByte(int index) {
        return bytes.getByte(index);
    }

    @Override
    protected short _getShort(int index) {
        return bytes.getShort(index);
    }

    @Override
    protected short _getShortLE(int index) {
        return bytes.getShortLE(index);
    }

    @Override
    protected int _getUnsignedMedium(int index) {
        return bytes.getUnsignedMedium(index);
    }

    @Override
    protected int _getUnsignedMediumLE(int index) {
        return bytes.getUnsignedMediumLE(index);
    }

    @Override
    protected int _getInt(int index) {
        return bytes.getInt(index);
    }

    @Override
    protected int _getIntLE(int index) {
        return bytes.getIntLE(index);
    }

    @Override
    protected long _getLong(int index) {
        return bytes.getLong(index);
    }

    @Override
    protected long _getLongLE(int index) {
        return bytes.getLongLE(index);
    }

    @Override
    public ByteBuf getBytes(int index, ByteBuf target, int targetIndex, int length) {
        bytes.getBytes(index, target, targetIndex, length);
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, byte[] target, int targetIndex, int length) {
        bytes.getBytes(index, target, targetIndex, length);
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, ByteBuffer target) {
        bytes.getBytes(index, target);
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, OutputStream out, int length) throws IOException {
        bytes.getBytes(index, out, length);
        return this;
    }

    @Override
    public int getBytes(int index, GatheringByteChannel out, int length) throws IOException {
        return bytes.getBytes(index, out, length);
    }

    @Override
    public int getBytes(int index, FileChannel out, long position, int length) throws IOException {
        return bytes.getBytes(index, out, position, length);
    }

    @Override
    public ByteBuf copy(int index, int length) {
        return bytes.copy(index, length);
    }

    // ---- not writing

    @Override
    public boolean isReadOnly() {
        return true;
    }

    @Override
    public boolean isWritable() {
        return false;
    }

    @Override
    public boolean isWritable(int size) {
        return false;
    }

    @Override
    public ByteBuf ensureWritable(int size) {
        throw new ReadOnlyBufferException();
    }

    @Override
    public int ensureWritable(int size, boolean force) {
        return 1;
    }

    @Override
    public ByteBuf capacity(int capacity) {
        throw new ReadOnlyBufferException();
    }

    @Override
    protected void _setByte(int index, int value) {
        throw new ReadOnlyBufferException();
    }

    @Override
    protected void _setShort(int index, int value) {
        throw new ReadOnlyBufferException();
    }

    @Override
    protected void _setShortLE(int index, int value) {
        throw new ReadOnlyBufferException();
    }

    @Override
    protected void _setMedium(int index, int value) {
        throw new ReadOnlyBufferException();
    }

    @Override
    protected void _setMediumLE(int index, int value) {
        throw new ReadOnlyBufferException();
    }

    @Override
    protected void _setInt(int index, int value) {
        throw new ReadOnlyBufferException();
    }

    @Override
    protected void _setIntLE(int index, int value) {
        throw new ReadOnlyBufferException();
    }

    @Override
    protected void _setLong(int index, long value) {
        throw new ReadOnlyBufferException();
    }

    @Override
    protected void _setLongLE(int index, long value) {
        throw new ReadOnlyBufferException();
    }

    @Override
    public ByteBuf setBytes(int index, ByteBuf source, int sourceIndex, int length) {
        throw new ReadOnlyBufferException();
    }

    @Override
    public ByteBuf setBytes(int index, byte[] source, int sourceIndex, int length) {
        throw new ReadOnlyBufferException();
    }

    @Override
    public ByteBuf setBytes(int index, ByteBuffer source) {
        throw new ReadOnlyBufferException();
    }

    @Override
    public int setBytes(int index, InputStream in, int length) {
        throw new ReadOnlyBufferException();
    }

    @Override
    public int setBytes(int index, ScatteringByteChannel in, int length) {
        throw new ReadOnlyBufferException();
    }

    @Override
    public int setBytes(int index, FileChannel in, long position, int length) {
        throw new ReadOnlyBufferException();
    }
}
