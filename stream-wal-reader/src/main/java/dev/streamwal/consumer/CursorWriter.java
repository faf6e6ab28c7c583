package dev.streamwal.consumer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.error.ConsumerMismatchException;
import dev.streamwal.format.CursorEntry;
import dev.streamwal.format.CursorHeader;
import dev.streamwal.format.CursorLayout;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.DirectoryForce;
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
 * A consumer's cursor, for the one process that has it open. Thread-safe.
 *
 * <h2>A commit is all or nothing</h2>
 *
 * <p>It is one entry behind the last one, or a new file with it, which takes the old one's name by a move. Several that are made together
 * are written together, and each is all or nothing by itself.
 *
 * <ul>
 *   <li><b>The process is killed</b> while the entry is written: what there is of it doesn't verify, so it isn't there. Nothing is ever
 *       written behind or over it: whoever opens the cursor next begins a new file with his first commit. Where a new file takes the name,
 *       the one or the other is whole.
 *   <li><b>The power is lost</b>: entries are not forced, so the last ones may be gone, or in part, and reading stops before the first
 *       that is: an earlier commit is what is left, and what came after it is delivered again. A new file is forced before it gets the
 *       name. Only a commit that goes <em>back</em> is forced before it returns, since there an earlier commit would skip records; and
 *       whoever deletes what a commit gives free forces the file first.
 *   <li><b>A write or a force fails</b>: the commit throws, and counts or doesn't. What stands in the file is not known, so the next
 *       commit begins a new one.
 *   <li><b>The thread is interrupted</b>: the channel is closed, opened again, and the same bytes are written at the same offset.
 * </ul>
 *
 * <p>A commit costs one write. A new file is begun when the file has {@link #MAX_GARBAGE_FACTOR} times the bytes that count, so a commit's
 * share of that is the same however many keys there are.
 */
public final class CursorWriter implements AutoCloseable {

    /** How many times the bytes that count a file has before it is written anew: so three bytes are added for each that is copied. */
    static final int MAX_GARBAGE_FACTOR = 4;
    /** Some five million keys. It is kept in memory, by the writer of the log too. */
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
    /** Whether the file may hold something behind the state's end, or its name stand for another file. */
    @GuardedBy("this")
    private boolean inDoubt;
    /** Above which length the file is written anew. */
    @GuardedBy("this")
    private long compactedAbove;
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
        this.compactedAbove = compactedAbove(state, settings);
        this.file = new LogFile(CursorFiles.cursor(root, name), StandardOpenOption.WRITE);
    }

    /**
     * Opens a consumer's cursor, and makes it, durably, if there is none.
     *
     * @throws ProcessLock.HeldException where somebody has it open, in this process or another
     * @throws ConsumerMismatchException where the consumer reads something else
     */
    public static CursorWriter open(Path root, StreamKey name, KeyScope scope, CursorSettings settings, ConsumedStreams streams)
            throws IOException, ProcessLock.HeldException {
        createDirectory(root);
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
            lock.close();
            throw e;
        }
    }

    private static void createDirectory(Path root) throws IOException {
        Path directory = CursorFiles.directory(root);
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory);
            DirectoryForce.force(root);
        }
    }

    /** Whoever gave them may have been killed before he did, and a commit that goes back forces the file alone. */
    private static void forceNames(Path root) throws IOException {
        DirectoryForce.force(root);
        DirectoryForce.force(CursorFiles.directory(root));
    }

    /**
     * Whether a consumer is what it is opened as.
     *
     * @param file of the cursor
     * @throws ConsumerMismatchException where it reads something else
     */
    public static void checkScope(CursorHeader header, KeyScope scope, Path file) {
        if (!header.scope().equals(scope)) {
            throw new ConsumerMismatchException("consumer " + header.name() + " is bound to " + header.scope() + ", not " + scope + ": file=" + file
                    + "; open it with the keys that it is bound to, use another name, or remove it first", file);
        }
    }

    private synchronized void create() throws IOException {
        long nowMillis = settings.clock().millis();
        Map<String, Committed> commits = new HashMap<>();
        for (String key : streams.keys()) {
            streams.begin(key, Long.MAX_VALUE).ifPresent(position -> commits.put(key, new Committed(position, nowMillis)));
        }
        replaceBy(writeTemporary(new Commits(state.header().start(), commits)));
    }

    /** Where streams begin of which nothing is committed. */
    public synchronized long start() {
        return state.header().start();
    }

    /** By key; a copy. */
    public synchronized Map<String, Committed> commits() {
        return Map.copyOf(state.commits());
    }

    /** Empty where it has never been committed. */
    public synchronized Optional<Committed> committed(String key) {
        return Optional.ofNullable(state.of(key));
    }

    /** As {@link #commit(List)}, one. */
    public void commit(CursorEntry entry) throws IOException {
        commit(List.of(entry));
    }

    /**
     * When it returns, the commits survive the end of the process, and where one goes back, all of them power loss.
     *
     * @param entries of different streams, written by one write
     * @throws IOException where they can't be written; each counts or doesn't
     */
    public synchronized void commit(List<CursorEntry> entries) throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        if (entries.isEmpty()) {
            return;
        }
        if (inDoubt) {
            replaceBy(writeTemporary(new Commits(state.header().start(), commitsWith(entries))));
        } else if (state.end() + bytes(entries) > compactedAbove) {
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

    private static long compactedAbove(CursorState state, CursorSettings settings) {
        return Math.min(MAX_FILE_BYTES, Math.max(settings.minCompactedBytes(), MAX_GARBAGE_FACTOR * state.liveBytes()));
    }

    /** Where a new file can't be made, the old one, which is sound, may become longer. */
    @GuardedBy("this")
    private void compact(List<CursorEntry> entries) throws IOException {
        CursorState next;
        try {
            Map<String, Committed> commits = commitsWith(entries);
            next = writeTemporary(withoutGone(commits).orElse(new Commits(state.header().start(), commits)));
        } catch (IOException e) {
            compactedAbove = Math.min(MAX_FILE_BYTES, 2 * compactedAbove);
            if (state.end() + bytes(entries) > compactedAbove) {
                throw e;
            }
            append(entries);
            return;
        }
        replaceBy(next);
    }

    /**
     * What a file is to say.
     *
     * @param start where streams begin of which nothing is committed
     */
    private record Commits(long start, Map<String, Committed> byKey) {}

    /** Where a new file can't be made, the old one, which is sound, stays. */
    private synchronized void forgetGone() {
        try {
            Optional<Commits> left = withoutGone(state.commits());
            if (left.isPresent()) {
                replaceBy(writeTemporary(left.get()));
            }
        } catch (IOException e) {
            // the next opening, or the next new file, tries again; if the file was replaced, the next commit begins another one
            return;
        }
    }

    /**
     * Of streams that have gone, only those that were committed last. A stream that comes back under a key that was left out has no entry
     * then, and is read from its first record, which is right, as all its records are new:
     *
     * <ul>
     *   <li><b>Nothing is skipped</b>: {@code start} never makes a reader leave a record out; it says only below what nothing is told of as lost.
     *   <li><b>Nothing is read twice</b>: the stream had no segment when it was looked for. What it gets later are other records, at positions that
     *       were never given. (A power loss may bring a deleted file back before the log is opened for writing; it may bring back an earlier commit
     *       as well.)
     *   <li><b>Nothing that was committed is called lost</b>: before a stream's last segment is deleted, the log's start is raised above all that
     *       the stream had. So the start that is read behind the list is above all of every stream that isn't in the list, and so above what
     *       a later first segment says of the end before it.
     *   <li><b>What others have lost is still told</b>: a stream that is there and has no entry gets one, since it may have begun below the new
     *       start.
     * </ul>
     *
     * <p>What a stream that was left out had lost behind its commit is not told any more when it comes back.
     *
     * @return empty where there are not too many
     */
    @GuardedBy("this")
    private Optional<Commits> withoutGone(Map<String, Committed> commits) throws IOException {
        if (commits.size() <= settings.maxGoneKeys()) {
            return Optional.empty();
        }
        Set<String> there = streams.keys();
        List<String> gone = commits.entrySet().stream().filter(commit -> !there.contains(commit.getKey()))
                .sorted(Comparator.comparingLong(commit -> commit.getValue().atMillis())).map(Map.Entry::getKey).toList();
        if (gone.size() <= settings.maxGoneKeys()) {
            return Optional.empty();
        }
        long startBefore = state.header().start();
        long start = streams.start();
        Map<String, Committed> left = new HashMap<>(commits);
        gone.subList(0, gone.size() - settings.maxGoneKeys()).forEach(left::remove);
        long lastMillis = commits.values().stream().mapToLong(Committed::atMillis).max().orElse(0);
        for (String key : there) {
            if (!left.containsKey(key)) {
                streams.begin(key, startBefore).ifPresent(position -> left.put(key, new Committed(position, lastMillis)));
            }
        }
        return Optional.of(new Commits(Math.max(start, startBefore), left));
    }

    @GuardedBy("this")
    private Map<String, Committed> commitsWith(List<CursorEntry> entries) {
        Map<String, Committed> commits = new HashMap<>(state.commits());
        entries.forEach(entry -> commits.put(entry.key().text(), new Committed(entry.position(), entry.committedAtMillis())));
        return commits;
    }

    /** @return what the file says, which is durable but for its name */
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
            throw new IOException("consumer's commits exceed " + MAX_FILE_BYTES + " bytes: bytes=" + end + ", keys="
                    + commits.size() + "; use several consumers, each with a longer prefix");
        }
        return written;
    }

    /** @return where the next bytes go */
    private static long flush(LogFile.Opened content, ByteBuffer chunk, long offset) throws IOException {
        content.write(offset, chunk.flip());
        long end = offset + chunk.limit();
        chunk.clear();
        return end;
    }

    /** As {@link LogFile#replace}; what was renamed counts, whether or not its name is durable. */
    @GuardedBy("this")
    private void replaceBy(CursorState next) throws IOException {
        inDoubt = true;
        LogFile.rename(CursorFiles.temporary(root, name), CursorFiles.cursor(root, name));
        state = next;
        compactedAbove = compactedAbove(next, settings);
        file.close();
        DirectoryForce.force(CursorFiles.directory(root));
        inDoubt = false;
    }

    // ---------------------------------------------------------------- the end

    /** Others may open the consumer; the second time it does nothing. */
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
     * Removes a consumer; what it has committed is gone.
     *
     * @return whether there was one
     * @throws ProcessLock.HeldException where somebody has it open, in this process or another
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
