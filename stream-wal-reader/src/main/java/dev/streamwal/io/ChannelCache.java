package dev.streamwal.io;

import static java.lang.System.Logger.Level.WARNING;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Files open for reading, shared by threads. At most {@code maxOpenFiles} stay open, and one more while it is read. Files that are being
 * read may exceed the limit: a caller that reads several at a time checks {@link #room()} first. The file unused for longest is closed
 * first. A file unused for 10 s is closed at the next use of the cache, since a deleted file keeps its space while it is open. When the
 * cache is full, a file is kept only from its second use on, so that a pass over many files doesn't evict the few that are read all the
 * time. Thread-safe.
 *
 * <p>Lock order: this, then a file.
 */
public final class ChannelCache implements AutoCloseable {

    /** Uses remembered for each file kept: enough to tell files that are read again from files read once, at 4 bytes each. */
    private static final int REMEMBERED_PER_FILE = 4;

    private static final int MAX_REMEMBERED = 1 << 16;

    private static final long MAX_IDLE_NANOS = 10_000_000_000L;

    private final int maxOpenFiles;
    private final boolean isMapping;
    private final boolean isDirect;
    private final LongSupplier nanoTime;
    private final ReadCounter reads;
    private final int[] recentUses;

    private final Map<Path, SharedFile> open = new HashMap<>();
    /** Open files that are not being read, the one unused for longest first. */
    private final Map<Path, SharedFile> idle = new LinkedHashMap<>();
    /** Number of files being read, including those that have lost their names. Written under the lock; a merged scan looks at each record. */
    private volatile int lent;

    private volatile boolean closed;

    /** @param maxOpenFiles 1 or more */
    public ChannelCache(int maxOpenFiles) {
        this(maxOpenFiles, false, false);
    }

    /**
     * @param maxOpenFiles 1 or more
     * @param isMapping whether {@link #acquireSealed sealed} files are copied out of a mapping, if this Java can do that
     * @param isDirect whether scans read sealed files past the page cache, if the file system can do that
     */
    public ChannelCache(int maxOpenFiles, boolean isMapping, boolean isDirect) {
        this(maxOpenFiles, isMapping, isDirect, System::nanoTime, new ReadCounter());
    }

    ChannelCache(int maxOpenFiles, boolean isMapping, boolean isDirect, LongSupplier nanoTime, ReadCounter reads) {
        this.reads = reads;
        this.maxOpenFiles = maxOpenFiles;
        this.isMapping = isMapping && ArenaMapping.isSupported();
        this.isDirect = isDirect;
        this.nanoTime = nanoTime;
        int remembered = (int) Math.min(MAX_REMEMBERED, (long) maxOpenFiles * REMEMBERED_PER_FILE);
        this.recentUses = new int[Integer.highestOneBit(remembered)];
    }

    /** An empty cache in place of this one, with the same settings. It counts on. */
    public ChannelCache anew() {
        return new ChannelCache(maxOpenFiles, isMapping, isDirect, nanoTime, reads);
    }

    /**
     * The file, open, until the caller closes it. If another file has the name now, that one is opened.
     *
     * @throws NoSuchFileException if there is no such file, even if a deleted file of this name was open in the cache
     */
    public SharedFile acquire(Path path) throws IOException {
        return acquire(path, true);
    }

    /** As {@link #acquire}; if the file is open already, it may have been deleted or replaced since. */
    public SharedFile acquireAsOpened(Path path) throws IOException {
        return acquire(path, false);
    }

    private SharedFile acquire(Path path, boolean isLookedAt) throws IOException {
        SharedFile file;
        SharedFile surplus;
        boolean wasOpen;
        synchronized (this) {
            if (closed) {
                throw new IOException("reader is closed");
            }
            SharedFile known = open.get(path);
            wasOpen = known != null;
            file = known != null ? known : new SharedFile(path, this, reads);
            open.put(path, file);
            idle.remove(path);
            lent += file.users++ == 0 ? 1 : 0;
            // one file more than the limit: for a pass over many files, one by one
            surplus = open.size() > (long) maxOpenFiles + 1 ? evictEldest(nanoTime.getAsLong()) : null;
        }
        if (surplus != null) {
            shut(surplus);
        }
        boolean isReplaced = false;
        try {
            if (!wasOpen) {
                openFile(file);
            } else {
                isReplaced = isLookedAt && file.isReplaced();
                file.open();
            }
        } catch (IOException | RuntimeException | Error e) {
            forget(path);
            file.close();
            throw e;
        }
        if (isReplaced) {
            forget(path);
            file.close();
            return acquire(path, true);
        }
        return file;
    }

    /** As {@link #acquireAsOpened}, for a file that isn't appended to any more. */
    public SharedFile acquireSealed(Path path) throws IOException {
        SharedFile file = acquireAsOpened(path);
        if (isMapping) {
            file.map();
        }
        if (isDirect) {
            file.readDirectly();
        }
        return file;
    }

    /** Whether files that aren't appended to any more are copied out of mappings. */
    public boolean isMapping() {
        return isMapping;
    }

    /** Whether scans read files that aren't appended to any more past the page cache. */
    public boolean isDirect() {
        return isDirect;
    }

    private void openFile(SharedFile file) throws IOException {
        SharedFile unused = makingRoom(() -> {
            file.open();
            return file;
        });
    }

    /** Opens a file; if the process has too many files open, closes the idle ones of this cache and tries again. */
    public <T> T makingRoom(FileOperation<T> opening) throws IOException {
        try {
            return opening.run();
        } catch (IOException e) {
            if (!IoFailure.isTooManyOpenFiles(e) || !closeIdle()) {
                throw e;
            }
            return opening.run();
        }
    }

    /** Closes the files that are not being read; false if there are none. */
    private boolean closeIdle() {
        List<SharedFile> files;
        synchronized (this) {
            files = new ArrayList<>(idle.values());
            open.values().removeAll(files);
            idle.clear();
        }
        files.forEach(ChannelCache::shut);
        return !files.isEmpty();
    }

    void release(SharedFile file) {
        SharedFile surplus = null;
        boolean isIdle;
        synchronized (this) {
            isIdle = --file.users == 0;
            lent -= isIdle ? 1 : 0;
            if (file.users > 0 || open.get(file.path()) != file) {
                surplus = file.users > 0 ? null : file;
            } else if (!closed && keep(file)) {
                file.idleSince = nanoTime.getAsLong();
                idle.put(file.path(), file);
                surplus = evictEldest(file.idleSince);
            } else {
                open.remove(file.path());
                surplus = file;
            }
        }
        if (surplus != null) {
            shut(surplus);
        }
        if (isIdle && surplus != file) {
            rest(file);
        }
    }

    private boolean keep(SharedFile file) {
        file.kept |= open.size() <= maxOpenFiles || usedRecently(file.path());
        return file.kept;
    }

    /** Approximate by design: two files may share a place; then one of them needs one use more. */
    private boolean usedRecently(Path path) {
        int hash = path.hashCode();
        int place = (hash ^ hash >>> 16) & recentUses.length - 1;
        boolean used = recentUses[place] == hash;
        recentUses[place] = hash;
        return used;
    }

    /** Evicts at most one file, since every use adds at most one. */
    private @Nullable SharedFile evictEldest(long now) {
        Iterator<SharedFile> eldestFirst = idle.values().iterator();
        if (!eldestFirst.hasNext()) {
            return null;
        }
        SharedFile eldest = eldestFirst.next();
        if (open.size() <= maxOpenFiles && now - eldest.idleSince < MAX_IDLE_NANOS) {
            return null;
        }
        eldestFirst.remove();
        open.remove(eldest.path());
        return eldest;
    }

    /** Closes a deleted file as soon as it is no longer being read. */
    public void forget(Path path) {
        SharedFile unused;
        synchronized (this) {
            unused = idle.remove(path);
            open.remove(path);
        }
        if (unused != null) {
            shut(unused);
        }
    }

    private static void shut(SharedFile file) {
        try {
            file.shut();
        } catch (IOException e) {
            notClosed(file, e);
        }
    }

    private static void rest(SharedFile file) {
        try {
            file.rest();
        } catch (IOException e) {
            notClosed(file, e);
        }
    }

    private static void notClosed(SharedFile file, IOException e) {
        // no logger is kept: the JDK's first one costs more than opening a log and reading from it
        System.getLogger(ChannelCache.class.getName()).log(WARNING, () -> "closing a file that was read failed: file=" + file.path(), e);
    }

    /** Read calls made so far, by all threads. */
    public long readCalls() {
        return reads.calls();
    }

    /** Bytes read so far, by all threads. */
    public long readBytes() {
        return reads.bytes();
    }

    /** Of these, bytes read past the page cache. */
    public long directReadBytes() {
        return reads.directBytes();
    }

    /** Files open now. */
    public synchronized int openFiles() {
        return open.size();
    }

    /** How many more files may be read at the same time; negative if the limit is exceeded. */
    public int room() {
        return maxOpenFiles - lent;
    }

    /** Whether {@link #close()} was called. */
    public boolean isClosed() {
        return closed;
    }

    /** Closes all files, including those being read. */
    @Override
    public void close() {
        List<SharedFile> files;
        synchronized (this) {
            closed = true;
            files = new ArrayList<>(open.values());
            open.clear();
            idle.clear();
        }
        files.forEach(ChannelCache::shut);
    }
}
