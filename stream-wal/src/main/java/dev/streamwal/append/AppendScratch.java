package dev.streamwal.append;

import dev.streamwal.format.RecordChecksum;
import dev.streamwal.format.SealLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.shared.SlotLayout;
import java.util.concurrent.locks.LockSupport;
import net.openhft.chronicle.bytes.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * What a thread reuses between appends, so that appending creates no garbage. A program's buffer, its clock, or a logger to which Netty reports may
 * append during an append. So each append takes the thread's scratch and gives it back; an inner append gets a new one.
 */
public final class AppendScratch {

    /** A record is copied and checksummed in steps of this size, which fit the processor's first cache. */
    private static final int CHUNK_BYTES = 8 << 10;
    /** The first allocation, small since there may be a virtual thread per record. */
    private static final int FIRST_CHUNK_BYTES = 256;

    private static final byte[] NO_CHUNK = {};

    /** Shared by all logs: it holds nothing between two appends. */
    private static final ThreadLocal<AppendScratch> OF_THREAD = ThreadLocal.withInitial(AppendScratch::new);

    final RecordChecksum checksum = new RecordChecksum();
    final Draft draft = new Draft();
    private final Source.OfArray header = new Source.OfArray();
    private final Source.OfArray content = new Source.OfArray();
    private @Nullable BytesPair bytes;
    private byte[] chunk = NO_CHUNK;

    private boolean isTaken;

    /** A scratch that belongs to no thread. Appends use {@link #take}. */
    AppendScratch() {}

    /** To be {@link #giveBack() given back} after the append. */
    public static AppendScratch take() {
        AppendScratch own = OF_THREAD.get();
        AppendScratch taken = own.isTaken ? new AppendScratch() : own;
        taken.isTaken = true;
        return taken;
    }

    /** Memory for {@code bytes} bytes, or for as many as are copied at a time if that is less; its content is undefined. */
    byte[] chunk(int bytes) {
        int wanted = Math.min(bytes, CHUNK_BYTES);
        if (chunk.length < wanted) {
            chunk = new byte[wanted <= FIRST_CHUNK_BYTES ? FIRST_CHUNK_BYTES : CHUNK_BYTES];
        }
        return chunk;
    }

    /** The draft of one record; valid until the next one. */
    public Draft draft(byte[] newHeader, byte[] newContent, long timestampMillis) {
        return draft.set(header.set(newHeader), content.set(newContent), timestampMillis);
    }

    /** One in so many short appends is measured: two looks at the clock would take longer than such an append does. A power of two. */
    private static final int SAMPLE = 1_024;

    private int appends;

    /** Whether the append that begins now is measured. */
    public boolean isSampled() {
        return (++appends & (SAMPLE - 1)) == 0;
    }

    /** Shorter waits take much longer than asked for. */
    private static final long MIN_WAIT_NANOS = 200_000;

    private long owedNanos;

    /**
     * Adds to the time that the thread still has to wait, up to the longest delay of one append: an interrupted thread doesn't wait, and would
     * otherwise owe more with each append.
     *
     * @return whether it is time to wait
     */
    boolean owes(long nanos) {
        owedNanos = Math.min(SharedLog.MAX_DELAY_NANOS, owedNanos + nanos);
        return owedNanos >= MIN_WAIT_NANOS;
    }

    /** Waits for what is owed. */
    void waitOff() {
        long begun = System.nanoTime();
        LockSupport.parkNanos(owedNanos);
        // a wait that took too long is credited to the next one, except for a long pause of the thread
        owedNanos = Math.max(-MIN_WAIT_NANOS, owedNanos - (System.nanoTime() - begun));
    }

    private boolean hasPlace;

    /** The record that is appended now has no place in a segment yet. */
    void beginsWithoutPlace() {
        hasPlace = false;
    }

    /** The record has a place: from now on a part of it may be in the file, even if the append fails. */
    void takesPlace() {
        hasPlace = true;
    }

    boolean hasPlace() {
        return hasPlace;
    }

    private byte[] slotBytes = NO_CHUNK;
    private final Source.OfArray slotHeader = new Source.OfArray();
    private final Source.Pair slotContent = new Source.Pair();
    private final Draft slot = new Draft();

    /** The shared stream's record that contains a stream's record; valid until the next one. See {@link SlotLayout}. */
    Draft slot(byte[] times, StreamKey key, Draft record, long position, long gap, boolean isFirst, long windowsBehind) {
        int most = SlotLayout.mostBytes(times, key);
        if (slotBytes.length < most) {
            slotBytes = new byte[most];
        }
        int length = SlotLayout.put(slotBytes, times, key, record.headerLength(), position, gap, isFirst, windowsBehind);
        return slot.set(slotHeader.set(slotBytes, 0, length), slotContent.set(record.header(), record.content()), record.timestampMillis())
                .sealed(record.isSealed());
    }

    /** Drops all references to the record of which the {@link #slot} was made. */
    void forgetSlot() {
        slotContent.forget();
    }

    /** Like {@link #slot}, not reused. */
    static Draft newSlot(byte[] times, StreamKey key, Draft record, long position, long gap, boolean isFirst, long windowsBehind) {
        byte[] bytes = new byte[SlotLayout.mostBytes(times, key)];
        int length = SlotLayout.put(bytes, times, key, record.headerLength(), position, gap, isFirst, windowsBehind);
        return Draft.of(new Source.OfArray().set(bytes, 0, length), new Source.Pair().set(record.header(), record.content()),
                record.timestampMillis()).sealed(record.isSealed());
    }

    private byte[] sealedBytes = NO_CHUNK;
    private final Draft sealed = new Draft();
    private final Source.OfArray sealedHeader = new Source.OfArray();
    private final Source.OfArray sealedContent = new Source.OfArray();

    /** The same record, encrypted for its position; valid until the next one. Like {@link #inArrays}, it may run the program's code. */
    Draft sealed(Draft record, RecordSealer sealer, long position) {
        int bytes = record.headerLength() + record.contentLength() + SealLayout.BYTES;
        if (bytes > CHUNK_BYTES) {
            return newSealed(record, sealer, position);
        }
        if (sealedBytes.length < bytes) {
            sealedBytes = new byte[bytes <= FIRST_CHUNK_BYTES ? FIRST_CHUNK_BYTES : CHUNK_BYTES];
        }
        return sealed(record, sealer, position, sealedBytes, sealed, sealedHeader, sealedContent);
    }

    /** Like {@link #sealed}, not reused. */
    static Draft newSealed(Draft record, RecordSealer sealer, long position) {
        byte[] bytes = new byte[record.headerLength() + record.contentLength() + SealLayout.BYTES];
        return sealed(record, sealer, position, bytes, new Draft(), new Source.OfArray(), new Source.OfArray());
    }

    private static Draft sealed(Draft record, RecordSealer sealer, long position, byte[] bytes, Draft target, Source.OfArray header,
            Source.OfArray content) {
        int headerLength = record.headerLength();
        sealer.seal(record, bytes, position);
        return target.set(header.set(bytes, 0, headerLength), content.set(bytes, headerLength, record.contentLength() + SealLayout.BYTES),
                record.timestampMillis()).sealed(true);
    }

    private byte[] copy = NO_CHUNK;
    private final Draft copied = new Draft();
    private final Source.OfArray copiedHeader = new Source.OfArray();
    private final Source.OfArray copiedContent = new Source.OfArray();

    /**
     * The same record in arrays, valid until the next one. Copying from a program's buffer may run the program's code, which may wait, or
     * append itself; that must not happen while other threads wait.
     */
    Draft inArrays(Draft record) {
        if (isInArrays(record)) {
            return record;
        }
        int headerLength = record.headerLength();
        int bytes = headerLength + record.contentLength();
        if (bytes > CHUNK_BYTES) {
            return inNewArrays(record);
        }
        if (copy.length < bytes) {
            copy = new byte[bytes <= FIRST_CHUNK_BYTES ? FIRST_CHUNK_BYTES : CHUNK_BYTES];
        }
        record.header().copy(0, copy, 0, headerLength);
        record.content().copy(0, copy, headerLength, bytes - headerLength);
        return copied.set(copiedHeader.set(copy, 0, headerLength), copiedContent.set(copy, headerLength, bytes - headerLength),
                record.timestampMillis()).sealedBy(record.sealer()).sealed(record.isSealed());
    }

    /** Like {@link #inArrays}, not reused. */
    static Draft inNewArrays(Draft record) {
        return isInArrays(record) ? record
                : Draft.of(inNewArray(record.header()), inNewArray(record.content()), record.timestampMillis()).sealedBy(record.sealer())
                        .sealed(record.isSealed());
    }

    private static boolean isInArrays(Draft record) {
        return record.header().isInArray() && record.content().isInArray();
    }

    private static Source inNewArray(Source source) {
        byte[] bytes = new byte[source.length()];
        source.copy(0, bytes, 0, bytes.length);
        return new Source.OfArray().set(bytes);
    }

    /** Like {@link #draft(byte[], byte[], long)}, without a header. */
    public Draft draft(byte[] newContent, long timestampMillis) {
        return draft.set(Source.EMPTY, content.set(newContent), timestampMillis);
    }

    /** Like {@link #draft(byte[], long)}, for content that is a part of an array. */
    public Draft draft(byte[] newContent, int offset, int length, long timestampMillis) {
        return draft.set(Source.EMPTY, content.set(newContent, offset, length), timestampMillis);
    }

    /** Like {@link #draft(byte[], byte[], long)}, for a content at an array's beginning, and a header behind it. */
    public Draft draftOfBoth(byte[] contentThenHeader, int contentLength, int headerLength, long timestampMillis) {
        return draft.set(header.set(contentThenHeader, contentLength, headerLength), content.set(contentThenHeader, 0, contentLength),
                timestampMillis);
    }

    /** Like {@link #draft(byte[], byte[], long)}, for Chronicle's bytes. */
    public Draft draft(Bytes<?> newHeader, Bytes<?> newContent, long timestampMillis) {
        BytesPair pair = bytes;
        if (pair == null) {
            pair = new BytesPair();
            bytes = pair;
        }
        return draft.set(pair.header.set(newHeader), pair.content.set(newContent), timestampMillis);
    }

    /** Drops all references to the caller's objects. */
    public void giveBack() {
        isTaken = false;
        header.forget();
        content.forget();
        BytesPair pair = bytes;
        if (pair != null) {
            pair.header.set(null);
            pair.content.set(null);
        }
    }

    /** A class of its own, so that a program that never appends Chronicle's bytes never loads Chronicle's classes. */
    private static final class BytesPair {
        final Source.OfBytes header = new Source.OfBytes();
        final Source.OfBytes content = new Source.OfBytes();
    }
}
