package dev.streamwal.journal;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A block of the commit journal, which one flush makes durable. 8-byte aligned, little-endian; the blocks of a file follow each other from
 * its first byte on.
 *
 * <pre>
 *   0  8  magic             "STRMJRN1"
 *   8  8  journal id        random, made with the journal; the frontier names it
 *  16  8  sequence          from 1 on, one more with every block, over all files and for ever
 *  24  4  length            of the block, this prefix included: a multiple of 8
 *  28  4  checksum          CRC32C over [0, 28) and [32, length)
 *  32     entries, see {@link JournalEntryLayout}
 * </pre>
 *
 * <p>A block is written by position and forced before the next one is written. So at most the last one of a journal is torn.
 */
public final class JournalBlockLayout {

    static final int MAGIC = 0;
    public static final int JOURNAL_ID = 8;
    static final int SEQUENCE = 16;
    public static final int LENGTH = 24;
    public static final int CHECKSUM = 28;
    /** Bytes before the first entry. */
    public static final int PREFIX_BYTES = 32;

    /** Limit of a block. Its writer and its reader hold the whole block in memory. */
    public static final int MAX_BYTES = 64 << 20;
    /** The first block. */
    public static final long FIRST_SEQUENCE = 1;

    /** "STRMJRN1". */
    public static final long MAGIC_VALUE = 0x314E_524A_4D52_5453L;

    private JournalBlockLayout() {}

    /**
     * A block's prefix, with a possible length. Only the checksum tells whether the block is whole.
     *
     * @param length of the block, bytes
     */
    public record Prefix(long journalId, long sequence, int length) {}

    /** Writes the prefix in front of the entries, which end at {@code length}; the buffer is little-endian. */
    static void encode(ByteBuffer block, long journalId, long sequence, int length) {
        block.putLong(MAGIC, MAGIC_VALUE);
        block.putLong(JOURNAL_ID, journalId);
        block.putLong(SEQUENCE, sequence);
        block.putInt(LENGTH, length);
        block.putInt(CHECKSUM, checksum(block, 0, length));
    }

    /**
     * Looks for a block's prefix.
     *
     * @param source little-endian, with at least {@link #PREFIX_BYTES} from {@code index} on
     * @param available bytes of the file from the block's start on
     * @return null if no block of this length can be
     */
    static @Nullable Prefix decode(ByteBuffer source, int index, long available) {
        if (source.getLong(index + MAGIC) != MAGIC_VALUE) {
            return null;
        }
        int length = source.getInt(index + LENGTH);
        long sequence = source.getLong(index + SEQUENCE);
        boolean possible = length > PREFIX_BYTES && length % RecordLayout.ALIGNMENT == 0 && length <= available && length <= MAX_BYTES
                && sequence >= FIRST_SEQUENCE;
        return possible ? new Prefix(source.getLong(index + JOURNAL_ID), sequence, length) : null;
    }

    /** Whether the block, all of whose {@code length} bytes stand in the buffer from {@code index} on, is whole. */
    static boolean isWhole(ByteBuffer source, int index, int length) {
        return source.getInt(index + CHECKSUM) == checksum(source, index, length);
    }

    private static int checksum(ByteBuffer source, int index, int length) {
        CRC32C crc = new CRC32C();
        crc.update(source.slice(index, CHECKSUM));
        crc.update(source.slice(index + PREFIX_BYTES, length - PREFIX_BYTES));
        return (int) crc.getValue();
    }

    /**
     * Goes through the entries of a whole block.
     *
     * @param block little-endian, from index 0 on, limit its length
     * @throws FormatException if an entry is invalid: entries before it may have been handed out
     */
    static void forEachEntry(ByteBuffer block, JournalEntries entries) throws FormatException, IOException {
        int offset = PREFIX_BYTES;
        while (offset < block.limit()) {
            offset += JournalEntryLayout.decode(block, offset, entries);
        }
    }
}
