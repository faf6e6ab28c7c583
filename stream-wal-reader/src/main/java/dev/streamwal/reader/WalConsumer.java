package dev.streamwal.reader;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.consumer.ConsumerCursor;
import dev.streamwal.consumer.ConsumerTail;
import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.consumer.Delivered;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.CursorEntry;
import dev.streamwal.format.KeyScope;
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
 * A named reader of one stream, or of several, as {@link Keys} say. The log keeps how far it has come, so that it goes on there when it is
 * opened again, by whatever process; one has it open at a time. A stream can be set to keep what it hasn't committed: see
 * {@code StreamOptions.retainFor}.
 *
 * <pre>{@code
 * try (WalConsumer shipper = reader.consumer("shipper", Keys.key("machine/cpu"))) {
 *     EntryTail entries = shipper.entries();
 *     while (running) {
 *         if (entries.next(Duration.ofSeconds(1))) {
 *             ship(entries.content());
 *             shipper.commitDelivered();
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p><b>When it is new</b> it begins with the oldest record that there is, and is there at once: from then on streams are kept for it, and it
 * is told of everything that it loses, also if it has committed nothing. Streams that come later it reads from their beginning.
 *
 * <p><b>What it is delivered</b> by one tail is every record once and in order within a stream; after it was closed, or its process ended, everything
 * behind the last commit again. A commit survives the end of the process, {@code kill -9} included. A power loss may leave an
 * earlier one, so that more is delivered again; what a commit has given free is not deleted before that commit survives power loss, too.
 *
 * <p><b>What it has lost</b> is in {@link #lost()}: what was deleted before it was opened at once, what is deleted later when its tail comes
 * upon it, which throws an {@link EntryExpiredException} then. It is told only where records were deleted that it hadn't committed: what was
 * committed is never lost. A range is one of positions, not of bytes: a stream may have gone on at much higher positions within it. Where
 * all of a stream was deleted, it is told when the stream comes again, whose first segment says where it had ended; where the log was closed
 * in between, or has forgotten the stream, that is not known any more, and such a stream is in {@link #possiblyLost()} only. Of a stream that came after the consumer,
 * and of which it has committed nothing, the range that was lost begins where the stream can have begun at the earliest. What the writer has
 * cut off a stream's end was taken back, and is not lost.
 *
 * <p>It isn't told of what was deleted before it was made. So where nothing may go unnoticed, make it before the first record is appended: open it
 * and close it, in the writer's process for instance. Nor is it told of a stream that came after it, and of which it has committed nothing, where
 * all of that was deleted and the log was opened anew before the stream came again: it is a new one then.
 *
 * <p><b>Where nothing can be written</b>, as on a read-only file system, it goes on where it has committed, or begins with the oldest record,
 * and {@link #commit} throws.
 *
 * <p>Thread-safe; the tail is for one thread, which also closes the consumer, or has closed the tail before.
 *
 * @since 1.0
 */
public final class WalConsumer implements AutoCloseable {

    private final LogSource log;
    private final StreamKey name;
    private final KeyScope scope;
    private final ConsumerCursor cursor;
    private final LostRanges lost = new LostRanges();
    private final LostRanges possiblyLost = new LostRanges();
    private final Delivered delivered = new Delivered();
    /** Guarded by this, as the tail is; an annotation that says so would be missed by whoever compiles against this class. */
    private @Nullable ConsumedWalk walk;
    private @Nullable EntryTail tail;
    private volatile boolean closed;

    WalConsumer(LogSource log, StreamKey name, KeyScope scope, ConsumerCursor cursor) {
        this.log = log;
        this.name = name;
        this.scope = scope;
        this.cursor = cursor;
    }

    /** {@return the consumer's name} */
    public String name() {
        return name.text();
    }

    /**
     * What it reads. The same tail at every call, until that is closed; then a new one, which goes on behind the last commits.
     *
     * <p>Where a commit is behind all that its stream holds, as in a log that was put back to an earlier state, the tail's {@code next} throws an
     * {@link EntryNotFoundException} once, and the call after goes on at the stream's end; so does every tail until something is committed there.
     *
     * @return closed with the consumer
     * @throws EntryNotFoundException where no record starts at a position within a stream that was committed, and none ends there; commit
     *     another one
     * @throws WalClosedException where the consumer, or its reader, has been closed
     */
    public synchronized EntryTail entries() {
        checkOpen();
        EntryTail known = tail;
        if (known != null && walk != null && !walk.isClosed()) {
            return known;
        }
        delivered.beginsAgain();
        ConsumedWalk opened = new ConsumedWalk(new ConsumerTail(log, name, scope, cursor).open(), lost, delivered);
        EntryTail made = new EntryTail(opened, new WakeableRest());
        walk = opened;
        tail = made;
        return made;
    }

    /**
     * Says that everything that stands before a position of a stream has been done with. Going back is allowed: what stands behind is
     * delivered again, as far as it is there, by the next tail; such a commit survives power loss, and takes as long as that takes.
     *
     * @param key of one of the consumer's streams
     * @param position as {@link EntryRef#end()} and {@link EntryCursor#nextPosition()} give it. Where it is within the stream and no record's
     *     end, {@link #entries()} says so when the consumer is opened again
     * @throws IllegalArgumentException where the stream isn't one of the consumer's, the position can't be any record's, or it is behind the
     *     stream's end, as far as that can be seen now
     * @throws WalIOException where it can't be written, as on a read-only file system: then it is committed or not, and can be committed
     *     again
     * @throws WalClosedException where the consumer has been closed
     */
    public void commit(String key, long position) {
        commit(Map.of(key, position));
    }

    /**
     * Says the same of several streams, by one write. Where the process or the machine ends meanwhile, some of them may be committed and others
     * not.
     *
     * @param positions by key, each as {@link #commit(String, long)} takes it
     * @throws IllegalArgumentException where one of them is none: then nothing is committed
     * @throws WalIOException where they can't be written, as on a read-only file system: then each is committed or not, and can be committed
     *     again
     * @throws WalClosedException where the consumer has been closed
     */
    public void commit(Map<String, Long> positions) {
        long nowMillis = log.settings().clock().millis();
        List<CursorEntry> entries = new ArrayList<>(positions.size());
        positions.forEach((key, position) -> entries.add(new CursorEntry(checked(key, position), position, nowMillis)));
        checkOpen();
        positions.forEach(this::checkNotBehindEnd);
        try {
            cursor.commit(entries);
        } catch (IOException e) {
            throw notCommitted(entries, e);
        }
        positions.forEach(delivered::isCommitted);
    }

    /**
     * Says that every record has been done with that the tail's {@code next} has returned, the one that it stands on among them: call it
     * after having processed that one, from the thread that reads. The record counts as delivered only by this call, and never by the
     * tail's going on; so what was being processed when the process ended is delivered again. It commits the streams of which something
     * was delivered since their last commit, as {@link #commit(Map)} does; where there are none, it does nothing.
     *
     * @throws WalIOException as {@link #commit(Map)}
     * @throws WalClosedException where the consumer has been closed
     */
    public void commitDelivered() {
        commit(delivered.uncommitted());
    }

    private StreamKey checked(String key, long position) {
        if (!scope.contains(key)) {
            throw new IllegalArgumentException("consumer " + name + " is bound to " + scope + ", and doesn't read this stream: key=" + key);
        }
        if (position < 0 || position % RecordLayout.ALIGNMENT != 0) {
            throw new IllegalArgumentException("a position is a multiple of " + RecordLayout.ALIGNMENT
                    + " that is not negative, as EntryRef.end() and EntryCursor.nextPosition() give it: position=" + position + ", key="
                    + key);
        }
        return StreamKey.of(key);
    }

    /** Records would be skipped that come later, up to that position. A position up to which the tail has come needs no look at the stream. */
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
            throw new IllegalArgumentException("position beyond the stream's end: position=" + position + ", end=" + limit.getAsLong()
                    + ", key=" + key + ", consumer=" + name + "; commit what EntryRef.end() or EntryCursor.nextPosition() gave");
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
            return new WalIOException("a consumer commits in a log whose folder can be written to: " + readOnly + ", consumer=" + name
                    + (isOne ? ", key=" + key + ", position=" + position : ", keys=" + entries.size()) + ", file=" + file
                    + "; read on, or make the folder writable and open the consumer again", file, key, position, readOnly);
        }
        return IoFailure.of("committing to consumer " + name, e, file, key, position);
    }

    /**
     * How far a stream has been committed.
     *
     * @param key of the stream
     * @return the stream position before which everything has been done with; empty where nothing has been committed. A new consumer has
     *     committed the beginning of each stream that was there
     */
    public OptionalLong committed(String key) {
        Long position = cursor.position(key);
        return position == null ? OptionalLong.empty() : OptionalLong.of(position);
    }

    /**
     * What was deleted, as expired or by hand, before the consumer had it: see above. Ranges of a stream that touch are one.
     *
     * @return by key and position; a snapshot, at most 10,000 ranges
     */
    public List<LostRange> lost() {
        return lost.list();
    }

    /** {@return whether there are more ranges than {@link #lost()} has room for} */
    public boolean isLostTruncated() {
        return lost.isTruncated();
    }

    LostRanges lostRanges() {
        return lost;
    }

    /**
     * Streams of which nobody knows whether something was lost, as of when the consumer was opened: all of such a stream was deleted, the
     * log was closed or has forgotten where it had ended, and the stream came again, behind the commit. There may or may not have been records that weren't committed. Once
     * something of the stream is committed it is not here any more.
     *
     * @return by key and position, from the commit to where the stream begins now; a snapshot, at most 10,000 ranges
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
        return new WalClosedException("a consumer is not used after it was closed: consumer=" + name, null, null, WalException.NO_POSITION,
                null);
    }

    /**
     * Closes its tail, and lets others open the consumer. What was delivered and not committed is delivered again then. A second time it does
     * nothing.
     *
     * @throws WalIOException where the file system fails; it is closed all the same
     */
    @Override
    public synchronized void close() {
        closed = true;
        EntryTail open = tail;
        tail = null;
        if (open != null) {
            open.close();
        }
        try {
            cursor.close();
        } catch (IOException e) {
            throw IoFailure.of(
                    "closing consumer " + name, e, CursorFiles.cursor(log.root(), name), null, WalException.NO_POSITION);
        }
    }
}
