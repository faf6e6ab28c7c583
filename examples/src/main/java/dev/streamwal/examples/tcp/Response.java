package dev.streamwal.examples.tcp;

import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch.Status;
import dev.streamwal.reader.EntryRef;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * One entry, or its status, as a client receives it. As a frame, big-endian: the length of what follows (u32), the status (u8), the ref as it encodes
 * itself, and, if the status is {@code FOUND}, the timestamp (i64), the header's length (u16), the header, and the content to the frame's end.
 *
 * @param ref the entry's; for entries that expired while a stream was followed, where they begin, and their size as far as it is known
 * @param timestampMillis 0 if there is no entry
 * @param header empty if there is no entry
 * @param content empty if there is no entry
 */
record Response(Status status, EntryRef ref, long timestampMillis, byte[] header, byte[] content) implements Answer {

    /** Larger than the largest record with its ref and its key. */
    static final int MAX_FRAME_BYTES = 1 << 25;

    private static final Status[] STATUSES = Status.values();
    private static final byte[] NONE = {};

    /** Encodes what precedes an entry's own bytes in its frame: those are written after it, from the buffers that they were read into. */
    static ByteBuf encodePrefix(ByteBufAllocator allocator, Entry entry) {
        int headerLength = entry.header().readableBytes();
        ByteBuf prefix = encodeStatus(allocator, Status.FOUND, entry.ref()).writeLong(entry.timestampMillis()).writeShort(headerLength);
        return withLength(prefix, headerLength + entry.content().readableBytes());
    }

    /** Encodes the frame of an entry that isn't available. */
    static ByteBuf encode(ByteBufAllocator allocator, Status status, EntryRef ref) {
        return withLength(encodeStatus(allocator, status, ref), 0);
    }

    private static ByteBuf encodeStatus(ByteBufAllocator allocator, Status status, EntryRef ref) {
        ByteBuf prefix = allocator.buffer().writeInt(0).writeByte(status.ordinal());
        ref.encode(prefix);
        return prefix;
    }

    private static ByteBuf withLength(ByteBuf prefix, int following) {
        return prefix.setInt(0, prefix.readableBytes() - Integer.BYTES + following);
    }

    static Response decode(ByteBuf frame) {
        Status status = STATUSES[frame.readByte()];
        EntryRef ref = EntryRef.decode(frame);
        if (status != Status.FOUND) {
            return new Response(status, ref, 0, NONE, NONE);
        }
        long timestampMillis = frame.readLong();
        byte[] header = new byte[frame.readUnsignedShort()];
        frame.readBytes(header);
        byte[] content = new byte[frame.readableBytes()];
        frame.readBytes(content);
        return new Response(status, ref, timestampMillis, header, content);
    }
}
