package dev.streamwal.pack;

/**
 * Keys in ascending order of their unsigned bytes, each followed by facts about it: a table block, a block of the catalogue of keys,
 * or the block index of either. 8-byte aligned, little-endian.
 *
 * <pre>
 *   0  4  checksum          CRC32C over [4, block bytes)
 *   4  4  block bytes       of the whole block: a multiple of 8
 *   8  4  entries           how many, at least 1
 *  12     entries, fewer than 8 zeros
 * </pre>
 *
 * <p>An entry is a varint with the number of bytes that its key shares with the key before, a varint with the number of bytes that follow, these
 * bytes, and the facts about the key: see {@link PackTable}, {@link KeyCatalogLayout} and {@link BlockIndex}. A block is small and is read from its
 * beginning. A varint has seven bits a byte, the lowest first; the high bit says that another byte follows. A signed one has 0, −1, 1, −2, … as 0, 1,
 * 2, 3, ….
 */
final class KeyBlockLayout {

    static final int CHECKSUM = 0;
    static final int BLOCK_BYTES = 4;
    static final int ENTRIES = 8;
    /** Bytes before the first entry. */
    static final int PREFIX_BYTES = 12;

    private KeyBlockLayout() {}
}
