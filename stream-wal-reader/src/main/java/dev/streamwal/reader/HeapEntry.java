package dev.streamwal.reader;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A record copied to the heap. */
final class HeapEntry implements Entry {

    private final EntryRef ref;
    private final long timestampMillis;
    private final int headerLength;
    private final byte[] body;
    private @Nullable ByteBuf header;
    private @Nullable ByteBuf content;

    /** @param body the header, then the content; not copied */
    HeapEntry(EntryRef ref, long timestampMillis, int headerLength, byte[] body) {
        this.ref = ref;
        this.timestampMillis = timestampMillis;
        this.headerLength = headerLength;
        this.body = body;
    }

    static HeapEntry copyOf(Entry entry) {
        int headerLength = entry.header().readableBytes();
        byte[] body = new byte[headerLength + entry.content().readableBytes()];
        entry.header().getBytes(0, body, 0, headerLength);
        entry.content().getBytes(0, body, headerLength, body.length - headerLength);
        return new HeapEntry(entry.ref(), entry.timestampMillis(), headerLength, body);
    }

    @Override
    public EntryRef ref() {
        return ref;
    }

    @Override
    public long timestampMillis() {
        return timestampMillis;
    }

    @Override
    public ByteBuf header() {
        ByteBuf known = header;
        if (known == null) {
            known = readOnly(0, headerLength);
            header = known;
        }
        return known;
    }

    @Override
    public ByteBuf content() {
        ByteBuf known = content;
        if (known == null) {
            known = readOnly(headerLength, body.length - headerLength);
            content = known;
        }
        return known;
    }

    private ByteBuf readOnly(int offset, int length) {
        return length == 0 ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(body, offset, length).asReadOnly();
    }

    @Override
    public byte[] headerBytes() {
        return Arrays.copyOf(body, headerLength);
    }

    @Override
    public byte[] contentBytes() {
        return Arrays.copyOfRange(body, headerLength, body.length);
    }

    @Override
    public String toString() {
        return ref + " at " + timestampMillis + " ms, " + headerLength + " + " + (body.length - headerLength) + " bytes";
    }
}
