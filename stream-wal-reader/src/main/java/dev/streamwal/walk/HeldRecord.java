package dev.streamwal.walk;

import dev.streamwal.segment.WalkedRecord;
import io.netty.buffer.ByteBuf;

/**
 * A data record on the heap.
 *
 * @param isSealed whether it is encrypted
 * @param body the record's own header, then its content
 */
public record HeldRecord(long position, int frameBytes, long timestampMillis, int headerLength, boolean isSealed, byte[] body)
        implements WalkedRecord {

    /** A copy of the record. */
    public static HeldRecord of(WalkedRecord record) {
        return new HeldRecord(
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
