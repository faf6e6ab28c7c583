package dev.streamwal.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * The file {@code activity}: by which a reader of many streams sees which of them to look at. The process that writes makes it anew each time
 * it opens the log, and maps it; a log may have none.
 *
 * <pre>
 *   0   8  magic         53 54 52 4d 61 63 74 31, "STRMact1"
 *   8   8  generation    random, of this file
 *  16   4  slots         a power of two, 64 to 65,536
 *  20   4  checksum      CRC32C of the 20 bytes before
 *  24  40  zero
 *  64   8  × slots       of a slot: 0 at first
 * </pre>
 *
 * <p>A stream's slot is the hash of its key modulo the number of slots. After the commit word of a record, or of the first record of a batch,
 * or of padding in a slot that was given up, is there, the writer stores the position where that slot of the segment ends, XOR the hash; and
 * where it changed something else at a stream's end, a random number.
 *
 * <p><b>Why nothing is missed.</b> A reader takes the slot's value before it reads the stream to its end, and reads again when there is another
 * value. What the reader didn't find was published later, so its value is stored later still. No value is stored twice, as no position is
 * given twice, so the slot never holds again what the reader took. Threads that store in another order than their records have, and streams
 * that share a slot, make it look needlessly, and that is all.
 *
 * <p>It promises nothing about crashes: a process that is killed between a commit word and the slot leaves the slot as it was, and a log may be
 * written without it. So readers look at all streams now and then anyway. It is no copy of anything, and is not forced.
 */
public final class ActivityLayout {

    /** In the log's directory. */
    public static final String FILE_NAME = "activity";

    /** What the writer makes: 100,000 streams mostly have a slot of their own; a read of it all takes some 100 µs. */
    public static final int DEFAULT_SLOTS = 1 << 16;

    /** Bytes before the first slot. */
    public static final int HEADER_BYTES = 64;

    private static final long MAGIC = 0x3174_6361_4d52_5453L;
    private static final int GENERATION = 8;
    private static final int SLOTS = 16;
    private static final int CHECKSUM = 20;
    private static final int MIN_SLOTS = 64;

    private ActivityLayout() {}

    /** How long the file is. */
    public static int bytes(int slots) {
        return HEADER_BYTES + slots * Long.BYTES;
    }

    /** The header, to be written. */
    public static ByteBuffer encodeHeader(long generation, int slots) {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(0, MAGIC).putLong(GENERATION, generation).putInt(SLOTS, slots);
        return header.putInt(CHECKSUM, checksum(header));
    }

    /** How many slots there are; 0 where this isn't a header. */
    public static int slots(ByteBuffer header, int available) {
        if (available < HEADER_BYTES || header.getLong(0) != MAGIC || header.getInt(CHECKSUM) != checksum(header)) {
            return 0;
        }
        int slots = header.getInt(SLOTS);
        return slots >= MIN_SLOTS && slots <= DEFAULT_SLOTS && Integer.bitCount(slots) == 1 ? slots : 0;
    }

    private static int checksum(ByteBuffer header) {
        CRC32C checksum = new CRC32C();
        checksum.update(header.slice(0, CHECKSUM));
        return (int) checksum.getValue();
    }

    /** FNV-1a over the key's UTF-8, then the finalizer of MurmurHash3, as the low bits of the first alone are poor. */
    public static long hash(String key) {
        long hash = 0xCBF2_9CE4_8422_2325L;
        for (byte each : key.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (each & 0xFF)) * 0x100_0000_01B3L;
        }
        hash = (hash ^ hash >>> 33) * 0xFF51_AFD7_ED55_8CCDL;
        hash = (hash ^ hash >>> 33) * 0xC4CE_B9FE_1A85_EC53L;
        return hash ^ hash >>> 33;
    }

    /** Which slot is a stream's, from 0. */
    public static int slot(long hash, int slots) {
        return (int) hash & slots - 1;
    }

    /** Where in the file a slot is. */
    public static int offset(int slot) {
        return HEADER_BYTES + slot * Long.BYTES;
    }

    /** What is stored behind a record that ends at the position. */
    public static long value(long hash, long end) {
        return end ^ hash;
    }
}
