package dev.streamwal.examples.typed;

import dev.streamwal.codec.RecordCodec;
import io.netty.buffer.ByteBuf;

/**
 * Trades in SBE. It returns the same view for each record, over the cursor's own bytes: so reading copies and makes nothing, the view is valid until the
 * cursor moves on, and the codec is for one cursor. SBE's schema id and version are also the record's. A later version only adds fields behind the
 * others, which the view doesn't look at: so all versions are read.
 */
public final class SbeTradeCodec implements RecordCodec<Trade> {
    private final Trade view = new Trade();

    @Override
    public int schemaId() {
        return Trade.SCHEMA_ID;
    }

    @Override
    public int version() {
        return Trade.VERSION;
    }

    @Override
    public boolean reads(int version) {
        return true;
    }

    @Override
    public void encode(Trade value, ByteBuf target) {
        target.writeBytes(value.bytes(), 0, value.bytes().writerIndex());
    }

    @Override
    public Trade decode(ByteBuf content, int version) {
        return view.wrap(content);
    }
}
