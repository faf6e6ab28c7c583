package dev.streamwal;

import dev.streamwal.append.AppendScratch;
import dev.streamwal.append.Draft;
import dev.streamwal.append.RecordSealer;
import dev.streamwal.append.Source;
import dev.streamwal.append.StreamLog;
import dev.streamwal.codec.RecordCodec;
import dev.streamwal.commit.CommitTarget;
import dev.streamwal.engine.EncodedRecord;
import dev.streamwal.engine.EncodingBuffer;
import dev.streamwal.error.HeaderTooLargeException;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.format.MessageText;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.retention.SizeRules;
import dev.streamwal.retention.TimeRules;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.WriteBytesMarshallable;
import org.jspecify.annotations.Nullable;

/**
 * One key's records. Thread-safe: any number of threads append at once, and each thread sees its own records in the order in which it
 * appended them.
 *
 * <p>When an append returns, the record is in the page cache: readers in this process see it, and it survives the end of the process, however
 * the process ends. Readers in other processes find it by its reference at once if it is in a segment of the stream's own. Their scans, tails and
 * {@code latest} see it when all earlier appends to the stream are complete. A record in a shared segment they find, by its reference too, when all
 * earlier appends to that segment are complete. That is at once if no other thread appends, otherwise mostly within a microsecond. If the system
 * suspends an appending thread, it takes until that thread runs again.
 *
 * <p>A record goes to the window of its timestamp, but never to a window before that of the stream's last record: a late record stays in the
 * current segment, where scans by time find it.
 *
 * <p>Sources are read from position to limit (or between their reader's indices) and left as they were; the log keeps no reference to them.
 * Don't modify a source during an append: the record's checksum might not match.
 *
 * <p>All appends throw
 *
 * <ul>
 *   <li>{@link HeaderTooLargeException} and {@link RecordTooLargeException} if the record could never be stored,
 *   <li>{@link TimestampOutOfRangeException} if the timestamp is later than the clock by more than {@link WalOptions#maxClockSkew()}, or its
 *       window has expired already, or it is outside the years 1 to 9999,
 *   <li>{@link dev.streamwal.error.DiskFullException} and other {@link dev.streamwal.error.WalIOException}s: nothing was appended, and the
 *       next append may succeed. Exception: if a durable append's message says that the record was appended, it was, and only its durability
 *       is unknown,
 *   <li>{@link dev.streamwal.error.CorruptSegmentException} and {@link dev.streamwal.error.UnsupportedFormatException} if the stream that an earlier
 *       writer left can't be continued,
 *   <li>{@link WalFailedException}, at every level of durability, after a failed flush; and {@link dev.streamwal.error.WalLockedException} after another
 *       process has become the log's writer. A durable append that throws one of these may have been appended,
 *   <li>{@link dev.streamwal.error.KeyUnavailableException} if the stream is encrypted, and the current master key isn't available,
 *   <li>{@link dev.streamwal.error.WalClosedException} after the log was closed; or during {@code close()}: then a durable append's message says
 *       whether the record was appended,
 *   <li>{@link NullPointerException} if an argument is null.
 * </ul>
 *
 * <p>An interrupted thread's append finishes, and the thread stays interrupted. If packing falls behind, appends to shared segments are slowed down,
 * by a tenth of a second each at most.
 *
 * @since 1.0
 */
public final class WalStream {

    private final StreamLog log;
    private final Rules rules;
    /** Null if the stream isn't encrypted. */
    private final @Nullable RecordSealer sealer;

    /**
     * What streams with the same options have in common, so that a hundred thousand streams needn't each have a copy.
     *
     * @param times of records
     * @param durability of appends that aren't given another one
     */
    record Rules(StreamWal wal, TimeRules times, Durability durability) {}

    WalStream(StreamLog log, Rules rules, @Nullable RecordSealer sealer) {
        this.log = log;
        this.rules = rules;
        this.sealer = sealer;
    }

    /** {@return the stream's key, 1 to 1,024 bytes of UTF-8} */
    public String key() {
        return log.key().text();
    }

    /**
     * Appends a record without a header, at the time of the log's clock.
     *
     * @param content may be empty
     * @return where the record is
     */
    public EntryRef append(byte[] content) {
        return append(WriteEntry.NOW, content);
    }

    /**
     * Appends a record without a header, at the time of the log's clock.
     *
     * @param content from position to limit; may be empty
     * @return where the record is
     */
    public EntryRef append(ByteBuffer content) {
        return append(WriteEntry.NOW, content);
    }

    /**
     * Appends a record without a header.
     *
     * @param timestampMillis epoch ms, or {@link WriteEntry#NOW}
     * @param content may be empty
     * @return where the record is
     */
    public EntryRef append(long timestampMillis, byte[] content) {
        AppendScratch scratch = AppendScratch.take();
        try {
            return appended(scratch, scratch.draft(Objects.requireNonNull(content, "content"), timestampMillis));
        } finally {
            scratch.giveBack();
        }
    }

    /**
     * Appends a record without a header, whose content is a part of an array.
     *
     * @param timestampMillis epoch ms, or {@link WriteEntry#NOW}
     * @param content the array
     * @param offset index of the content's first byte
     * @param length bytes of the content; may be zero
     * @return where the record is
     * @throws IndexOutOfBoundsException if the array has no such part
     */
    public EntryRef append(long timestampMillis, byte[] content, int offset, int length) {
        int from = Objects.checkFromIndexSize(offset, length, Objects.requireNonNull(content, "content").length);
        AppendScratch scratch = AppendScratch.take();
        try {
            return appended(scratch, scratch.draft(content, from, length, timestampMillis));
        } finally {
            scratch.giveBack();
        }
    }

    /**
     * Appends a record without a header.
     *
     * @param timestampMillis epoch ms, or {@link WriteEntry#NOW}
     * @param content from position to limit; may be empty
     * @return where the record is
     */
    public EntryRef append(long timestampMillis, ByteBuffer content) {
        return appended(Draft.of(Source.EMPTY, Source.of(Objects.requireNonNull(content, "content")), timestampMillis));
    }

    /**
     * Appends a record without a header.
     *
     * @param timestamp stored as the millisecond in which it lies: 999,999 ns after it is that millisecond, 1 ns before it the one before,
     *     also before 1970
     * @param content may be empty
     * @return where the record is
     */
    public EntryRef append(Instant timestamp, byte[] content) {
        return append(TimeRules.millis(timestamp), content);
    }

    /**
     * Appends a record.
     *
     * @param timestamp stored as the millisecond in which it lies, as by {@link #append(Instant, byte[])}
     * @param header at most 65,535 bytes; may be empty
     * @param content may be empty
     * @return where the record is
     */
    public EntryRef append(Instant timestamp, byte[] header, byte[] content) {
        return append(TimeRules.millis(timestamp), header, content);
    }

    /**
     * Appends a record.
     *
     * @param timestampMillis epoch ms, or {@link WriteEntry#NOW}
     * @param header at most 65,535 bytes; may be empty
     * @param content may be empty
     * @return where the record is
     */
    public EntryRef append(long timestampMillis, byte[] header, byte[] content) {
        AppendScratch scratch = AppendScratch.take();
        try {
            return appended(scratch, scratch.draft(Objects.requireNonNull(header, "header"), Objects.requireNonNull(content, "content"), timestampMillis));
        } finally {
            scratch.giveBack();
        }
    }

    /**
     * Appends a record.
     *
     * @param timestampMillis epoch ms, or {@link WriteEntry#NOW}
     * @param header at most 65,535 bytes, from position to limit
     * @param content from position to limit
     * @return where the record is
     */
    public EntryRef append(long timestampMillis, ByteBuffer header, ByteBuffer content) {
        return appended(Draft.of(Source.of(Objects.requireNonNull(header, "header")), Source.of(Objects.requireNonNull(content, "content")), timestampMillis));
    }

    /**
     * Appends a record.
     *
     * @param timestampMillis epoch ms, or {@link WriteEntry#NOW}
     * @param header at most 65,535 bytes, from reader index to writer index
     * @param content from reader index to writer index
     * @return where the record is
     */
    public EntryRef append(long timestampMillis, ByteBuf header, ByteBuf content) {
        return appended(Draft.of(Source.of(Objects.requireNonNull(header, "header")), Source.of(Objects.requireNonNull(content, "content")), timestampMillis));
    }

    /**
     * Appends a record that was encoded by Chronicle Bytes, without making garbage. A program that calls this depends on {@code
     * net.openhft:chronicle-bytes}; as a module, it requires {@code chronicle.bytes} and {@code org.slf4j}.
     *
     * @param timestampMillis epoch ms, or {@link WriteEntry#NOW}
     * @param header at most 65,535 bytes, from read position to read limit
     * @param content from read position to read limit
     * @return the record's position
     */
    // Not named append: javac resolves the types of all methods of a name, so without Chronicle no call of any append would compile.
    @SuppressWarnings("exports") // its callers require chronicle.bytes, and other programs need not
    public long appendBytes(long timestampMillis, Bytes<?> header, Bytes<?> content) {
        Objects.requireNonNull(header, "header");
        Objects.requireNonNull(content, "content");
        AppendScratch scratch = AppendScratch.take();
        try {
            return position(scratch, scratch.draft(header, content, timestampMillis));
        } finally {
            scratch.giveBack();
        }
    }

    /**
     * Appends a record without a header, which Chronicle Bytes encodes into a buffer that the thread reuses. The record has no schema: for records
     * that have one, see {@link TypedStream}. A program that calls this depends on {@code net.openhft:chronicle-bytes}; as a module, it requires
     * {@code chronicle.bytes} and {@code org.slf4j}.
     *
     * @param timestampMillis epoch ms, or {@link WriteEntry#NOW}
     * @param content writes itself
     * @return the record's position
     */
    @SuppressWarnings("exports") // as above
    public long appendTyped(long timestampMillis, WriteBytesMarshallable content) {
        Objects.requireNonNull(content, "content");
        rules.wal().checkOpen();
        Bytes<byte[]> encoded = EncodingBuffer.encode(content);
        try {
            return appendBytes(timestampMillis, EncodingBuffer.NO_BYTES, encoded);
        } finally {
            EncodingBuffer.giveBack(encoded);
        }
    }

    /**
     * Appends a record.
     *
     * @param entry the record
     * @return where the record is
     */
    public EntryRef append(WriteEntry entry) {
        return appended(draft(entry));
    }

    /**
     * Appends a record, with the given durability.
     *
     * @param entry the record
     * @param durability of this record, and of all records before it, in place of the stream's
     * @return where the record is
     */
    public EntryRef append(WriteEntry entry, Durability durability) {
        Objects.requireNonNull(durability, "durability");
        Draft draft = draft(entry);
        long position = position(draft, StreamLog.ANY_END, durability);
        return new EntryRef(key(), position, (int) draft.frameBytes());
    }

    /**
     * Appends a record without waiting until it survives power loss. When this method returns, the record is copied and visible. This method
     * throws if the record is invalid or can't be appended. At most 65,536 such calls may be unanswered; a call is answered when its future's
     * continuations have run. A further call waits, as {@code append} would, until its record is durable, and returns a completed future.
     *
     * @param entry the record
     * @return completes with where the record is, when it and all records before it survive power loss. A thread of the log completes it,
     *     or {@link WalOptions.Builder#completionExecutor an executor of the program}, or, without such an executor, a thread that waits for
     *     it with {@code get} or {@code join}; never a thread that commits. Completes exceptionally with a {@link WalFailedException} or
     *     another {@link dev.streamwal.error.WalException}: then the record is in the log, but not known to be durable
     */
    public CompletableFuture<EntryRef> appendAsync(WriteEntry entry) {
        rules.wal().checkWritable();
        boolean unused = rules.wal().counted(false, () -> {
            ready(Durability.IMMEDIATE);
            return true;
        });
        Draft draft = draft(entry);
        long position = position(draft, StreamLog.ANY_END, Durability.BUFFERED);
        EntryRef ref = new EntryRef(key(), position, (int) draft.frameBytes());
        return rules.wal().acknowledgement().later(log.targets(ref.end()), ref, key());
    }

    /**
     * Appends records atomically: readers, and a log that is opened after a crash, have all of them or none. They go to one segment, that of
     * the newest timestamp.
     *
     * @param entries in order; if they don't fit a segment together, a {@link RecordTooLargeException} is thrown
     * @return where the records are, in the same order; empty if there were none
     */
    public List<EntryRef> appendBatch(List<WriteEntry> entries) {
        return appendBatch(entries, durability());
    }

    /**
     * Like {@link #appendBatch(List)}, with the given durability.
     *
     * @param entries in order; if they don't fit a segment together, a {@link RecordTooLargeException} is thrown
     * @param durability of these records, and of all records before them, in place of the stream's
     * @return where the records are, in the same order; empty if there were none
     */
    public List<EntryRef> appendBatch(List<WriteEntry> entries, Durability durability) {
        Objects.requireNonNull(durability, "durability");
        rules.wal().checkWritable();
        if (Objects.requireNonNull(entries, "entries").isEmpty()) {
            return List.of();
        }
        return rules.wal().counted(durability == Durability.IMMEDIATE, () -> {
            List<Draft> drafts = checkedDrafts(entries);
            ready(durability);
            List<EntryRef> refs = appendDrafts(drafts);
            makeDurable(durability, refs.get(refs.size() - 1).end());
            return refs;
        });
    }

    /**
     * Appends a record if nothing else was appended since the program looked at the stream's end: for a program that must not append a record twice
     * after a failure, or whose record follows from those before it. It returns when {@link #append(WriteEntry)} would, by the stream's durability.
     *
     * @param expectedEnd the {@link #endPosition()} seen before, or the {@link EntryRef#end() end} of the last record
     * @param entry the record
     * @return where the record is; empty if the stream ends at another position: then nothing was appended. The end changes if another append comes
     *     first, even one that fails while it is written, and if all of the stream is deleted. A stream without records also gets another end if
     *     another stream is deleted, because it will then begin at a higher position
     * @throws IllegalArgumentException if {@code expectedEnd} is negative
     */
    public Optional<EntryRef> appendIfEndIs(long expectedEnd, WriteEntry entry) {
        if (expectedEnd < 0) {
            throw new IllegalArgumentException("expected end is negative: expectedEnd=" + expectedEnd + "; give what endPosition() or an EntryRef gave");
        }
        Draft draft = draft(entry);
        long position = position(draft, expectedEnd, durability());
        return position == StreamLog.MISMATCH ? Optional.empty() : Optional.of(new EntryRef(key(), position, (int) draft.frameBytes()));
    }

    /**
     * Where the last record ends; before the first, where it will begin. The next record may begin further on: after a log was opened that
     * had not been closed, after a log was opened in which the stream shares segments, after a failed write, or when everything had expired. The end
     * is never before that of a record that the calling thread has seen, unless that record was cut off.
     *
     * @return a position
     * @throws dev.streamwal.error.CorruptSegmentException if the stream that an earlier writer left can't be continued
     * @throws dev.streamwal.error.WalIOException if it can't be read
     */
    public long endPosition() {
        rules.wal().checkOpen();
        return log.endPosition();
    }

    /**
     * The position up to which everything survives power loss.
     *
     * @return a position: {@link #endPosition()} if that is everything
     */
    public long durablePosition() {
        rules.wal().checkOpen();
        return log.durablePosition();
    }

    /**
     * Returns when everything that was appended to the stream before the call survives power loss.
     *
     * @throws WalFailedException if a flush fails, or has failed before
     * @throws dev.streamwal.error.WalIOException if something can't be read, or the commit journal has no room
     */
    public void sync() {
        rules.wal().checkOpen();
        // recovers the stream, to which an earlier writer may have appended
        long unused = log.endPosition();
        rules.wal().acknowledgement().sync(log.undurable(), key());
    }

    /**
     * Deletes everything after a record; durably, when this method returns. The stream continues in a new segment, at positions that it never
     * had. A ref to a deleted record never names another one; it is reported as not found, and as expired after the records that follow have been
     * swept too. Until the next append, {@link #endPosition()} is the record's end.
     *
     * <p>A batch is cut as a whole or not at all, except a batch of which a record was erased: the records that {@link StreamWal#erase} leaves of it
     * are single records, and any of them may be the last.
     *
     * <p>Records that other threads append during the cut are deleted too if their places were reserved before the cut; otherwise they stay. A reader
     * that reads deleted records at that moment may still return them. {@code latest} and {@code scanLast} return the newest record as of before the
     * cut, as of after it, or, if the cut deletes whole segments, as of a moment when some of these had been deleted.
     *
     * @param last a record of this stream, which stays; the last of its batch if it is in one. If nothing follows it, nothing happens
     * @throws IllegalArgumentException if it is of another stream, or is followed by others of its batch
     * @throws IllegalStateException within the callback of {@link StreamWal#sweep(Instant, java.util.function.Consumer)}
     * @throws dev.streamwal.error.EntryNotFoundException if there is no such record
     * @throws dev.streamwal.error.EntryExpiredException if it was deleted
     * @throws dev.streamwal.error.CorruptSegmentException if a record before it, in the same segment of a pack, is damaged: then nothing is cut
     * @throws WalFailedException if a flush has failed before: then nothing is cut; or if one fails: then the stream is cut, or isn't, when the log is
     *     opened again
     * @throws dev.streamwal.error.WalIOException if the cut fails. What was done of it stays done; the rest is done before anything else is
     *     appended, by another call, or when the log is opened again
     */
    public void truncateAfter(EntryRef last) {
        if (!Objects.requireNonNull(last, "last").key().equals(key())) {
            throw new IllegalArgumentException(MessageText.of(
                    "can't truncate after a record of another stream: stream=" + key() + ", ref=" + last + "; call it on that stream"));
        }
        rules.wal().truncate(log, last);
    }

    <T> EntryRef appendEncoded(long timestampMillis, RecordCodec<T> codec, long tag, byte[] header, T value) {
        rules.wal().checkOpen();
        EncodedRecord encoded = EncodedRecord.of(codec, tag, header, value, log.policy().maxRecordBytes(), key());
        AppendScratch scratch = AppendScratch.take();
        try {
            return appended(scratch, draft(scratch, encoded, timestampMillis));
        } finally {
            scratch.giveBack();
            encoded.giveBack();
        }
    }

    /** @return the record's position */
    long appendSample(long timestampMillis, double value) {
        EncodedRecord encoded = EncodedRecord.ofSample(value);
        AppendScratch scratch = AppendScratch.take();
        try {
            return position(scratch, draft(scratch, encoded, timestampMillis));
        } finally {
            scratch.giveBack();
            encoded.giveBack();
        }
    }

    private static Draft draft(AppendScratch scratch, EncodedRecord encoded, long timestampMillis) {
        return scratch.draftOfBoth(encoded.array(), encoded.contentLength(), encoded.headerLength(), timestampMillis);
    }

    private Draft draft(WriteEntry entry) {
        return Draft.of(Source.of(Objects.requireNonNull(entry, "entry").header()), Source.of(entry.content()), entry.timestampMillis());
    }

    private EntryRef appended(Draft draft) {
        long position = position(draft, StreamLog.ANY_END, durability());
        return new EntryRef(key(), position, (int) draft.frameBytes());
    }

    private EntryRef appended(AppendScratch scratch, Draft draft) {
        long position = position(scratch, draft);
        return new EntryRef(key(), position, (int) draft.frameBytes());
    }

    private long position(AppendScratch scratch, Draft draft) {
        return position(scratch, draft, StreamLog.ANY_END, durability());
    }

    private long position(Draft draft, long expectedEnd, Durability level) {
        AppendScratch scratch = AppendScratch.take();
        try {
            return position(scratch, draft, expectedEnd, level);
        } finally {
            scratch.giveBack();
        }
    }

    private long position(AppendScratch scratch, Draft draft, long expectedEnd, Durability level) {
        boolean isMeasured = level == Durability.IMMEDIATE || scratch.isSampled();
        long begun = isMeasured ? System.nanoTime() : 0;
        try {
            long position = positionUnmeasured(scratch, draft, expectedEnd, level);
            if (isMeasured && position >= 0) {
                rules.wal().counts().appended(level, System.nanoTime() - begun);
            }
            return position;
        } catch (WalException e) {
            rules.wal().counts().rejected(e);
            throw e;
        }
    }

    private long positionUnmeasured(AppendScratch scratch, Draft draft, long expectedEnd, Durability level) {
        rules.wal().checkWritable();
        checkSizes(draft);
        long nowMillis = rules.wal().nowMillis();
        checkTime(draft, nowMillis);
        ready(level);
        seal(draft);
        long position = log.append(scratch, draft, (int) draft.frameBytes(), nowMillis, expectedEnd);
        if (position >= 0) {
            makeDurable(level, position + draft.frameBytes());
        }
        return position;
    }

    /** Makes sure that the record is encrypted, if the stream is. */
    private void seal(Draft draft) {
        RecordSealer encrypting = sealer;
        if (encrypting != null) {
            encrypting.ready();
            draft.sealedBy(encrypting);
        }
    }

    /** Refuses an append before its record has a place. */
    private void ready(Durability level) {
        rules.wal().ready(level, key());
    }

    private void makeDurable(Durability level, long end) {
        List<CommitTarget> wanted = wantDurable(level, end);
        if (!wanted.isEmpty()) {
            rules.wal().acknowledgement().await(wanted, key());
            log.durable(end);
        }
    }

    /** @return the targets to wait for; none for the periodic flush or no flush */
    List<CommitTarget> wantDurable(Durability level, long end) {
        if (level == Durability.PERIODIC) {
            log.targets(end).forEach(target -> rules.wal().commits().atNextFlush(target.cursor()));
        }
        return level == Durability.IMMEDIATE ? log.targets(end) : List.of();
    }

    Durability durability() {
        return rules.durability();
    }

    private void checkTime(Draft draft, long nowMillis) {
        if (draft.timestampMillis() == WriteEntry.NOW) {
            draft.timestampMillis(nowMillis);
        }
        rules.times().check(draft.timestampMillis(), nowMillis, key());
    }

    private void checkSizes(Draft draft) {
        SizeRules.check(draft.headerLength(), draft.contentLength(), log.policy().maxRecordBytes(), key());
    }

    /** Checks all of a batch before any of it is appended. */
    List<Draft> checkedDrafts(List<WriteEntry> entries) {
        List<Draft> drafts = new ArrayList<>(entries.size());
        long nowMillis = rules.wal().nowMillis();
        for (WriteEntry entry : entries) {
            Draft draft = draft(entry);
            checkSizes(draft);
            checkTime(draft, nowMillis);
            seal(draft);
            drafts.add(draft);
        }
        long bytes = Draft.batchBytes(drafts);
        if (drafts.size() > 1 && bytes > log.capacityForRecords()) {
            throw new RecordTooLargeException("batch doesn't fit a segment: bytes=" + bytes + ", maxBytesThatFit=" + log.capacityForRecords()
                    + ", records=" + drafts.size() + ", stream=" + key() + "; split the batch, or raise segmentBytes", null, key(),
                    WalException.NO_POSITION);
        }
        return drafts;
    }

    /** Appends without making the records durable, and without another look at the time: refused now, they would leave half of a {@link WriteBatch}. */
    List<EntryRef> appendDrafts(List<Draft> drafts) {
        AppendScratch scratch = AppendScratch.take();
        try {
            return appendDrafts(scratch, drafts);
        } finally {
            scratch.giveBack();
        }
    }

    private List<EntryRef> appendDrafts(AppendScratch scratch, List<Draft> drafts) {
        if (drafts.size() == 1) {
            Draft draft = drafts.get(0);
            rules.wal().checkWritable();
            long position = log.append(scratch, draft, (int) draft.frameBytes(), rules.wal().nowMillis(), StreamLog.ANY_END);
            return List.of(new EntryRef(key(), position, (int) draft.frameBytes()));
        }
        int bytes = (int) Draft.batchBytes(drafts);
        long newest = Long.MIN_VALUE;
        for (Draft draft : drafts) {
            newest = Math.max(newest, draft.timestampMillis());
        }
        long position = log.appendBatch(scratch, drafts, bytes, newest, rules.wal().nowMillis());
        List<EntryRef> refs = new ArrayList<>(drafts.size());
        for (Draft draft : drafts) {
            int frame = (int) draft.frameBytes();
            refs.add(new EntryRef(key(), position, frame));
            position += frame;
        }
        return refs;
    }

    StreamLog log() {
        return log;
    }

    @Override
    public String toString() {
        return key();
    }
}
