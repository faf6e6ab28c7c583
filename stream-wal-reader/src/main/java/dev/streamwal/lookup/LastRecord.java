package dev.streamwal.lookup;

import dev.streamwal.segment.WalkedRecord;
import io.netty.buffer.ByteBuf;

/**
 * A data record at the end of a stream, on the heap.
 *
 * @param isSealed whether it is encrypted
 * @param body the record's own header, then its content
 */
public record LastRecord(long position, int frameBytes, long timestampMillis, int headerLength, boolean isSealed, byte[] body)
        implements WalkedRecord {

    /** A copy of the record. */
    static LastRecord of(WalkedRecord record) {
        return new LastRecord(
                record.position(), record.frameBytes(), record.timestampMillis(), record.headerLength(), record.isSealed(),
                record.copyBody());
    }

    @Override
    public int contentLength() {
        return body.length - headerLength;
    }

    @Override
    public void copyHeader(ByteBuf target) {
        target.writeBytes(body, 0, headerLength);
    }

    @Override
    public void copyContent(ByteBuf target) {
        target.writeBytes(body, headerLength, contentLength());
    }

    @Override
    public byte[] copyBody() {
        return body.clone();
    }
}
