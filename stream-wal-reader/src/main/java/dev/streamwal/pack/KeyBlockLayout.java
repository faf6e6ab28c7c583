package dev.streamwal.pack;

/**
 * Keys in ascending order of their unsigned bytes, each with what is said of it: a table block, or the block index. 8-byte aligned,
 * little-endian.
 *
 * <pre>
 *   0  4  checksum          CRC32C over [4, block bytes)
 *   4  4  block bytes       of the whole block: a multiple of 8
 *   8  4  entries           how many, at least 1
 *  12  4  restart interval  16
 *  16     entries, fewer than 8 zeros, restarts
 * </pre>
 *
 * <p>An entry is a varint with how many bytes its key has in common with the one before, a varint with how many follow, these bytes, and what
 * is said of the key: see {@link PackTable} and {@link BlockIndex}. Every 16th, the first among them, is a restart: it has nothing in common
 * with the one before. The restarts' offsets in the block, a u32 each, are the block's last bytes. A varint has seven bits a byte, the lowest
 * first; the high bit says that another byte follows. A signed one has 0, −1, 1, −2, … as 0, 1, 2, 3, ….
 */
final class KeyBlockLayout {

    static final int CHECKSUM = 0;
    static final int BLOCK_BYTES = 4;
    static final int ENTRIES = 8;
    static final int RESTART_INTERVAL = 12;
    /** Bytes before the first entry. */
    static final int PREFIX_BYTES = 16;

    /** The only interval that there is. */
    static final int INTERVAL = 16;

    private KeyBlockLayout() {}

    static int restarts(int entries) {
        return (entries + INTERVAL - 1) / INTERVAL;
    }
}
