package dev.streamwal.pack;

import static dev.streamwal.format.FormatException.check;
import static dev.streamwal.format.FormatException.corrupt;

import dev.streamwal.format.FormatException;
import java.io.Closeable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.zip.CRC32C;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * The frames of a packed segment, stored compressed: as {@link ColumnCodec columns}, in blocks of at most {@value #BLOCK_BYTES} bytes of frames,
 * or of one larger frame. Blocks end between two frames. Several blocks have a list of them in front.
 *
 * <pre>
 *   block    0  4  checksum       CRC32C over salt and position of the first frame, and over the rest of the block
 *            4  1  codec          0: frames as they are; 1: columns; 2: columns, deflated (RFC 1951)
 *            5     bytes          of codec 2: how long the columns are, as a varint, and what they became
 *   list     0  4  checksum       CRC32C over salt and position of the segment, and over the rest of the list
 *            4     blocks         how many, then of each how long its frames are and how long it is; varints
 * </pre>
 *
 * <p><b>Why a read never returns another segment's frames.</b> The checksums cover the salt and the position from the pack's table, which has
 * checksums of its own. A block that doesn't verify reads as bytes that are no frame, which a scan reports as damage; the blocks beside it can be
 * read.
 *
 * <p>Codec 2 is the JDK's deflate. Its output depends on the build of zlib, so nothing compares deflated bytes. Before a segment is written its
 * blocks are decoded and compared with its frames.
 */
final class FrameBlocks {

    static final int BLOCK_BYTES = 16 << 10;

    private static final int CHECKSUM_BYTES = Integer.BYTES;
    private static final int PREFIX_BYTES = CHECKSUM_BYTES + 1;
    /** A frame has at least 32 bytes; its columns take less than another 32, beside its header and content. */
    private static final int MAX_COLUMN_BYTES = 2 * PackWriter.MAX_SEGMENT_BYTES;

    private static final byte AS_THEY_ARE = 0;
    private static final byte COLUMNS = 1;
    private static final byte DEFLATED_COLUMNS = 2;

    private FrameBlocks() {}

    /**
     * Blocks, and the list before them.
     *
     * @param listBytes of the list; 0 if there is none
     */
    record Stored(ByteBuffer bytes, int listBytes) {}

    /** Makes blocks. One thread; close it. */
    static final class Encoder implements Closeable {
        private static final int LEVEL = 1;
        /** Deflating fewer bytes saves little, and starting it costs microseconds. */
        private static final int MIN_DEFLATED_BYTES = 128;

        private final Deflater deflater = new Deflater(LEVEL, true);
        private final Inflater inflater = new Inflater(true);
        private final GrowingBytes columns = new GrowingBytes(MAX_COLUMN_BYTES);
        private final GrowingBytes blocks = new GrowingBytes(2 * MAX_COLUMN_BYTES);
        private final GrowingBytes list = new GrowingBytes(PackWriter.MAX_SEGMENT_BYTES);
        private final GrowingBytes all = new GrowingBytes(2 * MAX_COLUMN_BYTES + PackWriter.MAX_SEGMENT_BYTES);
        private byte[] deflated = new byte[2 * BLOCK_BYTES];
        /** Reused for the columns and the frames of blocks that are decoded again. */
        private byte[] inflatedAgain = new byte[2 * BLOCK_BYTES];
        private byte[] decodedAgain = new byte[2 * BLOCK_BYTES];
        private int decodedBytes;
        private final ColumnCodec.Scratch scratch = new ColumnCodec.Scratch();

        /**
         * Stores verified frames, from the buffer's position to its limit.
         *
         * @return empty if the frames take less stored plain; the caller writes the bytes before the next call, which uses the same memory
         */
        Optional<Stored> encode(ByteBuffer frames, long position, long salt) {
            blocks.clear();
            list.clear();
            int count = 0;
            for (int at = frames.position(); at < frames.limit(); count++) {
                int end = at;
                do {
                    end += ColumnCodec.frameBytes(frames, end);
                } while (end < frames.limit() && end + ColumnCodec.frameBytes(frames, end) - at <= BLOCK_BYTES);
                int begin = blocks.length();
                encode(frames, at, end, position + at - frames.position(), salt);
                list.putVarint(end - at);
                list.putVarint(blocks.length() - begin);
                at = end;
            }
            Stored stored = count > 1 ? behindList(count, position, salt) : new Stored(ByteBuffer.wrap(blocks.bytes(), 0, blocks.length()), 0);
            if (stored.bytes().remaining() >= frames.remaining()) {
                return Optional.empty();
            }
            return isSame(stored, frames, position, salt) ? Optional.of(stored) : Optional.empty();
        }

        private void encode(ByteBuffer frames, int from, int to, long position, long salt) {
            columns.clear();
            ColumnCodec.encode(frames, from, to, columns);
            int begin = blocks.length();
            blocks.zero(PREFIX_BYTES);
            int length = columns.length() < MIN_DEFLATED_BYTES ? columns.length() : deflate();
            byte codec;
            if (length + Integer.BYTES < columns.length()) {
                codec = DEFLATED_COLUMNS;
                blocks.putVarint(columns.length());
                blocks.put(deflated, 0, length);
            } else if (columns.length() < to - from) {
                codec = COLUMNS;
                blocks.put(columns.bytes(), 0, columns.length());
            } else {
                codec = AS_THEY_ARE;
                blocks.put(frames.array(), frames.arrayOffset() + from, to - from);
            }
            ByteBuffer block = ByteBuffer.wrap(blocks.bytes(), begin, blocks.length() - begin).slice().order(ByteOrder.LITTLE_ENDIAN);
            block.put(CHECKSUM_BYTES, codec);
            block.putInt(0, checksum(block.position(CHECKSUM_BYTES), position, salt));
        }

        /** Deflates the columns; returns the deflated length, or the length of the columns if that isn't less. */
        private int deflate() {
            if (deflated.length < columns.length()) {
                deflated = new byte[columns.length()];
            }
            deflater.reset();
            deflater.setInput(columns.bytes(), 0, columns.length());
            deflater.finish();
            int length = deflater.deflate(deflated, 0, columns.length());
            return deflater.finished() ? length : columns.length();
        }

        /** The blocks behind their list. */
        private Stored behindList(int count, long position, long salt) {
            all.clear();
            all.zero(CHECKSUM_BYTES);
            all.putVarint(count);
            all.put(list.bytes(), 0, list.length());
            int listBytes = all.length();
            ByteBuffer head = ByteBuffer.wrap(all.bytes(), 0, listBytes).order(ByteOrder.LITTLE_ENDIAN);
            head.putInt(0, checksum(head.position(CHECKSUM_BYTES), position, salt));
            all.put(blocks.bytes(), 0, blocks.length());
            return new Stored(ByteBuffer.wrap(all.bytes(), 0, all.length()), listBytes);
        }

        /** Whether the blocks decode to the frames. */
        private boolean isSame(Stored stored, ByteBuffer frames, long position, long salt) {
            try {
                BlockList blocks = BlockList.of(stored, frames.remaining(), position, salt);
                for (int i = 0; i < blocks.count(); i++) {
                    byte[] again = decode(stored.bytes().slice(blocks.storedOffset(i), blocks.storedBytes(i)), position + blocks.offset(i), salt,
                            this::inflate, this::decodedAgain, scratch);
                    int from = frames.arrayOffset() + frames.position() + blocks.offset(i);
                    if (!Arrays.equals(again, 0, decodedBytes, frames.array(), from, from + blocks.bytes(i))) {
                        return false;
                    }
                }
                return true;
            } catch (FormatException e) {
                return false;
            }
        }

        private ByteBuffer inflate(ByteBuffer block) throws FormatException {
            return FrameBlocks.inflate(block, inflater, this::inflatedAgain);
        }

        private byte[] inflatedAgain(int bytes) {
            inflatedAgain = inflatedAgain.length < bytes ? new byte[bytes] : inflatedAgain;
            return inflatedAgain;
        }

        private byte[] decodedAgain(int bytes) {
            decodedBytes = bytes;
            decodedAgain = decodedAgain.length < bytes ? new byte[bytes] : decodedAgain;
            return decodedAgain;
        }

        @Override
        public void close() {
            deflater.end();
            inflater.end();
        }
    }

    private static int checksum(ByteBuffer bytes, long position, long salt) {
        CRC32C crc = new CRC32C();
        update(crc, salt);
        update(crc, position);
        int begin = bytes.position();
        crc.update(bytes);
        bytes.position(begin);
        return (int) crc.getValue();
    }

    /** Little-endian. */
    private static void update(CRC32C crc, long value) {
        for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
            crc.update((int) (value >>> shift));
        }
    }

    private static void checkChecksum(ByteBuffer bytes, String what, long position, long salt) throws FormatException {
        // no message is made unless it is thrown: this method is called for each block
        if (bytes.remaining() <= CHECKSUM_BYTES) {
            throw corrupt(what + " is too short for a checksum", bytes.remaining());
        }
        int checksum = bytes.order(ByteOrder.LITTLE_ENDIAN).getInt();
        if (checksum != checksum(bytes, position, salt)) {
            throw corrupt("checksum mismatch of " + what, checksum);
        }
    }

    /**
     * The frames of a block.
     *
     * @param block all of it
     * @param position in the stream, of its first frame
     * @throws FormatException if it doesn't verify
     */
    static byte[] decode(ByteBuffer block, long position, long salt) throws FormatException {
        return decode(block, position, salt, FrameBlocks::inflate, byte[]::new, new ColumnCodec.Scratch());
    }

    private interface Inflating {
        ByteBuffer inflate(ByteBuffer block) throws FormatException;
    }

    /** @param room gives the array for the frames, which may be longer than these */
    private static byte[] decode(ByteBuffer block, long position, long salt, Inflating inflating, IntFunction<byte[]> room,
            ColumnCodec.Scratch scratch) throws FormatException {
        checkChecksum(block, "a block", position, salt);
        byte codec = block.get();
        return switch (codec) {
            case AS_THEY_ARE -> {
                int bytes = block.remaining();
                byte[] frames = room.apply(bytes);
                block.get(frames, 0, bytes);
                yield frames;
            }
            case COLUMNS -> ColumnCodec.decode(block, PackWriter.MAX_SEGMENT_BYTES, position, salt, room, scratch);
            case DEFLATED_COLUMNS -> ColumnCodec.decode(inflating.inflate(block), PackWriter.MAX_SEGMENT_BYTES, position, salt, room, scratch);
            default -> throw FormatException.unsupported("block has an unknown codec: codec=" + codec, "read it with the version that wrote it");
        };
    }

    private static ByteBuffer inflate(ByteBuffer block) throws FormatException {
        Inflater inflater = new Inflater(true);
        try {
            return inflate(block, inflater, byte[]::new);
        } finally {
            inflater.end();
        }
    }

    private static ByteBuffer inflate(ByteBuffer block, Inflater inflater, IntFunction<byte[]> room) throws FormatException {
        int length = Varints.length(block, MAX_COLUMN_BYTES);
        byte[] columns = room.apply(length);
        try {
            inflater.reset();
            inflater.setInput(block);
            int read = 0;
            while (read < length && !inflater.finished()) {
                int count = inflater.inflate(columns, read, length - read);
                check(count > 0, "deflated columns are incomplete", read);
                read += count;
            }
            if (read != length) {
                throw corrupt("columns are shorter than the block says, " + length, read);
            }
        } catch (DataFormatException e) {
            throw FormatException.corrupt("inflating the columns of a block failed: " + e.getMessage());
        }
        return ByteBuffer.wrap(columns, 0, length);
    }

    /**
     * Offsets of a segment's blocks.
     *
     * @param bytes for each block, and for the end of the last one, its offset in the frames and its offset in the stored bytes; a cache keeps this array
     */
    record BlockList(byte[] bytes) {

        private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
        private static final int BLOCK_OFFSETS_BYTES = 2 * Integer.BYTES;

        private BlockList(int count) {
            this(new byte[BLOCK_OFFSETS_BYTES * (count + 1)]);
        }

        private void set(int block, int offset, int storedOffset) {
            INTS.set(bytes, BLOCK_OFFSETS_BYTES * block, offset);
            INTS.set(bytes, BLOCK_OFFSETS_BYTES * block + Integer.BYTES, storedOffset);
        }

        /** The offsets of a single block, which needs no stored list. */
        static BlockList ofOne(int bytes, int storedBytes) {
            BlockList list = new BlockList(1);
            list.set(1, bytes, storedBytes);
            return list;
        }

        private static BlockList of(Stored stored, int bytes, long position, long salt) throws FormatException {
            int length = stored.bytes().remaining();
            return stored.listBytes() == 0 ? ofOne(bytes, length) : decode(stored.bytes().slice(0, stored.listBytes()), length, position, salt);
        }

        /**
         * @param list all of it
         * @param storedBytes of list and blocks
         */
        static BlockList decode(ByteBuffer list, int storedBytes, long position, long salt) throws FormatException {
            int listBytes = list.remaining();
            checkChecksum(list, "a list of blocks", position, salt);
            int count = Varints.length(list, list.remaining());
            BlockList blocks = new BlockList(count);
            int offset = 0;
            int storedOffset = listBytes;
            blocks.set(0, offset, storedOffset);
            for (int i = 1; i <= count; i++) {
                offset += Varints.length(list, PackWriter.MAX_SEGMENT_BYTES - offset);
                storedOffset += Varints.length(list, storedBytes - storedOffset);
                blocks.set(i, offset, storedOffset);
            }
            if (storedOffset != storedBytes) {
                throw corrupt("blocks of a segment are not as long as the table says, " + storedBytes, storedOffset);
            }
            return blocks;
        }

        int count() {
            return bytes.length / BLOCK_OFFSETS_BYTES - 1;
        }

        /** Offset of a block's frames behind the segment's first frame. */
        int offset(int block) {
            return (int) INTS.get(bytes, BLOCK_OFFSETS_BYTES * block);
        }

        int bytes(int block) {
            return offset(block + 1) - offset(block);
        }

        int storedOffset(int block) {
            return (int) INTS.get(bytes, BLOCK_OFFSETS_BYTES * block + Integer.BYTES);
        }

        int storedBytes(int block) {
            return storedOffset(block + 1) - storedOffset(block);
        }

        /** The block that holds an offset of the frames; the number of blocks if the offset is behind all. */
        int holding(int offset) {
            int from = 0;
            int to = count();
            while (from < to) {
                int middle = (from + to + 1) >>> 1;
                if (offset(middle) <= offset) {
                    from = middle;
                } else {
                    to = middle - 1;
                }
            }
            return from;
        }
    }
}
