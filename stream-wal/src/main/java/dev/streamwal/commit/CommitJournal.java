package dev.streamwal.commit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import dev.streamwal.journal.Frontier;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.journal.JournalBlock;
import dev.streamwal.journal.JournalBlockLayout;
import dev.streamwal.journal.JournalFiles;
import dev.streamwal.storage.KeptRoom;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The journal's files: the current one, full ones that wait for a checkpoint, and free ones. The leader handles blocks. Files pass between
 * the leader and the checkpoint under a lock, which is held during I/O only while a file is created.
 *
 * <p>A file in one of these lists is complete: created with all its space, forced, and named. A failure on the way there is undone, so that
 * the next attempt starts from the beginning. Only {@link #create} creates the first file, together with the frontier without which no block
 * counts: {@link #isScarce} and {@link #addFile} do nothing before that.
 */
final class CommitJournal {

    /** How many free files are kept: one is used while the next checkpoint runs. The space of further ones is released. */
    private static final int MAX_FREE_FILES = 2;
    /** A file smaller than this fraction of the newest one isn't worth reusing. */
    private static final int SMALL_FRACTION = 4;
    /** The next file is created when this fraction of the current one is left: that takes some ms, for which no append should have to wait. */
    private static final int ENDING_FRACTION = 4;
    /** Flushes that fill a file: after fewer the next file is larger, after more it is smaller. */
    private static final int MIN_BLOCKS = 1_024;
    private static final int MAX_BLOCKS = 8 * MIN_BLOCKS;

    private final Path root;
    private final JournalSizes sizes;
    private final WriterFence fence;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Deque<OpenJournalFile> full = new ArrayDeque<>();

    @GuardedBy("lock")
    private final Deque<OpenJournalFile> free = new ArrayDeque<>();

    @GuardedBy("lock")
    private long totalBytes;

    @GuardedBy("lock")
    private int nextFileNumber;

    /** Owned by the leader. */
    private @Nullable OpenJournalFile current;

    /** Owned by the leader. */
    private long nextSequence = 1;

    /** Owned by the leader. */
    private long lives;

    @GuardedBy("lock")
    private boolean closed;

    /** Limits files beyond those without which nothing could be made durable. */
    private volatile KeptRoom room = KeptRoom.NONE;

    /** The number of files that were filled by few flushes, minus those that were filled by many. */
    @GuardedBy("lock")
    private int busyFiles;

    /** Whether the current file is about to be full, or there is none; written by the leader. */
    private volatile boolean ending = true;

    /** The size of {@link #free}, for reading without the lock. */
    private volatile int freeFiles;

    private volatile long journalId;

    /** Whether there is a frontier, and a file was created beside it; set once. */
    private volatile boolean exists;

    CommitJournal(Path root, JournalSizes sizes, WriterFence fence) {
        this.root = root;
        this.sizes = sizes;
        this.fence = fence;
    }

    void room(KeptRoom newRoom) {
        room = newRoom;
    }

    /** Called right before files are made, overwritten or deleted: the next writer gives the same names, and goes on in the same files. */
    void checkWriter() {
        fence.check();
    }

    boolean exists() {
        return exists;
    }

    long journalId() {
        return journalId;
    }

    /** Size of all files. */
    long totalBytes() {
        lock.lock();
        try {
            return totalBytes;
        } finally {
            lock.unlock();
        }
    }

    JournalSizes sizes() {
        return sizes;
    }

    /**
     * Creates the journal if there is none yet. That reserves its space, so a full disk shows before anything is promised. After a failure
     * there is no journal, and the next call creates it.
     *
     * @return false if the log was closed: then the files belong to the next writer
     */
    boolean create(long newJournalId) throws IOException {
        lock.lock();
        try {
            if (closed || exists) {
                return exists;
            }
            checkWriter();
            Files.createDirectories(JournalFiles.directory(root));
            DirectoryForce.force(root);
            for (Path lost : JournalFiles.list(root)) {
                // of a journal whose frontier is lost, or was never written
                Files.deleteIfExists(lost);
            }
            OpenJournalFile first = newFile(sizes.minFileBytes());
            try {
                FrontierFile.write(root, new Frontier(newJournalId, JournalBlockLayout.FIRST_SEQUENCE, List.of()));
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

    /** Whether the log has files of a journal that isn't continued, because its frontier is lost. */
    boolean isLost() throws IOException {
        return !exists() && (Files.exists(FrontierFile.path(root)) || !JournalFiles.list(root).isEmpty());
    }

    /** Continues the journal found on opening, before anything is written. */
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

    /** Keeps what {@link #inherit} has taken over; to be called after that, before anything is written. */
    Deletion.Kept pinInherited() {
        lock.lock();
        try {
            List<OpenJournalFile> kept = new ArrayList<>(full);
            if (current != null) {
                kept.add(current);
            }
            kept.forEach(OpenJournalFile::pin);
            return () -> kept.forEach(OpenJournalFile::unpin);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Deletes what a crash left of a file that was being created: it takes no block. Its number isn't used again, so if it can't be deleted it stays,
     * and the next opening tries again. A file with a bad sector is deleted for good before anything is written, or the log isn't opened: the part
     * that couldn't be read, and was skipped, may have been the block whose number is given again, and both would count if the file came back.
     */
    @GuardedBy("lock")
    private void inheritFree(InheritedJournal.Part part) throws IOException {
        if (part.hasBadSector()) {
            Files.deleteIfExists(part.path());
            DirectoryForce.force(JournalFiles.directory(root));
        } else if (part.length() >= sizes.maxBlockBytes()) {
            addFree(inherited(part));
        } else {
            try {
                Files.deleteIfExists(part.path());
            } catch (IOException e) {
                // it may stay
            }
        }
    }

    @GuardedBy("lock")
    private OpenJournalFile inherited(InheritedJournal.Part part) {
        OpenJournalFile file = new OpenJournalFile(part.path(), part.length());
        file.inherit(part.end(), part.lastSequence(), ++lives, part.hasBadSector());
        totalBytes += part.length();
        return file;
    }

    /** The current file takes no more blocks. */
    void giveUpCurrent() {
        OpenJournalFile file = current;
        current = null;
        ending = true;
        if (file != null) {
            file.close();
            lock.lock();
            try {
                full.add(file);
            } finally {
                lock.unlock();
            }
        }
    }

    // ---------------------------------------------------------------- the leader's side

    /** The file for the next block, with at least this much room; null if no file is free: then a checkpoint is needed first. */
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
     * Opens the file. If another program removed it, it is useless; the checkpoint then forces the segments whose blocks were in it.
     *
     * @throws IOException if it can't be opened now, for lack of a descriptor
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

    /** Whether less room is left than a block may need, unless that is most of a small file, or than is used up while the next file is created. */
    private boolean isEnding(OpenJournalFile file) {
        return file.room() < Math.max(Math.min(sizes.maxBlockBytes(), file.length() / 2), file.length() / ENDING_FRACTION);
    }

    /** Whether the current file is about to be full, and no other is free. A hint, for any thread. */
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

    /** If there is no space for a file, a checkpoint may free one. */
    @GuardedBy("lock")
    private @Nullable OpenJournalFile grow() throws IOException {
        int length = nextLength();
        if (totalBytes + length > sizes.maxTotalBytes()) {
            return null;
        }
        try {
            checkRoom(length);
            return newFile(length);
        } catch (IOException e) {
            if (full.isEmpty()) {
                throw e;
            }
            return null;
        }
    }

    /** Checks the room only if a file is full: a checkpoint frees that one. */
    @GuardedBy("lock")
    private void checkRoom(int length) throws IOException {
        if (!full.isEmpty()) {
            room.check(length);
        }
    }

    /**
     * The size of the next file. Doubles with each file that is needed before a checkpoint has freed one, and with each that few flushes have
     * filled, so that checkpoints stay rare.
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

    /** Writes a block; returns when it survives power loss. */
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
     * Creates one more file.
     *
     * @return false if the journal has its maximum size, or doesn't exist: {@link #create} creates its first file
     * @throws IOException if there is no space for it
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
            checkRoom(length);
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

    /** Whether more than what waits for a checkpoint still fits. */
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

    /** Frees files whose content isn't needed any more, as the frontier says. */
    void free(List<OpenJournalFile> files) throws IOException {
        List<OpenJournalFile> surplus = new ArrayList<>();
        lock.lock();
        try {
            full.removeAll(files);
            for (OpenJournalFile file : files) {
                boolean small = file.length() <= nextLength() / SMALL_FRACTION && !free.isEmpty();
                if (file.hasBadSector() || small || free.size() >= MAX_FREE_FILES + files.size() - 1) {
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
        if (surplus.stream().anyMatch(OpenJournalFile::hasBadSector)) {
            // if such a file came back, it wouldn't be known whether a block is missing there
            DirectoryForce.force(JournalFiles.directory(root));
        }
    }

    /** Takes the free files away; {@link #overwriteIdle} gives them back. */
    List<OpenJournalFile> takeIdle() {
        lock.lock();
        try {
            List<OpenJournalFile> idle = new ArrayList<>(free);
            free.clear();
            freeFiles = 0;
            return idle;
        } finally {
            lock.unlock();
        }
    }

    /** Overwrites files that {@link #takeIdle} has taken away, and gives them back. */
    void overwriteIdle(List<OpenJournalFile> idle) throws IOException {
        try {
            overwrite(idle);
        } finally {
            lock.lock();
            try {
                idle.forEach(this::addFree);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Overwrites files with zeros, except one with a bad sector, which is deleted when it is free. */
    void overwrite(List<OpenJournalFile> files) throws IOException {
        for (OpenJournalFile file : files) {
            checkWriter();
            try {
                if (!file.hasBadSector()) {
                    writeZeros(file.path(), file.length(), StandardOpenOption.WRITE);
                }
            } catch (NoSuchFileException e) {
                // removed by another program. Made again, it would take blocks while its name isn't durable
            }
        }
    }

    @GuardedBy("lock")
    private OpenJournalFile newFile(int length) throws IOException {
        checkWriter();
        Path path = JournalFiles.path(root, nextFileNumber);
        try {
            writeZeros(path, length, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            DirectoryForce.force(JournalFiles.directory(root));
        } catch (IOException e) {
            deleteQuietly(path, e);
            throw e;
        }
        nextFileNumber++;
        totalBytes += length;
        return new OpenJournalFile(path, length);
    }

    /** Writes zeros, so that a later flush writes only its block: no length, no extents. */
    private static void writeZeros(Path path, int length, OpenOption... options) throws IOException {
        try (LogFile file = new LogFile(path, options)) {
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
     * Called by the leader: no file is created after this. Releases the space of free files that a quiet log doesn't need; if that fails, a
     * later checkpoint or writer does it.
     *
     * @param isWriter false if the files are the next writer's already
     */
    void close(boolean isWriter) {
        List<OpenJournalFile> surplus = new ArrayList<>();
        lock.lock();
        try {
            closed = true;
            while (isWriter && free.size() > MAX_FREE_FILES) {
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
                // a later checkpoint or writer does it
            }
        }
    }
}
