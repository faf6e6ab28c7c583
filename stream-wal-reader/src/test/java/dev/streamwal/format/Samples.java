package dev.streamwal.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** Headers, keys and frames for tests, made by the layouts alone. */
final class Samples {

    private Samples() {}

    static StreamKey key(Random random) {
        int bytes = random.nextInt(10) == 0 ? 1 + random.nextInt(StreamKey.MAX_BYTES) : 1 + random.nextInt(40);
        return StreamKey.of(text(random, bytes));
    }

    /** Valid Unicode of exactly so many bytes in UTF-8. */
    static String text(Random random, int bytes) {
        StringBuilder out = new StringBuilder();
        for (int left = bytes; left > 0; ) {
            int codePoint = switch (random.nextInt(8)) {
                case 0 -> random.nextInt(0x80);
                case 1 -> random.nextInt(0x800);
                case 2 -> random.nextInt(Character.MAX_CODE_POINT + 1);
                default -> 'a' + random.nextInt(26);
            };
            int length = Character.charCount(codePoint) == 1 && Character.isSurrogate((char) codePoint)
                    ? Integer.MAX_VALUE
                    : Character.toString(codePoint).getBytes(StandardCharsets.UTF_8).length;
            if (length <= left) {
                out.appendCodePoint(codePoint);
                left -= length;
            }
        }
        return out.toString();
    }

    static SegmentHeader header(Random random) {
        return header(random, key(random));
    }

    static SegmentHeader header(Random random, StreamKey key) {
        long windowStart = random.nextLong() >> 2;
        long basePosition = random.nextLong() >>> 2;
        return new SegmentHeader(key, new Window(windowStart, windowStart + 1 + random.nextInt(Integer.MAX_VALUE)),
                random.nextLong() >>> 1, basePosition, basePosition - (random.nextBoolean() ? 0
                : random.nextInt(1 << 20) & basePosition),
                random.nextLong() >>> 1, random.nextLong(), random.nextLong(),
                SegmentHeaderLayout.headerLength(key.utf8Length()) + random.nextInt(1 << 30), random.nextInt(),
                random.nextInt() & 0xFFFF_0000);
    }

    static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** A whole frame, as a writer makes it. */
    static byte[] frame(byte[] header, byte[] content, int flags, int previousSize, long timestampMillis, long salt,
            long position) {
        long commitWord = RecordLayout.commitWord(header.length);
        RecordChecksum checksum = new RecordChecksum();
        checksum.reset();
        checksum.update(header, 0, header.length);
        checksum.update(ByteBuffer.wrap(content));
        int crc = checksum.finish(salt, position, commitWord, content.length, flags, previousSize, timestampMillis);
        ByteBuffer out = ByteBuffer.allocate((int) RecordLayout.frameBytes(header.length,
                content.length)).order(ByteOrder.LITTLE_ENDIAN);
        RecordLayout.encodePrefix(out, 0, content.length, flags, crc, previousSize, timestampMillis);
        out.put(RecordLayout.PREFIX_BYTES, header);
        out.put(RecordLayout.PREFIX_BYTES + header.length, content);
        out.putLong(RecordLayout.COMMIT_WORD, commitWord);
        return out.array();
    }

    static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * The bytes at an index of a buffer of some kind: on the heap, direct, read-only, or a slice; garbage stands around
     * them.
     */
    static ByteBuffer placed(Random random, byte[] bytes, int index) {
        int kind = random.nextInt(4);
        int behind = random.nextInt(20);
        int before = kind == 3 ? random.nextInt(20) : 0;
        byte[] all = bytes(random, before + index + bytes.length + behind);
        System.arraycopy(bytes, 0, all, before + index, bytes.length);
        ByteBuffer buffer = switch (kind) {
            case 0 -> ByteBuffer.wrap(all);
            case 1 -> ByteBuffer.allocateDirect(all.length).put(0, all);
            case 2 -> ByteBuffer.wrap(all).asReadOnlyBuffer();
            default -> ByteBuffer.wrap(all, before, index + bytes.length).slice();
        };
        return buffer.order(ByteOrder.LITTLE_ENDIAN);
    }
}
