package dev.streamwal.consumer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.error.ConsumerMismatchException;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.events.ConsumerCommitEvent;
import dev.streamwal.events.FlightRecording;
import dev.streamwal.format.CursorEntry;
import dev.streamwal.format.CursorHeader;
import dev.streamwal.format.CursorLayout;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LeftOpen;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.ProcessLock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Writes a consumer's cursor, in the one process that has the consumer open. Thread-safe.
 *
 * <h2>A commit is all or nothing</h2>
 *
 * <p>A commit is one entry, appended to the file or written with a new file, which replaces the old one by a move. Commits that are made together
 * are written together, and each is all or nothing by itself.
 *
 * <ul>
 *   <li><b>The process is killed</b> while it writes the entry: a partial entry doesn't verify, so it doesn't count. Nothing is ever written after or
 *       over the partial entry: the process that opens the cursor next begins a new file with its first commit. While a new file takes the name,
 *       either the old or the new file has the name, and both are whole.
 *   <li><b>The power is lost</b>: entries are not forced, so the last ones may be lost, or incomplete. Reading stops before the first such entry;
 *       so an earlier commit is left, and the records after it are delivered again. A new file is forced before it gets the name. A commit that
 *       goes <em>back</em> is forced before it returns, because otherwise an earlier commit might be left, which would skip records. And the file is
 *       forced before records that a commit released are deleted.
 *   <li><b>A write or a force fails</b>: the commit throws, and may count or not. The contents of the file are unknown then, so the next commit
 *       begins a new file.
 *   <li><b>The thread is interrupted</b>: the JDK closes the channel; it is opened again, and the same bytes are written at the same offset.
 * </ul>
 *
 * <p>A commit costs one write. A new file is begun when the file has {@link #MAX_GARBAGE_FACTOR} times the bytes that count, so a commit's share of
 * that cost doesn't depend on the number of keys. One is begun, too, when {@link #MAX_GROWTH_FACTOR} times as many bytes count as when the file was
 * begun: many of these bytes may be commits of streams that have gone.
 */
public final class CursorWriter implements AutoCloseable {

    /** A file is rewritten when it is this many times as long as the bytes that count. So three bytes are added for each byte that is copied. */
    static final int MAX_GARBAGE_FACTOR = 4;
    /**
     * A file is also rewritten when the bytes that count are this many times what they were: the new file leaves out commits of streams that have
     * gone.
     */
    static final int MAX_GROWTH_FACTOR = 2;
    /** Enough for some five million keys. The commits are kept in memory, by the writer of the log too. */
    static final long MAX_FILE_BYTES = 256L << 20;

    private static final int CHUNK_BYTES = 64 << 10;

    private final Path root;
    private final StreamKey name;
    private final CursorSettings settings;
    private final ConsumedStreams streams;
    private final ProcessLock lock;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    @GuardedBy("this")
    private CursorState state;
    /** Whether the file may have bytes after the state's end, or its name may belong to another file. */
    @GuardedBy("this")
    private boolean inDoubt;
    /** The length above which the file is rewritten. */
    @GuardedBy("this")
    private long compactedAbove;
    /** The file is also rewritten when more bytes than this count. */
    @GuardedBy("this")
    private long liveAbove;
    @GuardedBy("this")
    private final LogFile file;
    @GuardedBy("this")
    private boolean closed;

    private CursorWriter(
            Path root, CursorSettings settings, ConsumedStreams streams, ProcessLock lock, CursorState state, boolean inDoubt) {
        this.root = root;
        this.settings = settings;
        this.streams = streams;
        this.name = state.header().name();
        this.lock = lock;
        this.state = state;
        this.inDoubt = inDoubt;
        setLimits();
        this.file = new LogFile(CursorFiles.cursor(root, name), StandardOpenOption.WRITE);
    }

    /**
     * Opens a consumer's cursor; if there is none, creates it, durably.
     *
     * @throws ProcessLock.HeldException if it is open already, in this process or another
     * @throws ConsumerMismatchException if the consumer is bound to other keys
     */
    public static CursorWriter open(Path root, StreamKey name, KeyScope scope, CursorSettings settings, ConsumedStreams streams)
            throws IOException, ProcessLock.HeldException {
        CursorFiles.createDirectory(root);
        ProcessLock lock = ProcessLock.acquire(CursorFiles.lock(root, name));
        try {
            CursorReader reader = new CursorReader(CursorFiles.cursor(root, name));
            boolean unused = reader.refresh();
            CursorState found = reader.state();
            if (found != null) {
                checkScope(found.header(), scope, reader.file());
                forceNames(root);
                CursorWriter opened = new CursorWriter(root, settings, streams, lock, found, reader.isTrailed());
                opened.forgetGone();
                return opened;
            }
            CursorState nothing = new CursorState(new CursorHeader(name, scope, streams.start(), settings.salts().getAsLong()));
            CursorWriter made = new CursorWriter(root, settings, streams, lock, nothing, true);
            made.create();
            return made;
        } catch (IOException | RuntimeException e) {
            LeftOpen.close(lock, e);
            throw e;
        }
    }

    /**
     * Forces the directories with the cursor's name: the process that made the file may have been killed before it forced them, and a commit that
     * goes back forces the file only.
     */
    private static void forceNames(Path root) throws IOException {
        DirectoryForce.force(root);
        DirectoryForce.force(CursorFiles.directory(root));
    }

    /**
     * Checks that a consumer is bound to the keys that it is opened with.
     *
     * @param file of the cursor
     * @throws ConsumerMismatchException if it is bound to other keys
     */
    public static void checkScope(CursorHeader header, KeyScope scope, Path file) {
        if (!header.scope().equals(scope)) {
            throw new ConsumerMismatchException("consumer is bound to other keys: consumer=" + header.name() + ", boundTo=" + header.scope()
                    + ", given=" + scope + ", file=" + file + "; open it with the keys that it is bound to, use another name, or remove it first", file);
        }
    }

    private synchronized void create() throws IOException {
        long nowMillis = settings.clock().millis();
        Map<String, Committed> commits = new HashMap<>();
        streams.begin(streams.keys(), Long.MAX_VALUE).forEach((key, position) -> commits.put(key, new Committed(position, nowMillis)));
        replaceBy(writeTemporary(new Commits(state.header().start(), commits)));
    }

    /** Where streams without a commit begin. */
    public synchronized long start() {
        return state.header().start();
    }

    /** By key; a copy. */
    public synchronized Map<String, Committed> commits() {
        return Map.copyOf(state.commits());
    }

    /** Empty if the stream was never committed. */
    public synchronized Optional<Committed> committed(String key) {
        return Optional.ofNullable(state.of(key));
    }

    /**
     * After this method has returned, the commits survive the end of the process. If one of them goes back, all of them survive power loss, too.
     *
     * @param entries of different streams, written by one write
     * @throws IOException if they can't be written; each may count or not
     */
    public synchronized void commit(List<CursorEntry> entries) throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        if (entries.isEmpty()) {
            return;
        }
        ConsumerCommitEvent event = FlightRecording.isOn() ? new ConsumerCommitEvent() : null;
        CursorState before = state;
        write(entries);
        if (event != null) {
            event.committed(name.text(), entries.size(), !state.equals(before));
        }
    }

    @GuardedBy("this")
    private void write(List<CursorEntry> entries) throws IOException {
        if (inDoubt) {
            replaceBy(writeTemporary(new Commits(state.header().start(), commitsWith(entries))));
        } else if (state.end() + bytes(entries) > compactedAbove || state.liveBytes() > liveAbove) {
            compact(entries);
        } else {
            append(entries);
        }
    }

    private static long bytes(List<CursorEntry> entries) {
        return entries.stream().mapToLong(entry -> CursorLayout.entryBytes(entry.key())).sum();
    }

    // ---------------------------------------------------------------- some entries more

    @GuardedBy("this")
    private void append(List<CursorEntry> entries) throws IOException {
        long bytes = bytes(entries);
        ByteBuffer content = bytes <= buffer.capacity() ? buffer.clear() : ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
        long salt = state.header().salt();
        long start = state.end();
        for (CursorEntry entry : entries) {
            CursorLayout.encode(content, entry, salt, start + content.position());
        }
        inDoubt = true;
        file.write(start, content.flip());
        boolean goesBack = false;
        for (CursorEntry entry : entries) {
            Committed before = state.of(entry.key().text());
            goesBack |= before != null && entry.position() < before.position();
            state.add(entry.key().text(), new Committed(entry.position(), entry.committedAtMillis()), CursorLayout.entryBytes(entry.key()));
        }
        if (goesBack) {
            file.force();
        }
        inDoubt = false;
    }

    // ---------------------------------------------------------------- a new file

    @GuardedBy("this")
    private void setLimits() {
        compactedAbove = Math.min(MAX_FILE_BYTES, Math.max(settings.minCompactedBytes(), MAX_GARBAGE_FACTOR * state.liveBytes()));
        liveAbove = Math.max(settings.minCompactedBytes(), MAX_GROWTH_FACTOR * state.liveBytes());
    }

    /** Writes a new file. If that fails, also because the streams can't be listed, the old one, which is sound, may grow further. */
    @GuardedBy("this")
    private void compact(List<CursorEntry> entries) throws IOException {
        CursorState next;
        try {
            Map<String, Committed> commits = commitsWith(entries);
            next = writeTemporary(withoutGone(commits).orElse(new Commits(state.header().start(), commits)));
        } catch (IOException | CorruptSegmentException | UnsupportedFormatException e) {
            compactedAbove = Math.min(MAX_FILE_BYTES, 2 * compactedAbove);
            liveAbove = 2 * liveAbove;
            if (state.end() + bytes(entries) > compactedAbove) {
                throw e;
            }
            append(entries);
            return;
        }
        replaceBy(next);
    }

    /**
     * The contents of a file to be written.
     *
     * @param start where streams without a commit begin
     */
    private record Commits(long start, Map<String, Committed> byKey) {}

    /** Rewrites the file without the oldest commits of deleted streams. If that fails, the old file, which is sound, stays. */
    private synchronized void forgetGone() {
        try {
            Optional<Commits> left = withoutGone(state.commits());
            if (left.isPresent()) {
                replaceBy(writeTemporary(left.get()));
            }
        } catch (IOException | CorruptSegmentException | UnsupportedFormatException e) {
            // the next opening, or the next new file, tries again; if the file was replaced, the next commit begins another one
            return;
        }
    }

    /**
     * The commits without those of deleted streams, of which only the latest are kept. If a stream comes back under a key that was left out, it has
     * no entry, and is read from its first record. That is right, because all its records are new:
     *
     * <ul>
     *   <li><b>No record is skipped</b>: {@code start} never makes a reader leave out a record; it only marks the position below which nothing is
     *       reported as lost.
     *   <li><b>No record is read twice</b>: the stream had no segment when the streams were listed, and no file or directory that may have one was
     *       damaged, or not in its place; a stream that is only not listed keeps its commit. The stream's later records are new ones, at positions
     *       that were never given before. (A power loss may bring a deleted file back before the log is opened for writing; it may bring back an
     *       earlier commit as well.)
     *   <li><b>No committed record is reported as lost</b>: before a stream's last segment is deleted, the log's start is raised above all the
     *       stream's positions. So the start that is read after the listing is above all positions of every stream that isn't listed. Hence it is
     *       above the end that such a stream's next first segment names.
     *   <li><b>Losses of other streams are still reported</b>: an existing stream without an entry gets one, because it may have begun below the new
     *       start.
     * </ul>
     *
     * <p>If a stream that was left out had lost records after its commit, that isn't reported any more when it comes back.
     *
     * @return empty if none has to be left out
     */
    @GuardedBy("this")
    private Optional<Commits> withoutGone(Map<String, Committed> commits) throws IOException {
        if (commits.size() <= settings.maxGoneKeys()) {
            return Optional.empty();
        }
        Set<String> there = streams.keys();
        List<String> missing = commits.entrySet().stream().filter(commit -> !there.contains(commit.getKey()))
                .sorted(Comparator.comparingLong(commit -> commit.getValue().atMillis())).map(Map.Entry::getKey).toList();
        if (missing.size() <= settings.maxGoneKeys()) {
            return Optional.empty();
        }
        Set<String> gone = streams.gone(missing.subList(0, missing.size() - settings.maxGoneKeys()));
        if (gone.isEmpty()) {
            return Optional.empty();
        }
        long startBefore = state.header().start();
        long start = streams.start();
        Map<String, Committed> left = new HashMap<>(commits);
        gone.forEach(left::remove);
        long lastMillis = commits.values().stream().mapToLong(Committed::atMillis).max().orElse(0);
        List<String> withoutCommit = there.stream().filter(key -> !left.containsKey(key)).toList();
        streams.begin(withoutCommit, startBefore).forEach((key, position) -> left.put(key, new Committed(position, lastMillis)));
        return Optional.of(new Commits(Math.max(start, startBefore), left));
    }

    @GuardedBy("this")
    private Map<String, Committed> commitsWith(List<CursorEntry> entries) {
        Map<String, Committed> commits = new HashMap<>(state.commits());
        entries.forEach(entry -> commits.put(entry.key().text(), new Committed(entry.position(), entry.committedAtMillis())));
        return commits;
    }

    /** @return the contents of the file, which are durable, except for its name */
    @GuardedBy("this")
    private CursorState writeTemporary(Commits commits) throws IOException {
        CursorHeader header = new CursorHeader(name, state.header().scope(), commits.start(), settings.salts().getAsLong());
        return LogFile.writeNew(CursorFiles.temporary(root, name), content -> writeAll(content, buffer, header, commits.byKey()));
    }

    private static CursorState writeAll(LogFile.Opened content, ByteBuffer chunk, CursorHeader header, Map<String, Committed> commits)
            throws IOException {
        CursorState written = new CursorState(header);
        long flushed = 0;
        chunk.clear().put(CursorLayout.encode(header));
        for (Map.Entry<String, Committed> commit : commits.entrySet()) {
            if (chunk.remaining() < CursorLayout.MAX_ENTRY_BYTES) {
                flushed = flush(content, chunk, flushed);
            }
            CursorEntry entry = new CursorEntry(StreamKey.of(commit.getKey()), commit.getValue().position(), commit.getValue().atMillis());
            CursorLayout.encode(chunk, entry, header.salt(), written.end());
            written.add(commit.getKey(), commit.getValue(), CursorLayout.entryBytes(entry.key()));
        }
        long end = flush(content, chunk, flushed);
        if (end > MAX_FILE_BYTES) {
            throw new IOException("consumer has too many commits: bytes=" + end + ", max=" + MAX_FILE_BYTES + ", keys=" + commits.size()
                     + "; use several consumers, each with a longer prefix");
        }
        return written;
    }

    /** @return the offset for the next bytes */
    private static long flush(LogFile.Opened content, ByteBuffer chunk, long offset) throws IOException {
        content.write(offset, chunk.flip());
        long end = offset + chunk.limit();
        chunk.clear();
        return end;
    }

    /** As {@link LogFile#replace}. After the rename the new file counts, whether or not its name is durable yet. */
    @GuardedBy("this")
    private void replaceBy(CursorState next) throws IOException {
        inDoubt = true;
        LogFile.rename(CursorFiles.temporary(root, name), CursorFiles.cursor(root, name));
        state = next;
        setLimits();
        file.close();
        DirectoryForce.force(CursorFiles.directory(root));
        inDoubt = false;
    }

    // ---------------------------------------------------------------- the end

    /** Closes the cursor, so that the consumer can be opened again; a second call does nothing. */
    @Override
    public synchronized void close() throws IOException {
        if (!closed) {
            closed = true;
            try {
                file.close();
            } finally {
                lock.close();
            }
        }
    }

    /**
     * Removes a consumer and its commits.
     *
     * @return whether there was one
     * @throws ProcessLock.HeldException if it is open already, in this process or another
     */
    @SuppressWarnings("try") // the lock is held, not used
    public static boolean remove(Path root, StreamKey name) throws IOException, ProcessLock.HeldException {
        Path file = CursorFiles.cursor(root, name);
        if (!Files.exists(file)) {
            return false;
        }
        try (ProcessLock lock = ProcessLock.acquire(CursorFiles.lock(root, name))) {
            Files.deleteIfExists(CursorFiles.temporary(root, name));
            boolean removed = Files.deleteIfExists(file);
            DirectoryForce.force(CursorFiles.directory(root));
            return removed;
        }
    }
}
