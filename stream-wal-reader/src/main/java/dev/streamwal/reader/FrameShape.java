package dev.streamwal.reader;

import dev.streamwal.format.NanoWalLayout;
import dev.streamwal.format.RecordLayout;
import io.netty.buffer.ByteBuf;

/** Where a record's parts are in a frame that was read and verified. Header and content follow the prefix. */
enum FrameShape {
    /** See {@link RecordLayout}. */
    SEGMENT(RecordLayout.PREFIX_BYTES) {
        @Override
        int headerLength(ByteBuf buffer, int frame) {
            return RecordLayout.headerLength(buffer.getLongLE(frame + RecordLayout.COMMIT_WORD));
        }

        @Override
        int contentLength(ByteBuf buffer, int frame) {
            return buffer.getIntLE(frame + RecordLayout.CONTENT_LENGTH);
        }

        @Override
        long timestampMillis(ByteBuf buffer, int frame) {
            return buffer.getLongLE(frame + RecordLayout.TIMESTAMP);
        }

        @Override
        boolean isSealed(ByteBuf buffer, int frame) {
            return RecordLayout.isSealed(buffer.getIntLE(frame + RecordLayout.FLAGS));
        }
    },
    /** See {@link NanoWalLayout}. */
    NANO_WAL(NanoWalLayout.PREFIX_BYTES) {
        @Override
        int headerLength(ByteBuf buffer, int frame) {
            return buffer.getUnsignedShortLE(frame + NanoWalLayout.HEADER_LENGTH);
        }

        @Override
        int contentLength(ByteBuf buffer, int frame) {
            return (int) buffer.getLongLE(frame + NanoWalLayout.CONTENT_LENGTH);
        }

        @Override
        long timestampMillis(ByteBuf buffer, int frame) {
            return 0;
        }

        @Override
        boolean isSealed(ByteBuf buffer, int frame) {
            return false;
        }
    };

    private final int prefixBytes;

    FrameShape(int prefixBytes) {
        this.prefixBytes = prefixBytes;
    }

    int prefixBytes() {
        return prefixBytes;
    }

    abstract int headerLength(ByteBuf buffer, int frame);

    abstract int contentLength(ByteBuf buffer, int frame);

    abstract long timestampMillis(ByteBuf buffer, int frame);

    abstract boolean isSealed(ByteBuf buffer, int frame);
}
