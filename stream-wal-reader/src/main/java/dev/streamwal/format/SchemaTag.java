package dev.streamwal.format;

import io.netty.buffer.ByteBuf;

/**
 * The last bytes of a typed record's header: which schema its content follows, in which version. The bytes before them are the program's. For readers that
 * don't know the tag, it is a part of the header like any other. As a {@code long} it is read and compared without garbage.
 *
 * <pre>
 *   0  4  schema id         1 and up: the program's; -1: a sample
 *   4  2  version           1 to 65,535, unsigned
 *   6  2  magic             0x54 0xfb
 * </pre>
 *
 * <p>No text ends in a tag, because no byte of UTF-8 is 0xfb. Other bytes may, so the tag is believed only if a program asks for typed records.
 */
public final class SchemaTag {

    static final int SCHEMA_ID = 0;
    static final int VERSION = 4;
    static final int MAGIC = 6;

    public static final int BYTES = 8;
    /** The tag of a header that ends in no tag. */
    public static final long NONE = 0;
    public static final int SAMPLE_ID = -1;
    public static final int MAX_VERSION = 0xffff;
    /** The tag of a sample in its only version. */
    public static final long SAMPLE = of(SAMPLE_ID, 1);

    private static final long MAGIC_VALUE = 0xfb54;

    private SchemaTag() {}

    public static long of(int schemaId, int version) {
        check(schemaId, version);
        return (MAGIC_VALUE << (MAGIC * Byte.SIZE)) | ((long) version << (VERSION * Byte.SIZE)) | Integer.toUnsignedLong(schemaId);
    }

    /** Refuses what can't be in a tag. */
    public static void check(int schemaId, int version) {
        if (schemaId < 1 && schemaId != SAMPLE_ID) {
            throw new IllegalArgumentException("schema id of a codec is not positive: schemaId=" + schemaId + "; choose one from 1 on");
        }
        if (version < 1 || version > MAX_VERSION) {
            throw new IllegalArgumentException("schema version of a codec is out of range: version=" + version + ", schemaId=" + schemaId
                    + "; count from 1 to " + MAX_VERSION);
        }
    }

    /** The tag at the end of a header of that length, which begins at index 0; {@link #NONE} if there is none. */
    public static long in(ByteBuf header, int length) {
        if (length < BYTES) {
            return NONE;
        }
        long last = header.getLongLE(length - BYTES);
        return last >>> (MAGIC * Byte.SIZE) == MAGIC_VALUE ? last : NONE;
    }

    public static int schemaId(long tag) {
        return (int) tag;
    }

    public static int version(long tag) {
        return (int) (tag >>> (VERSION * Byte.SIZE)) & MAX_VERSION;
    }
}
