package dev.streamwal.examples.typed;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * A trade as SBE (Simple Binary Encoding) has it, a view of the bytes: SBE's tool generates such classes from a schema, this one is written by hand. Little-endian:
 *
 * <pre>
 *   0  2  block length   of what follows the 8 bytes of this header
 *   2  2  template id
 *   4  2  schema id
 *   6  2  version
 *   8  8  order id
 *  16  8  price          in 1/10,000
 *  24  4  quantity
 *  28  4  venue          since version 2
 * </pre>
 *
 * <p>A field that is not within the block length has come later than the writer: it has its null value.
 */
public final class Trade {
    static final int HEADER_BYTES = 8;
    static final int BLOCK_BYTES = 24;
    static final int TEMPLATE_ID = 1;
    static final int SCHEMA_ID = 9;
    static final int VERSION = 2;
    /** SBE's null value of an {@code int32}. */
    public static final int NO_VENUE = Integer.MIN_VALUE;

    private static final int BLOCK_LENGTH = 0;
    private static final int TEMPLATE = 2;
    private static final int ORDER_ID = 8;
    private static final int PRICE = 16;
    private static final int QUANTITY = 24;
    private static final int VENUE = 28;

    private ByteBuf bytes = Unpooled.EMPTY_BUFFER;
    private int blockLength;

    /** Looks at these bytes from now on. */
    Trade wrap(ByteBuf newBytes) {
        blockLength = newBytes.getUnsignedShortLE(BLOCK_LENGTH);
        if (newBytes.getUnsignedShortLE(TEMPLATE) != TEMPLATE_ID || HEADER_BYTES + blockLength > newBytes.readableBytes()) {
            throw new IllegalArgumentException("not a trade: template=" + newBytes.getUnsignedShortLE(TEMPLATE) + ", blockLength=" + blockLength
                    + ", bytes=" + newBytes.readableBytes());
        }
        bytes = newBytes;
        return this;
    }

    /** A new trade, in a buffer of its own. */
    public static Trade of(long orderId, long price, int quantity, int venue) {
        ByteBuf made = Unpooled.buffer(HEADER_BYTES + BLOCK_BYTES);
        made.writeShortLE(BLOCK_BYTES).writeShortLE(TEMPLATE_ID).writeShortLE(SCHEMA_ID).writeShortLE(VERSION);
        made.writeLongLE(orderId).writeLongLE(price).writeIntLE(quantity).writeIntLE(venue);
        return new Trade().wrap(made);
    }

    ByteBuf bytes() {
        return bytes;
    }

    public long orderId() {
        return bytes.getLongLE(ORDER_ID);
    }

    /** In 1/10,000. */
    public long price() {
        return bytes.getLongLE(PRICE);
    }

    public int quantity() {
        return bytes.getIntLE(QUANTITY);
    }

    /** {@link #NO_VENUE} where version 1 has written it. */
    public int venue() {
        return VENUE + Integer.BYTES <= HEADER_BYTES + blockLength ? bytes.getIntLE(VENUE) : NO_VENUE;
    }
}
