package dev.streamwal.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code writer}, which says which process writes a log. It complements {@code LOCK}: a process silently loses that file's lock when
 * anything in it opens and closes the file, for example a backup that copies the directory, or when the file is removed. Thread-safe.
 *
 * <p>Before opening: a process that gets the lock, and finds a living process here, doesn't open the log ({@link #living}). After opening: each
 * opening writes a new, unique number here, and the writer checks that it is still there before a consequence: before a stream is recovered, before a
 * segment is created or sealed, before {@code positions} is written, and before something is acknowledged as durable. If the number is another's, that
 * process owns the log, and this one writes and acknowledges nothing any more.
 *
 * <p>Why the next writer also has each acknowledged record: it writes its number first, and reads the commit journal afterwards. If the number was
 * still ours after the flush, the block was in the file before the journal was read.
 *
 * <p>The file is evidence, not state: it is never forced, and if it is empty, damaged or gone, the lock alone counts. A full disk doesn't prevent a
 * log from being opened.
 */
public final class WriterFile implements WriterFence {

    public static final String FILE_NAME = "writer";

    private static final String TEMPORARY_NAME = ".writer.tmp";

    /** The known time is written when it has changed by this much: it is compared in days. */
    private static final long KNOWN_STEP_MILLIS = 3_600_000;

    private final Path root;
    private final Path file;
    private final Optional<WriterEntry> before;

    /** The file's attributes when it was ours; null: it has to be read. */
    private volatile @Nullable Look seen;

    private volatile @Nullable WriterEntry other;
    private volatile Consumer<WalLockedException> onLost = why -> {};

    @GuardedBy("this")
    private WriterEntry own;

    /** Whether the file has been ours. */
    @GuardedBy("this")
    private boolean written;

    /**
     * Identifies the file's content without a descriptor, by one system call. Another file by the same name has another key or, if the first was
     * removed before, another time.
     */
    private record Look(@Nullable Object key, FileTime modified, long size) {}

    private WriterFile(Path root, Optional<WriterEntry> before, WriterEntry own) {
        this.root = root;
        this.file = root.resolve(FILE_NAME);
        this.before = before;
        this.own = own;
    }

    /**
     * Notes that this process, which holds the lock, writes the log. Call it before anything of the log is read.
     *
     * @param nonce never used before
     * @param nowMillis by the log's clock, if nothing else is known
     */
    public static WriterFile claim(Path root, long nonce, long nowMillis) {
        Optional<WriterEntry> before = read(root.resolve(FILE_NAME));
        long pid = ProcessHandle.current().pid();
        WriterEntry own = new WriterEntry(pid, ProcessStart.of(pid).orElse(""), placeOf(root), HexFormat.of().toHexDigits(nonce), true,
                before.map(WriterEntry::knownMillis).orElse(nowMillis));
        WriterFile claimed = new WriterFile(root, before, own);
        synchronized (claimed) {
            claimed.tryWrite();
        }
        return claimed;
    }

    /**
     * The process that apparently writes the log although the caller has its lock: another, living process on this machine. Not a killed process, nor
     * another one that has got its id since; nor this one, which knows what it has open.
     *
     * @return the process' id
     */
    static OptionalLong living(Path root) {
        Optional<WriterEntry> found = read(root.resolve(FILE_NAME)).filter(entry -> entry.open() && !entry.start().isEmpty()
                && entry.pid() != ProcessHandle.current().pid()
                && entry.place().equals(placeOf(root))
                && ProcessStart.of(entry.pid()).equals(Optional.of(entry.start())));
        return found.isPresent() ? OptionalLong.of(found.get().pid()) : OptionalLong.empty();
    }

    /** The earliest time, in epoch ms, at which the log can have been written last; empty if it wasn't noted. */
    public static OptionalLong knownMillis(Path root) {
        Optional<WriterEntry> found = read(root.resolve(FILE_NAME));
        return found.isPresent() ? OptionalLong.of(found.get().knownMillis()) : OptionalLong.empty();
    }

    /** As {@link #knownMillis(Path)}, before this writer. */
    public OptionalLong knownBefore() {
        return before.isPresent() ? OptionalLong.of(before.get().knownMillis()) : OptionalLong.empty();
    }

    /**
     * Identifies the directory by the file system's own key if there is one, as for {@code LOCK}. Other file systems have no other processes in them.
     */
    private static String placeOf(Path root) {
        try {
            Object key = !root.getFileSystem().equals(FileSystems.getDefault()) ? null
                    : Files.readAttributes(root, BasicFileAttributes.class).fileKey();
            return String.valueOf(key != null ? key : root.toRealPath());
        } catch (IOException e) {
            return "";
        }
    }

    private static Optional<WriterEntry> read(Path file) {
        try {
            return LogFile.readSmall(file, WriterEntry.MAX_BYTES).flatMap(WriterEntry::decode);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    // ---------------------------------------------------------------- looking

    /**
     * Receives, once or from several threads at the same time, that another writer was found here; called with whatever locks the finding thread
     * holds.
     */
    public void onLost(Consumer<WalLockedException> newOnLost) {
        onLost = newOnLost;
    }

    @Override
    public boolean isLost() {
        return other != null;
    }

    /** @throws WalLockedException if {@link #isLost()} */
    public void throwIfLost() {
        if (isLost()) {
            throw lost();
        }
    }

    /** The exception for {@link #isLost()}. */
    public WalLockedException lost() {
        WriterEntry found = other;
        return new WalLockedException("another writer has opened the log, because this one has lost its lock: pid="
                + (found == null ? "?" : found.pid()) + ", root=" + root + ", file=" + file + "; close this log, which keeps what was acknowledged as"
                + " durable. Don't copy or remove the file LOCK of an open log: that drops the lock", file, null, WalException.NO_POSITION);
    }

    @Override
    public void check() {
        throwIfLost();
        try {
            Look known = seen;
            if (known == null || !known.equals(look())) {
                lookInside();
            }
        } catch (IOException e) {
            // unknown: as for a missing file, the lock counts
        }
    }

    private @Nullable Look look() throws IOException {
        try {
            BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
            return new Look(found.fileKey(), found.lastModifiedTime(), found.size());
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private void lookInside() throws IOException {
        synchronized (this) {
            // first: a change after this is noticed the next time
            Look found = look();
            Optional<WriterEntry> entry = read(file);
            if (entry.isPresent() && isOthers(entry.get())) {
                seen = null;
                other = entry.get();
            } else if (entry.isPresent() && entry.get().nonce().equals(own.nonce())) {
                written = true;
                seen = found;
            } else {
                tryWrite();
            }
        }
        if (isLost()) {
            WalLockedException why = lost();
            onLost.accept(why);
            throw why;
        }
    }

    /** The earlier entry may still be there, if the disk was full. */
    @GuardedBy("this")
    private boolean isOthers(WriterEntry entry) {
        boolean old = !written && before.isPresent() && before.get().nonce().equals(entry.nonce());
        return !old && !entry.nonce().equals(own.nonce());
    }

    // ---------------------------------------------------------------- writing

    /** Writes this writer's entry, if possible. It is read back before it is trusted. */
    @GuardedBy("this")
    private void tryWrite() {
        seen = null;
        byte[] bytes = own.encode();
        try {
            Path temporary = root.resolve(TEMPORARY_NAME);
            write(temporary, bytes, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
            LogFile.rename(temporary, file);
        } catch (IOException e) {
            tryOverwrite(bytes);
        }
    }

    /** Takes no new space if there was an entry before. */
    private void tryOverwrite(byte[] bytes) {
        try {
            boolean unused = Files.deleteIfExists(root.resolve(TEMPORARY_NAME));
            write(file, bytes, StandardOpenOption.WRITE);
        } catch (IOException e) {
            // the lock counts anyway; the next check tries again
        }
    }

    private static void write(Path target, byte[] bytes, StandardOpenOption... options) throws IOException {
        try (LogFile out = new LogFile(target, options)) {
            out.together(open -> {
                open.write(0, ByteBuffer.wrap(bytes));
                open.truncate(bytes.length);
            });
        }
    }

    /** Notes that it is at least this time. Best effort. */
    public synchronized void known(long millis) {
        // not after close(): the file would say that this process still writes the log
        if (own.open() && Math.abs(millis - own.knownMillis()) >= KNOWN_STEP_MILLIS) {
            replace(own.with(true, millis));
        }
    }

    /** Notes that the log was closed, or wasn't opened. */
    public synchronized void close(long knownMillis) {
        replace(own.with(false, knownMillis));
    }

    @GuardedBy("this")
    private void replace(WriterEntry entry) {
        if (isLost() || read(file).filter(this::isOthers).isPresent()) {
            return;
        }
        own = entry;
        tryWrite();
    }

    @Override
    public String toString() {
        return "WriterFile[" + Objects.toString(file) + ']';
    }
}
