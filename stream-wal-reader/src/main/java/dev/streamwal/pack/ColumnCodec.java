package dev.streamwal.pack;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntFunction;

/**
 * Encodes frames without the fields that can be computed: commit word, checksum, previous size and padding. The rest is stored by field, not by
 * record: values of one field resemble each other, and small differences take few bytes. Numbers are varints. Pure.
 *
 * <pre>
 *   frames           how many, at least one
 *   previous size    of the first frame; of the others it is the size of the one before
 *   timestamp        of the first frame, signed; of the second the difference to that, signed; of the others the difference to the
 *                    difference before, signed
 *   flags            runs: how many frames, and their flags
 *   header length    of each frame
 *   content length   of each frame
 *   header, content  of each frame
 * </pre>
 */
final class ColumnCodec {

    private ColumnCodec() {}

    /** Adds the columns of frames that are all verified. */
    static void encode(ByteBuffer frames, int from, int to, GrowingBytes out) {
        out.putVarint(count(frames, from, to));
        out.putVarint(frames.getInt(from + RecordLayout.PREVIOUS_SIZE));
        timestamps(frames, from, to, out);
        flags(frames, from, to, out);
        for (int at = from; at < to; at += frameBytes(frames, at)) {
            out.putVarint(headerLength(frames, at));
        }
        for (int at = from; at < to; at += frameBytes(frames, at)) {
            out.putVarint(contentLength(frames, at));
        }
        for (int at = from; at < to; at += frameBytes(frames, at)) {
            out.put(frames.array(), frames.arrayOffset() + at + RecordLayout.PREFIX_BYTES, headerLength(frames, at) + contentLength(frames, at));
        }
    }

    private static int count(ByteBuffer frames, int from, int to) {
        int count = 0;
        for (int at = from; at < to; at += frameBytes(frames, at)) {
            count++;
        }
        return count;
    }

    private static void timestamps(ByteBuffer frames, int from, int to, GrowingBytes out) {
        long before = 0;
        long difference = 0;
        boolean isBehindSecond = false;
        for (int at = from; at < to; at += frameBytes(frames, at)) {
            long millis = frames.getLong(at + RecordLayout.TIMESTAMP);
            long now = millis - before;
            out.putSigned(isBehindSecond ? now - difference : now);
            isBehindSecond |= at > from;
            difference = now;
            before = millis;
        }
    }

    private static void flags(ByteBuffer frames, int from, int to, GrowingBytes out) {
        int run = 0;
        int flags = frames.getInt(from + RecordLayout.FLAGS);
        for (int at = from; at < to; at += frameBytes(frames, at)) {
            int next = frames.getInt(at + RecordLayout.FLAGS);
            if (next != flags) {
                out.putVarint(run);
                out.putVarint(Integer.toUnsignedLong(flags));
                run = 0;
                flags = next;
            }
            run++;
        }
        out.putVarint(run);
        out.putVarint(Integer.toUnsignedLong(flags));
    }

    private static int headerLength(ByteBuffer frames, int at) {
        return RecordLayout.headerLength(frames.getLong(at + RecordLayout.COMMIT_WORD));
    }

    private static int contentLength(ByteBuffer frames, int at) {
        return frames.getInt(at + RecordLayout.CONTENT_LENGTH);
    }

    static int frameBytes(ByteBuffer frames, int at) {
        return (int) RecordLayout.frameBytes(headerLength(frames, at), contentLength(frames, at));
    }

    /** Memory for decoding, reused for one block after the other. One thread. */
    static final class Scratch {
        private final RecordView view = new RecordView();
        private int[] headerLengths = new int[0];
        private int[] contentLengths = new int[0];

        private void makeRoom(int count) {
            if (headerLengths.length < count) {
                headerLengths = new int[count];
                contentLengths = new int[count];
            }
        }
    }

    /**
     * Restores the frames, into an array of the caller.
     *
     * @param columns from its position to its limit
     * @param maxBytes of the frames
     * @param position in the stream, of the first frame
     * @param salt of their checksums
     * @param room gives an array that is as long or longer; the frames are at its beginning
     * @throws FormatException if {@link #encode} can't have written these columns
     */
    static byte[] decode(ByteBuffer columns, int maxBytes, long position, long salt, IntFunction<byte[]> room, Scratch scratch) throws FormatException {
        int count = Varints.length(columns, maxBytes / RecordLayout.PREFIX_BYTES);
        check(count > 0, "block has no frame", count);
        int previousSize = Varints.length(columns, Integer.MAX_VALUE);
        ByteBuffer at = columns.duplicate();
        skip(columns, count);
        ByteBuffer flags = columns.duplicate();
        skipFlags(columns, count);
        scratch.makeRoom(count);
        int[] headerLengths = lengths(columns, scratch.headerLengths, count, RecordLayout.MAX_HEADER_BYTES);
        int[] contentLengths = lengths(columns, scratch.contentLengths, count, maxBytes);
        int size = size(headerLengths, contentLengths, count, maxBytes);
        byte[] frames = room.apply(size);
        ByteBuffer target = ByteBuffer.wrap(frames).order(ByteOrder.LITTLE_ENDIAN);
        RecordView view = scratch.view;
        long millis = 0;
        long difference = 0;
        long run = 0;
        int runFlags = 0;
        int index = 0;
        for (int i = 0; i < count; i++) {
            long next = Varints.signed(at);
            difference = i < 2 ? next : difference + next;
            millis += difference;
            if (run == 0) {
                run = Varints.length(flags, count);
                runFlags = (int) Varints.unsigned(flags);
            }
            run--;
            int bytes = headerLengths[i] + contentLengths[i];
            check(bytes <= columns.remaining(), "block is too short for its frames", bytes);
            // the padding, which is in the last 8 bytes
            target.putLong(index + (int) RecordLayout.frameBytes(headerLengths[i], contentLengths[i]) - Long.BYTES, 0);
            RecordLayout.encodePrefix(target, index, contentLengths[i], runFlags, 0, previousSize, millis);
            target.putLong(index + RecordLayout.COMMIT_WORD, RecordLayout.commitWord(headerLengths[i]));
            columns.get(frames, index + RecordLayout.PREFIX_BYTES, bytes);
            RecordView.Verdict verdict = view.peek(target, index, size - index, position + index);
            check(verdict == RecordView.Verdict.VALID, "block has an invalid frame", i);
            target.putInt(index + RecordLayout.CHECKSUM, view.checksum(salt));
            previousSize = view.frameBytes();
            index += view.frameBytes();
        }
        check(!columns.hasRemaining(), "block has bytes after its frames", columns.remaining());
        return frames;
    }

    private static void skip(ByteBuffer columns, int count) throws FormatException {
        for (int i = 0; i < count; i++) {
            long unused = Varints.unsigned(columns);
        }
    }

    private static void skipFlags(ByteBuffer columns, int count) throws FormatException {
        for (int left = count; left > 0; ) {
            int run = Varints.length(columns, left);
            check(run > 0, "run of flags is empty", run);
            long flags = Varints.unsigned(columns);
            check(flags >>> Integer.SIZE == 0, "flags have more than 32 bits", flags);
            left -= run;
        }
    }

    private static int[] lengths(ByteBuffer columns, int[] lengths, int count, int max) throws FormatException {
        for (int i = 0; i < count; i++) {
            lengths[i] = Varints.length(columns, max);
        }
        return lengths;
    }

    private static int size(int[] headerLengths, int[] contentLengths, int count, int maxBytes) throws FormatException {
        long size = 0;
        for (int i = 0; i < count; i++) {
            size += RecordLayout.frameBytes(headerLengths[i], contentLengths[i]);
        }
        check(size <= maxBytes, "frames of a block exceed its limit", size);
        return (int) size;
    }
}
