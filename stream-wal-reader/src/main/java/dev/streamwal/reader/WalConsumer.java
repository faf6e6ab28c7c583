package dev.streamwal.reader;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.consumer.ConsumerCursor;
import dev.streamwal.consumer.ConsumerTail;
import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.consumer.Delivered;
import dev.streamwal.encryption.LogKeys;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.CursorEntry;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.MessageText;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.IoFailure;
import dev.streamwal.tail.WakeableRest;
import dev.streamwal.walk.StreamExtent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A named reader of the streams that its {@link Keys} select. The log stores the consumer's progress, so that it goes on there when it is opened
 * again, in any process. It can be open only once at a time. A stream can be told to keep the records that the consumer hasn't committed: see
 * {@code StreamOptions.retainFor}.
 *
 * <pre>{@code
 * try (WalConsumer shipper = reader.consumer("shipper", Keys.key("machine/cpu"))) {
 *     EntryTail entries = shipper.entries();
 *     while (running) {
 *         try {
 *             if (entries.next(Duration.ofSeconds(1))) {
 *                 ship(entries.content());
 *                 shipper.commitDelivered();
 *             }
 *         } catch (EntryExpiredException e) {
 *             complain(e);       // once for each loss; the next call goes on after it
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p><b>A new consumer</b> begins with the oldest record. It takes effect at once: from then on streams are kept for it, and it is told of every
 * loss, even if it has committed nothing. It reads streams that come later from their beginning.
 *
 * <p><b>Delivery.</b> One tail delivers each record once, and in order within a stream. After the consumer was closed, or its process ended,
 * everything after the last commit is delivered again. A commit survives the end of the process, {@code kill -9} included. A power loss may leave
 * an earlier commit, so that more is delivered again. Records that a commit released are not deleted before that commit survives a power loss, too.
 *
 * <p><b>Losses</b> are in {@link #lost()}: records that were deleted before the consumer had committed them. Those deleted before it was opened are
 * listed at once. Those deleted later are listed when its tail reaches them. The tail throws an {@link EntryExpiredException} once for each loss that it
 * reaches, also for those that were listed at once, and the next call goes on after it. If the exception isn't
 * {@linkplain EntryExpiredException#isCertain() certain}, the range is in {@link #possiblyLost()} instead; ranges that were listed there at once aren't thrown.
 * Committed records never count as lost, nor do those that the writer has cut off a stream's end. A range is one of positions, not of bytes: the stream may
 * have skipped positions within it.
 *
 * <p>Records that the writer has erased aren't delivered. They are no loss while their segment is there. Once the segment has expired, nothing shows
 * that they were erased, and their positions after the last commit are in {@link #lost()} like others. A range may consist of erased records only,
 * even if the consumer has committed every record that it was given, because the commit ends where the last of these records ends.
 *
 * <p>If all of a stream was deleted, its loss is listed when the stream comes again: the new first segment tells where the stream had ended. If the
 * log was closed after the stream's last record, or has forgotten the stream, that end may be unknown. Then {@link #lost()} has only what an open
 * tail had seen, and {@link #possiblyLost()} has the rest. For a stream that was created after the consumer, and of which nothing is committed, the
 * lost range begins at the lowest position where the stream can have begun.
 *
 * <p>A consumer isn't told of records that were deleted before it was created. If no loss may go unnoticed, create it before the first record:
 * opening and closing it is enough, in the writer's process for instance. Nor is it told of the loss of a stream that was created after it and of
 * which it has committed nothing, if all of the stream was deleted and the log was opened again before the stream came again.
 *
 * <p><b>On a read-only file system</b>, or if the log's folder can't be written to for another reason, the consumer continues after its last commit,
 * or begins with the oldest record. {@link #commit} throws.
 *
 * <p>Thread-safe, except the tail, which is for one thread. That thread also closes the consumer, or it closes the tail before another thread closes
 * the consumer.
 *
 * @since 1.0
 */
public final class WalConsumer implements AutoCloseable {

    private final LogSource log;
    private final LogKeys keys;
    private final StreamKey name;
    private final KeyScope scope;
    private final ConsumerCursor cursor;
    private final LostRanges lost = new LostRanges();
    private final LostRanges possiblyLost = new LostRanges();
    private final Delivered delivered = new Delivered();
    /** Guarded by this, like the tail. Without {@code @GuardedBy}, because programs that compile against this class don't have the annotation. */
    private @Nullable ConsumedWalk walk;
    private @Nullable EntryTail tail;
    private volatile boolean closed;

    WalConsumer(LogSource log, LogKeys keys, StreamKey name, KeyScope scope, ConsumerCursor cursor) {
        this.log = log;
        this.keys = keys;
        this.name = name;
        this.scope = scope;
        this.cursor = cursor;
    }

    /** {@return the consumer's name} */
    public String name() {
        return name.text();
    }

    /**
     * The tail of the consumer's streams. The same one at every call, until it is closed; then a new one, which continues after the last commits.
     *
     * <p>If a commit is beyond the stream's end, as in a log that was restored to an earlier state, the tail's {@code next} throws an
     * {@link EntryNotFoundException} once, and the call after goes on at the stream's end. Every new tail does so, until a position there is
     * committed.
     *
     * @return closed with the consumer
     * @throws EntryNotFoundException if a committed position is within its stream, and no record starts or ends there; commit another one
     * @throws WalClosedException if the consumer, or its reader, has been closed, or another log was made or restored at the log's path
     */
    public synchronized EntryTail entries() {
        checkOpen();
        EntryTail known = tail;
        if (known != null && walk != null && !walk.isClosed()) {
            return known;
        }
        log.checkNotReplaced();
        delivered.beginsAgain();
        // ranges after the commits that were possibly lost are listed already, and aren't thrown; records deleted since then are
        ConsumerTail from = new ConsumerTail(log, name, scope, cursor, possiblyLost::behind, delivered);
        ConsumedWalk opened = new ConsumedWalk(from.open(), lost, possiblyLost, delivered);
        EntryTail made = new EntryTail(opened, keys, new WakeableRest());
        walk = opened;
        tail = made;
        return made;
    }

    /**
     * Commits a position of a stream: every record before it has been processed. Going back is allowed. Then the next tail delivers the records
     * from the position on again, as far as they still exist; such a commit survives power loss, and so takes as long as a flush.
     *
     * @param key of one of the consumer's streams
     * @param position as {@link EntryRef#end()} and {@link EntryCursor#nextPosition()} give it. If it is within the stream, and no record starts or
     *     ends there, {@link #entries()} throws when the consumer is opened again
     * @throws IllegalArgumentException if the stream isn't one of the consumer's, the position can't be any record's, or it is beyond the
     *     stream's end, as far as that is visible now
     * @throws WalIOException if the commit can't be written, as on a read-only file system. The commit may count or not; try it again
     * @throws WalClosedException if the consumer has been closed
     */
    public void commit(String key, long position) {
        commit(Map.of(key, position));
    }

    /**
     * Commits positions of several streams by one write. If the process or the machine ends during the call, some may be committed and others not.
     *
     * @param positions by key, each as {@link #commit(String, long)} takes it
     * @throws IllegalArgumentException if one of them is refused: then nothing is committed
     * @throws WalIOException if the commits can't be written, as on a read-only file system. Each commit may count or not; try again
     * @throws WalClosedException if the consumer has been closed
     */
    public void commit(Map<String, Long> positions) {
        long nowMillis = log.settings().clock().millis();
        List<CursorEntry> entries = new ArrayList<>(positions.size());
        positions.forEach((key, position) -> entries.add(new CursorEntry(checked(key, position), position, nowMillis)));
        checkOpen();
        // the consumer's commits say nothing of another log's records
        log.checkNotReplaced();
        positions.forEach(this::checkNotBehindEnd);
        try {
            cursor.commit(entries);
        } catch (IOException e) {
            throw notCommitted(entries, e);
        }
        positions.forEach(delivered::isCommitted);
    }

    /**
     * Commits every record that the tail's {@code next} has returned, including the one that the tail stands on. Call it after you have processed
     * that one, from the thread that reads. Moving the tail on doesn't commit; so a record that was being processed when the process ended is
     * delivered again. If {@link #commit(String, long)} was called for a stream in between, only what the stream has delivered since then counts. The
     * call commits those streams that have uncommitted deliveries, as {@link #commit(Map)} does; without any it does nothing.
     *
     * @throws WalIOException as {@link #commit(Map)}
     * @throws WalClosedException if the consumer has been closed
     */
    public void commitDelivered() {
        commit(delivered.uncommitted());
    }

    private StreamKey checked(String key, long position) {
        if (!scope.contains(key)) {
            throw new IllegalArgumentException(MessageText.of("consumer doesn't read this stream: key=" + key + ", consumer=" + name + ", boundTo=" + scope
                    + "; commit positions of its own streams"));
        }
        if (position < 0 || position % RecordLayout.ALIGNMENT != 0) {
            throw new IllegalArgumentException("position is " + (position < 0 ? "negative" : "not a multiple of " + RecordLayout.ALIGNMENT) + ": position="
                    + position + ", key=" + MessageText.of(key) + "; commit what EntryRef.end() or EntryCursor.nextPosition() gave");
        }
        return StreamKey.of(key);
    }

    /**
     * Refuses a position beyond the stream's end, because it would skip later records. A position that the tail has reached needs no look at the
     * stream.
     */
    private void checkNotBehindEnd(String key, long position) {
        Long before = cursor.position(key);
        if ((before != null && position <= before) || delivered.reaches(key, position)) {
            return;
        }
        OptionalLong limit;
        try {
            limit = new StreamExtent(log, log.freshCatalog(key)).limit();
        } catch (IOException e) {
            throw log.failure("looking for the end of a stream", e, log.streams().path(), key, position);
        }
        if (limit.isPresent() && position > limit.getAsLong()) {
            throw new IllegalArgumentException(MessageText.of("position beyond the stream's end: position=" + position + ", end=" + limit.getAsLong()
                    + ", key=" + key + ", consumer=" + name + "; commit what EntryRef.end() or EntryCursor.nextPosition() gave"));
        }
    }

    private WalException notCommitted(List<CursorEntry> entries, IOException e) {
        Path file = CursorFiles.cursor(log.root(), name);
        if (closed) {
            return closedError();
        }
        boolean isOne = entries.size() == 1;
        String key = isOne ? entries.get(0).key().text() : null;
        long position = isOne ? entries.get(0).position() : WalException.NO_POSITION;
        IOException readOnly = cursor.whyReadOnly();
        if (readOnly != null) {
            return new WalIOException("consumer cannot commit, as the log's folder cannot be written to: " + readOnly + ", consumer=" + name
                    + (isOne ? ", key=" + key + ", position=" + position : ", keys=" + entries.size()) + ", file=" + file
                    + "; read on, or make the folder writable and open the consumer again", file, key, position, readOnly);
        }
        return IoFailure.of("committing to consumer " + name, e, file, key, position);
    }

    /**
     * The committed position of a stream.
     *
     * @param key of the stream
     * @return the position before which every record has been processed; empty if nothing was committed. A new consumer has committed the beginning
     *     of each stream that existed
     */
    public OptionalLong committed(String key) {
        Long position = cursor.position(key);
        return position == null ? OptionalLong.empty() : OptionalLong.of(position);
    }

    /**
     * The records that were deleted, because they expired or by hand, before the consumer had committed them: see above. Ranges of a stream that
     * touch are joined.
     *
     * @return by key and position; a snapshot, at most 10,000 ranges
     */
    public List<LostRange> lost() {
        return lost.list();
    }

    /** {@return whether there are more ranges than {@link #lost()}, or {@link #possiblyLost()}, has room for} */
    public boolean isLostTruncated() {
        return lost.isTruncated() || possiblyLost.isTruncated();
    }

    LostRanges lostRanges() {
        return lost;
    }

    /**
     * Ranges in which records may have been lost: all of a stream was deleted, and the log was closed or has forgotten where the stream had ended, so
     * there may or may not have been uncommitted records. If such a stream had come again before the consumer was opened, the range from the commit
     * to where the stream begins now is listed at once, until a later position is committed and the consumer is opened again. Later ranges are listed
     * when the tail throws an {@link EntryExpiredException} that isn't {@linkplain EntryExpiredException#isCertain() certain}.
     *
     * @return by key and position; a snapshot, at most 10,000 ranges
     */
    public List<LostRange> possiblyLost() {
        return possiblyLost.list();
    }

    LostRanges possiblyLostRanges() {
        return possiblyLost;
    }

    private void checkOpen() {
        if (closed) {
            throw closedError();
        }
        log.checkOpen();
    }

    private WalClosedException closedError() {
        return new WalClosedException("consumer is closed: consumer=" + name + "; open it again", null, null, WalException.NO_POSITION,
                null);
    }

    /**
     * Closes its tail, so that the consumer can be opened again, here or in another process. Deliveries that were not committed are repeated then.
     * The second call does nothing.
     *
     * @throws WalIOException if the file system fails; the consumer is closed nevertheless
     */
    @Override
    public synchronized void close() {
        closed = true;
        EntryTail open = tail;
        tail = null;
        try {
            if (open != null) {
                open.close();
            }
        } finally {
            closeCursor();
        }
    }

    private void closeCursor() {
        try {
            cursor.close();
        } catch (IOException e) {
            throw IoFailure.of(
                    "closing consumer " + name, e, CursorFiles.cursor(log.root(), name), null, WalException.NO_POSITION);
        }
    }
}
