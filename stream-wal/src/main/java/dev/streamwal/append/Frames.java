package dev.streamwal.append;

import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.PaddingLayout;
import dev.streamwal.format.RecordChecksum;
import dev.streamwal.format.RecordLayout;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Puts records into a buffer: a mapping, or memory that is written by position. Each method leaves the first commit word, which makes the
 * rest visible, for its caller to store.
 */
final class Frames {

    /** Bytes of the record that leads a batch. */
    static final int LEAD_BYTES = BatchLayout.FRAME_BYTES;

    private Frames() {}

    /** Fills the frame at {@code index} except its commit word, which it returns. Padding must be zero already. */
    static long fill(
            AppendScratch scratch, ByteBuffer target, int index, Draft draft, int flags, int previousSize, long salt, long position) {
        RecordSealer sealer = draft.sealer();
        return sealer == null ? fillStored(scratch, target, index, draft, flags | draft.flags(), previousSize, salt, position)
                : fillSealed(scratch, target, index, draft, sealer, flags, previousSize, salt, position);
    }

    /** The record is encrypted in memory of the process: no plaintext gets into a buffer, which may be a mapping. */
    private static long fillSealed(AppendScratch scratch, ByteBuffer target, int index, Draft draft, RecordSealer sealer, int flags,
            int previousSize, long salt, long position) {
        Draft sealed = scratch.sealed(draft, sealer, position);
        return fillStored(scratch, target, index, sealed, flags | sealed.flags(), previousSize, salt, position);
    }

    private static long fillStored(
            AppendScratch scratch, ByteBuffer target, int index, Draft draft, int flags, int previousSize, long salt, long position) {
        RecordChecksum checksum = scratch.checksum;
        checksum.reset();
        int headerLength = draft.headerLength();
        int contentLength = draft.contentLength();
        int headerIndex = index + RecordLayout.PREFIX_BYTES;
        copy(scratch, draft.header(), headerLength, target, headerIndex);
        copy(scratch, draft.content(), contentLength, target, headerIndex + headerLength);
        long commitWord = RecordLayout.commitWord(headerLength);
        long timestampMillis = draft.timestampMillis();
        int crc = checksum.finish(salt, position, commitWord, contentLength, flags, previousSize, timestampMillis);
        RecordLayout.encodePrefix(target, index, contentLength, flags, crc, previousSize, timestampMillis);
        return commitWord;
    }

    /**
     * Copies through memory that only this thread uses, and checksums that copy. The caller's bytes may change between two reads, so each is read
     * once; and reading a mapping may fault in code that can't catch the fault.
     */
    private static void copy(AppendScratch scratch, Source source, int length, ByteBuffer target, int index) {
        byte[] chunk = scratch.chunk(length);
        for (int done = 0; done < length; ) {
            int count = Math.min(chunk.length, length - done);
            source.copy(done, chunk, 0, count);
            scratch.checksum.update(chunk, 0, count);
            target.put(index + done, chunk, 0, count);
            done += count;
        }
    }

    /** Fills a batch record and all of its members, except the batch record's commit word, which it returns. */
    static long fillBatch(
            AppendScratch scratch, ByteBuffer target, int index, List<Draft> members, int batchBytes, int previousSize, long salt,
                    long position) {
        int previous = BatchLayout.FRAME_BYTES;
        int at = index + BatchLayout.FRAME_BYTES;
        for (Draft member : members) {
            int frame = (int) member.frameBytes();
            target.putLong(at, fill(scratch, target, at, member, RecordLayout.MEMBER, previous, salt, position + at - index));
            previous = frame;
            at += frame;
        }
        return fill(scratch, target, index, lead(members.size(), batchBytes), RecordLayout.BATCH, previousSize, salt, position);
    }

    /** The content of a batch record. */
    static Draft lead(int members, int batchBytes) {
        byte[] content = new byte[BatchLayout.CONTENT_BYTES];
        BatchLayout.encode(content, members, batchBytes - BatchLayout.FRAME_BYTES);
        return Draft.of(Source.EMPTY, Source.of(content), 0);
    }

    /** Turns a slot into padding, except the commit word, which it returns. */
    static long fillPadding(ByteBuffer target, int index, int frameBytes, int previousSize, long salt, long position) {
        ByteBuffer prefix = PaddingLayout.encodePrefix(frameBytes, previousSize, salt, position);
        for (int i = Long.BYTES; i < RecordLayout.PREFIX_BYTES; i += Long.BYTES) {
            target.putLong(index + i, prefix.getLong(i));
        }
        return prefix.getLong(RecordLayout.COMMIT_WORD);
    }

    static void zero(ByteBuffer target, int from, int to) {
        for (int i = from; i < to; i += Long.BYTES) {
            target.putLong(i, 0);
        }
    }
}
