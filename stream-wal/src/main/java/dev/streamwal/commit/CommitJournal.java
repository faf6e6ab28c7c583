package dev.streamwal.commit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import dev.streamwal.journal.Frontier;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.journal.JournalBlock;
import dev.streamwal.journal.JournalBlockLayout;
import dev.streamwal.journal.JournalFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The journal's files: one that is written, full ones that wait for a checkpoint, free ones. Blocks are the leader's business; files move
 * between the leader and the checkpoint under a lock that is held over no I/O but the making of a file.
 *
 * <p>A file that is in one of these lists is whole: it was made with all its space, forced, and named. What fails on the way there is taken
 * back, so that the next one who needs a file makes it from the beginning. The first file is made by {@link #create}, together with the
 * frontier without which no block counts, and by nobody else: {@link #isScarce} and {@link #addFile} know of no file before.
 */
final class CommitJournal {

    /** Free files that are kept: one is used while the next checkpoint runs. More of them are space that comes back. */
    private static final int MAX_FREE_FILES = 2;
    /** A file this much smaller than the newest one is not worth going round with. */
    private static final int SMALL_FRACTION = 4;
    /** The next file is made when so much of the current one is left: it takes some ms, which nobody should have to wait for. */
    private static final int ENDING_FRACTION = 4;
    /** Flushes that fill a file: with fewer the next one is larger, with more smaller. */
    private static final int MIN_BLOCKS = 1_024;
    private static final int MAX_BLOCKS = 8 * MIN_BLOCKS;

    private final Path root;
    private final JournalSizes sizes;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Deque<OpenJournalFile> full = new ArrayDeque<>();

    @GuardedBy("lock")
    private final Deque<OpenJournalFile> free = new ArrayDeque<>();

    @GuardedBy("lock")
    private long totalBytes;

    @GuardedBy("lock")
    private int nextFileNumber;

    /** The leader's. */
    private @Nullable OpenJournalFile current;

    /** The leader's. */
    private long nextSequence = 1;

    /** The leader's. */
    private long lives;

    @GuardedBy("lock")
    private boolean closed;

    /** Files that were filled by few flushes, less those that were by many. */
    @GuardedBy("lock")
    private int busyFiles;

    /** The current file is about to be full, or there is none; by the leader. */
    private volatile boolean ending = true;

    /** Of {@link #free}, for who asks without the lock. */
    private volatile int freeFiles;

    private volatile long journalId;

    /** Whether there is a frontier, and a file was made beside it; set once, by whoever gets as far as that. */
    private volatile boolean exists;

    CommitJournal(Path root, JournalSizes sizes) {
        this.root = root;
        this.sizes = sizes;
    }

    boolean exists() {
        return exists;
    }

    long journalId() {
        return journalId;
    }

    JournalSizes sizes() {
        return sizes;
    }

    /**
     * Makes the journal where there is none yet. Space is taken here: a full disk shows before anything is promised. Where it fails there is
     * no journal, and the next call makes it.
     *
     * @return false where the log was closed: the files are the next writer's
     */
    boolean create(long newJournalId) throws IOException {
        lock.lock();
        try {
            if (closed || exists) {
                return exists;
            }
            Files.createDirectories(JournalFiles.directory(root));
            DirectoryForce.force(root);
            for (Path lost : JournalFiles.list(root)) {
                // of a journal whose frontier is gone, or never was
                Files.deleteIfExists(lost);
            }
            OpenJournalFile first = newFile(sizes.minFileBytes());
            try {
                FrontierFile.write(root, new Frontier(newJournalId, JournalBlockLayout.FIRST_SEQUENCE, false, List.of()));
            } catch (IOException e) {
                totalBytes -= first.length();
                deleteQuietly(first.path(), e);
                throw e;
            }
            addFree(first);
            journalId = newJournalId;
            exists = true;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Goes on with what was there on opening, before anything is written. */
    void inherit(InheritedJournal found) throws IOException {
        lock.lock();
        try {
            journalId = found.frontier().journalId();
            nextSequence = found.nextSequence();
            nextFileNumber = found.nextFileNumber();
            current = found.current() == null ? null : inherited(found.current());
            found.full().forEach(part -> full.add(inherited(part)));
            for (InheritedJournal.Part part : found.free()) {
                inheritFree(part);
            }
            ending = current == null || isEnding(current);
            exists = true;
        } finally {
            lock.unlock();
        }
    }

    /** A crash may have left one that was being made: it takes no block. Its number isn't given again. */
    @GuardedBy("lock")
    private void inheritFree(InheritedJournal.Part part) throws IOException {
        if (part.length() >= sizes.maxBlockBytes()) {
            addFree(inherited(part));
        } else {
            Files.deleteIfExists(part.path());
        }
    }

    @GuardedBy("lock")
    private OpenJournalFile inherited(InheritedJournal.Part part) {
        OpenJournalFile file = new OpenJournalFile(part.path(), part.length());
        file.inherit(part.end(), part.lastSequence(), ++lives);
        totalBytes += part.length();
        return file;
    }

    /** The current file takes no more blocks. */
    void giveUpCurrent() {
        OpenJournalFile file = current;
        current = null;
        ending = true;
        if (file != null) {
            lock.lock();
            try {
                full.add(file);
            } finally {
                lock.unlock();
            }
        }
    }

    // ---------------------------------------------------------------- the leader's side

    /** The file that the next block goes to, with so much room at least; null where no file is free: a checkpoint is needed first. */
    @Nullable OpenJournalFile fileWithRoom(int bytes) throws IOException {
        OpenJournalFile file = current;
        if (file != null && file.room() >= bytes && isThere(file)) {
            return file;
        }
        OpenJournalFile next = takeFreeThatIsThere();
        if (next == null) {
            return null;
        }
        if (file != null) {
            file.close();
            lock.lock();
            try {
                full.add(file);
                learnFrom(file);
            } finally {
                lock.unlock();
            }
        }
        next.reuse(++lives);
        current = next;
        ending = isEnding(next);
        return next;
    }

    /**
     * Opens it. One that somebody has taken away is of no use to anybody: where blocks stood in it, the checkpoint has their segments forced.
     *
     * @throws IOException where it can't be opened now, for want of a descriptor
     */
    private static boolean isThere(OpenJournalFile file) throws IOException {
        try {
            file.open();
            return true;
        } catch (NoSuchFileException gone) {
            return false;
        }
    }

    private @Nullable OpenJournalFile takeFreeThatIsThere() throws IOException {
        OpenJournalFile next = takeFree();
        while (next != null) {
            try {
                if (isThere(next)) {
                    return next;
                }
            } catch (IOException e) {
                giveBack(next);
                throw e;
            }
            forget(next);
            next = takeFree();
        }
        return null;
    }

    private void forget(OpenJournalFile file) {
        lock.lock();
        try {
            totalBytes -= file.length();
        } finally {
            lock.unlock();
        }
    }

    private void giveBack(OpenJournalFile file) {
        lock.lock();
        try {
            free.addFirst(file);
            freeFiles = free.size();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void addFree(OpenJournalFile file) {
        file.clear();
        free.add(file);
        freeFiles = free.size();
    }

    /** Less room than a block may need, or than is used while the next file is made. */
    private boolean isEnding(OpenJournalFile file) {
        return file.room() < Math.max(sizes.maxBlockBytes(), file.length() / ENDING_FRACTION);
    }

    /** Whether the current file is about to be full, and there is none to go on with. A hint, for any thread. */
    boolean isScarce() {
        return exists && ending && freeFiles == 0;
    }

    private @Nullable OpenJournalFile takeFree() throws IOException {
        lock.lock();
        try {
            OpenJournalFile next = free.poll();
            freeFiles = free.size();
            return next == null ? grow() : next;
        } finally {
            lock.unlock();
        }
    }

    /** Where there is no space for a file, a checkpoint may free one. */
    @GuardedBy("lock")
    private @Nullable OpenJournalFile grow() throws IOException {
        int length = nextLength();
        if (totalBytes + length > sizes.maxTotalBytes()) {
            return null;
        }
        try {
            return newFile(length);
        } catch (IOException e) {
            if (full.isEmpty()) {
                throw e;
            }
            return null;
        }
    }

    /**
     * Doubles with each file that is needed before a checkpoint has freed one, and with each that was filled by few flushes: a checkpoint
     * is to be rare among them.
     */
    @GuardedBy("lock")
    private int nextLength() {
        int files = full.size() + free.size() + 1;
        int doublings = Math.min(Math.max(files - 1, busyFiles), Integer.SIZE - 1);
        return (int) Math.min(sizes.maxFileBytes(), (long) sizes.minFileBytes() << doublings);
    }

    @GuardedBy("lock")
    private void learnFrom(OpenJournalFile filled) {
        if (filled.blocks() < MIN_BLOCKS) {
            busyFiles = Math.min(busyFiles + 1, Integer.SIZE);
        } else if (filled.blocks() > MAX_BLOCKS) {
            busyFiles = Math.max(busyFiles - 1, 0);
        }
    }

    /** Writes a block and returns when it survives power loss. */
    void write(OpenJournalFile file, JournalBlock block) throws FlushFailedException {
        try {
            file.append(block.finish(journalId, nextSequence), nextSequence);
            nextSequence++;
            ending = isEnding(file);
        } catch (IOException e) {
            throw new FlushFailedException(
                    "the commit journal could not be written: file=" + file.path() + ", sequence=" + nextSequence, e);
        }
    }

    // ---------------------------------------------------------------- the checkpoint's side

    /**
     * Makes one more file to go on with.
     *
     * @return false where the journal is as large as it may be, or isn't there: {@link #create} makes its first file
     * @throws IOException where there is no space for it
     */
    boolean addFile() throws IOException {
        lock.lock();
        try {
            if (freeFiles > 0) {
                return true;
            }
            int length = nextLength();
            if (!exists || closed || totalBytes + length > sizes.maxTotalBytes()) {
                return false;
            }
            addFree(newFile(length));
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** The files that are full, oldest first. */
    List<OpenJournalFile> full() {
        lock.lock();
        try {
            return new ArrayList<>(full);
        } finally {
            lock.unlock();
        }
    }

    /** Whether there is more room than what waits for a checkpoint. */
    boolean isRoomy() {
        lock.lock();
        try {
            long waiting = 0;
            for (OpenJournalFile file : full) {
                waiting += file.length();
            }
            return waiting < sizes.maxTotalBytes() / 2;
        } finally {
            lock.unlock();
        }
    }

    boolean hasFull() {
        lock.lock();
        try {
            return !full.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** What these files hold is not needed any more, and the frontier says so. */
    void free(List<OpenJournalFile> files) throws IOException {
        List<OpenJournalFile> surplus = new ArrayList<>();
        lock.lock();
        try {
            full.removeAll(files);
            for (OpenJournalFile file : files) {
                boolean small = file.length() <= nextLength() / SMALL_FRACTION && !free.isEmpty();
                if (small || free.size() >= MAX_FREE_FILES + files.size() - 1) {
                    surplus.add(file);
                    totalBytes -= file.length();
                } else {
                    addFree(file);
                }
            }
        } finally {
            lock.unlock();
        }
        for (OpenJournalFile file : surplus) {
            Files.deleteIfExists(file.path());
        }
    }

    @GuardedBy("lock")
    private OpenJournalFile newFile(int length) throws IOException {
        Path path = JournalFiles.path(root, nextFileNumber);
        try {
            writeZeros(path, length);
            DirectoryForce.force(JournalFiles.directory(root));
        } catch (IOException e) {
            deleteQuietly(path, e);
            throw e;
        }
        nextFileNumber++;
        totalBytes += length;
        return new OpenJournalFile(path, length);
    }

    /** So that a flush later has nothing to write but its block: no length, no extents. */
    private static void writeZeros(Path path, int length) throws IOException {
        try (LogFile file = new LogFile(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            file.together(open -> {
                open.zero(0, length);
                open.force();
            });
        }
    }

    private static void deleteQuietly(Path path, IOException cause) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /**
     * From now on no file is made; by the leader. Gives back the space of free files that a quiet log doesn't need; where that fails, a later
     * checkpoint or writer does it.
     */
    void close() {
        List<OpenJournalFile> surplus = new ArrayList<>();
        lock.lock();
        try {
            closed = true;
            while (free.size() > MAX_FREE_FILES) {
                surplus.add(free.removeLast());
            }
        } finally {
            lock.unlock();
        }
        OpenJournalFile file = current;
        if (file != null) {
            file.close();
        }
        for (OpenJournalFile each : surplus) {
            try {
                Files.deleteIfExists(each.path());
            } catch (IOException e) {
                // as said
            }
        }
    }
}
