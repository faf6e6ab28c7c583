package dev.streamwal.io;

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
 * Files open for reading, shared by threads. At most {@code maxOpenFiles} stay open, and one more while it is read; files that are being
 * read are more where they alone are more, so who reads several at a time asks whether there is {@link #room()}. The one that was not read for longest goes first, and so does, at the next use of the cache, what was not read for
 * 10 s: a deleted file keeps its space while it is open. When the cache is full, a file is kept only from its second use
 * on, so that a pass over many files doesn't flush out the few that are read all the time. Thread-safe.
 *
 * <p>Lock order: this, then a file.
 */
public final class ChannelCache implements AutoCloseable {

    /** Uses remembered for each file kept: enough to tell what comes back from what is passed by, at 4 bytes each. */
    private static final int REMEMBERED_PER_FILE = 4;

    private static final int MAX_REMEMBERED = 1 << 16;

    private static final long MAX_IDLE_NANOS = 10_000_000_000L;

    private static final System.Logger LOG = System.getLogger(ChannelCache.class.getName());

    private final int maxOpenFiles;
    private final boolean isMapping;
    private final LongSupplier nanoTime;
    private final ReadCounter reads = new ReadCounter();
    private final int[] recentUses;

    private final Map<Path, SharedFile> open = new HashMap<>();
    /** Open files that nobody reads, the one longest so first. */
    private final Map<Path, SharedFile> idle = new LinkedHashMap<>();
    /** Files that somebody reads, also those that have lost their names. */
    private int lent;

    private volatile boolean closed;

    /** @param maxOpenFiles 1 or more */
    public ChannelCache(int maxOpenFiles) {
        this(maxOpenFiles, false);
    }

    /**
     * @param maxOpenFiles 1 or more
     * @param isMapping whether what is {@link #acquireSealed sealed} is copied out of a mapping, where this Java can
     */
    public ChannelCache(int maxOpenFiles, boolean isMapping) {
        this(maxOpenFiles, isMapping, System::nanoTime);
    }

    ChannelCache(int maxOpenFiles, boolean isMapping, LongSupplier nanoTime) {
        this.maxOpenFiles = maxOpenFiles;
        this.isMapping = isMapping && ArenaMapping.isSupported();
        this.nanoTime = nanoTime;
        int remembered = (int) Math.min(MAX_REMEMBERED, (long) maxOpenFiles * REMEMBERED_PER_FILE);
        this.recentUses = new int[Integer.highestOneBit(remembered)];
    }

    /**
     * The file, open, until it is closed by the caller.
     *
     * @throws NoSuchFileException where there is no such file, also if it was open in the cache: what is deleted is gone, and where another
     *     file has the name now, that one is opened
     */
    public SharedFile acquire(Path path) throws IOException {
        SharedFile file;
        SharedFile surplus;
        boolean wasOpen;
        synchronized (this) {
            if (closed) {
                throw new IOException("the reader has been closed");
            }
            SharedFile known = open.get(path);
            wasOpen = known != null;
            file = known != null ? known : new SharedFile(path, this, reads);
            open.put(path, file);
            idle.remove(path);
            lent += file.users++ == 0 ? 1 : 0;
            // the one more is for a pass over many files, one by one
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
                isReplaced = file.isReplaced();
                file.open();
            }
        } catch (IOException e) {
            forget(path);
            file.close();
            throw e;
        }
        if (isReplaced) {
            forget(path);
            file.close();
            return acquire(path);
        }
        return file;
    }

    /** As {@link #acquire}, of a file that isn't appended to any more. */
    public SharedFile acquireSealed(Path path) throws IOException {
        SharedFile file = acquire(path);
        if (isMapping) {
            file.map();
        }
        return file;
    }

    /** Whether files that aren't appended to any more are copied out of mappings. */
    public boolean isMapping() {
        return isMapping;
    }

    private void openFile(SharedFile file) throws IOException {
        SharedFile unused = makingRoom(() -> {
            file.open();
            return file;
        });
    }

    /** Something that opens a file of any kind. */
    public interface Opening<T> {
        T run() throws IOException;
    }

    /** Where the process has too many files open, those that are only kept here for later give way. */
    public <T> T makingRoom(Opening<T> opening) throws IOException {
        try {
            return opening.run();
        } catch (IOException e) {
            if (!IoFailure.isTooManyOpenFiles(e) || !closeIdle()) {
                throw e;
            }
            return opening.run();
        }
    }

    /** Closes what nobody reads; false where there is nothing such. */
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
        synchronized (this) {
            lent -= --file.users == 0 ? 1 : 0;
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
    }

    private boolean keep(SharedFile file) {
        file.kept |= open.size() <= maxOpenFiles || usedRecently(file.path());
        return file.kept;
    }

    /** Forgetful by design: two files may share a place, and then one of them has to come back once more. */
    private boolean usedRecently(Path path) {
        int hash = path.hashCode();
        int place = (hash ^ hash >>> 16) & recentUses.length - 1;
        boolean used = recentUses[place] == hash;
        recentUses[place] = hash;
        return used;
    }

    /** One at most: every use adds one at most. */
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

    /** Closes the file as soon as nobody reads it: it has been deleted. */
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
            LOG.log(System.Logger.Level.WARNING, () -> "closing a file that was read failed: file=" + file.path(), e);
        }
    }

    /** Read calls made so far, by everybody. */
    public long readCalls() {
        return reads.calls();
    }

    /** Bytes read so far, by everybody. */
    public long readBytes() {
        return reads.bytes();
    }

    /** Files open now. */
    public synchronized int openFiles() {
        return open.size();
    }

    /** How many more files may be read at a time; less than 0 where there are too many. */
    public synchronized int room() {
        return maxOpenFiles - lent;
    }

    /** Whether {@link #close()} was called. */
    public boolean isClosed() {
        return closed;
    }

    /** Closes all files, also under those who read them. */
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
