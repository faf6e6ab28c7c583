package dev.streamwal.cli;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SuppressForbidden;
import java.io.IOException;
import java.nio.file.Path;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * An import of which all stays or nothing, also if the process is told to end meanwhile. Then nothing is appended any more, and the process waits for a
 * while until what was appended is removed; the thread that imports may be waiting for input, which nothing interrupts.
 */
final class WholeImport implements AutoCloseable {

    /** How long the end of the process waits. */
    private static final long PATIENCE_SECONDS = 30;

    private final NewLog newLog;
    private final ImportUndo undo = new ImportUndo();
    private final Consumer<String> complaints;
    private final Thread hook = new Thread(this::interrupted, "import is interrupted");
    /** Held while the log is opened, and while something is appended, kept or removed. */
    private final ReentrantLock state = new ReentrantLock();
    /** Guarded by {@link #state}: null until the log is open. */
    private @Nullable StreamWal wal;
    /** Guarded by {@link #state}: kept, or being removed. */
    private boolean ended;
    /** All of the import stays, even if the process is told to end while it closes the log. */
    private volatile boolean isKept;
    /** Something of the import couldn't be removed. */
    private volatile boolean isLeft;

    private WholeImport(NewLog newLog, Consumer<String> complaints) {
        this.newLog = newLog;
        this.complaints = complaints;
    }

    /** Opens a log; the caller closes this. */
    @SuppressForbidden("a program: it removes what it has appended before it ends")
    static WholeImport into(Path root, WalOptions options, Consumer<String> complaints) throws IOException {
        LogOwner.check(root);
        WholeImport whole = new WholeImport(NewLog.at(root), complaints);
        // before there is something to remove
        Runtime.getRuntime().addShutdownHook(whole.hook);
        try {
            whole.open(root, options);
            return whole;
        } catch (RuntimeException e) {
            whole.removeHook();
            throw e;
        }
    }

    private void open(Path root, WalOptions options) {
        state.lock();
        try {
            if (!ended) {
                wal = StreamWal.open(root, options);
                return;
            }
        } finally {
            state.unlock();
        }
        awaitEnd();
    }

    /** Appends a row, by what returns its position. */
    void append(String key, ToLongFunction<StreamWal> row) {
        state.lock();
        try {
            if (!ended) {
                StreamWal opened = Objects.requireNonNull(wal, "into has opened it");
                undo.append(key, () -> row.applyAsLong(opened));
                return;
            }
        } finally {
            state.unlock();
        }
        awaitEnd();
    }

    /** All rows were appended. */
    void keep() {
        state.lock();
        try {
            if (!ended) {
                ended = true;
                isKept = true;
                return;
            }
        } finally {
            state.unlock();
        }
        awaitEnd();
    }

    /** Packs what is kept: nobody may open the log for writing soon, and readers would walk all of it. Ends early if the process is told to end. */
    void pack() {
        int unused = Objects.requireNonNull(wal, "into has opened it").pack();
    }

    private void removeHook() {
        try {
            boolean unused = Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // the hook says what stays
        }
    }

    /** Never returns: the process ends with this thread waiting, and the hook has said what becomes of the import. */
    private static void awaitEnd() {
        while (true) {
            LockSupport.park();
            boolean unused = Thread.interrupted();
        }
    }

    private void interrupted() {
        Thread removal = new Thread(this::removeAtExit, "remove imported rows");
        removal.setDaemon(true);
        removal.start();
        try {
            removal.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (isKept) {
            // else whoever sees that it was interrupted would import it again
            complaints.accept("interrupted, after all rows had been imported; they stay");
        } else if (removal.isAlive()) {
            complaints.accept("interrupted, and imported rows are not removed yet after " + PATIENCE_SECONDS + " s; --resume continues behind those that stay");
        } else if (!isLeft) { // else the removal has said what stays
            complaints.accept("interrupted; nothing was imported");
        }
    }

    private void removeAtExit() {
        try {
            end();
        } catch (IOException | RuntimeException e) {
            isLeft = true;
            // the message of an IOException may be a path and nothing else
            complaints.accept("interrupted, and the new log can't be removed: " + e + ", root=" + newLog.root() + "; delete it");
        }
    }

    /** Removes what was appended, unless it was kept, and closes the log. */
    @Override
    public void close() throws IOException {
        try {
            end();
        } finally {
            removeHook();
        }
    }

    private void end() throws IOException {
        state.lock();
        try {
            boolean failed = !ended;
            ended = true;
            if (wal != null) {
                end(wal, failed);
            }
        } finally {
            state.unlock();
        }
    }

    private void end(StreamWal opened, boolean failed) throws IOException {
        try {
            if (failed && !newLog.isNew()) {
                undo(opened);
            }
        } finally {
            close(opened, failed && newLog.isNew());
        }
    }

    private void close(StreamWal opened, boolean deleted) throws IOException {
        try {
            opened.close();
        } finally {
            if (deleted) {
                newLog.delete();
            }
        }
    }

    private void undo(StreamWal opened) {
        NavigableMap<String, WalException> failures = undo.undo(opened);
        if (!failures.isEmpty()) {
            isLeft = true;
            complaints.accept("could not remove all imported rows again: streams=" + failures.size() + ", first="
                    + failures.firstKey() + ", cause=" + failures.firstEntry().getValue().getMessage() + "; --resume continues behind them");
        }
    }
}
