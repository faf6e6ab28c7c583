package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.encryption.KeysFile;
import dev.streamwal.encryption.LogKeys;
import dev.streamwal.encryption.SealingKey;
import dev.streamwal.encryption.WrappedKey;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.storage.StorageErrors;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The key that an open log seals its records with. It is made for the first record, and is durable in the log's file of keys before that record is
 * sealed. Thread-safe.
 *
 * <p>A call that was cut short, at whatever step, leaves at most a key in the file that nothing is sealed with; and after a failure the next call makes
 * another key.
 */
public final class SessionKeys {

    private final Path root;
    private final MasterKeys masters;
    private final InstantSource clock;
    private final WriterFence fence;
    /** One key is made at a time. Held while the program's master keys are asked, which may hang. */
    private final ReentrantLock making = new ReentrantLock();
    /** Held while the file is written, and no code of the program runs: all that closing waits for. */
    private final ReentrantLock writing = new ReentrantLock();
    private volatile @Nullable SealingKey current;

    @GuardedBy("writing")
    private boolean closed;

    /** Of a log that is told to encrypt, or did so once: then there may be no master keys. No key is made before {@link #ready()}. */
    public static Optional<SessionKeys> of(Path root, Optional<MasterKeys> masters, InstantSource clock, WriterFence fence) {
        return masters.or(() -> KeysFile.isPresent(root) ? Optional.of(new NoMasterKeys(root)) : Optional.empty())
                .map(present -> new SessionKeys(root, present, clock, fence));
    }

    private SessionKeys(Path root, MasterKeys masters, InstantSource clock, WriterFence fence) {
        this.root = root;
        this.masters = masters;
        this.clock = clock;
        this.fence = fence;
    }

    /** Makes sure that there is a key, before a record gets a place; if there is none, this runs the program's code. */
    void ready() {
        SealingKey key = current;
        if (key == null || key.isFull()) {
            begin();
        }
    }

    private void begin() {
        making.lock();
        try {
            SealingKey key = current;
            if (key == null || key.isFull()) {
                List<WrappedKey> keys = KeysFile.read(root);
                if (key == null) {
                    // a key that is wrapped under another master key of the same id would be lost with that one
                    LogKeys.checkCurrent(root, keys, masters);
                }
                add(keys);
            }
        } catch (IOException e) {
            throw notWritten("add a session key", e);
        } finally {
            making.unlock();
        }
    }

    /** The key; there is one after {@link #ready()}, until the log is closed. */
    SealingKey key() {
        SealingKey key = current;
        if (key == null) {
            throw closedException();
        }
        return key;
    }

    /**
     * Wraps all session keys under the current master key, and makes another one for what is appended from now on.
     *
     * @throws dev.streamwal.error.KeyUnavailableException if the master key of one is missing: then nothing has changed
     */
    public void rotate() {
        making.lock();
        try {
            add(LogKeys.rewrapped(root, KeysFile.read(root), masters));
        } catch (IOException e) {
            throw notWritten("rotate the keys", e);
        } finally {
            making.unlock();
        }
    }

    /** Adds a new key to those given, durably, and seals with it from now on. */
    @GuardedBy("making")
    private void add(List<WrappedKey> keys) throws IOException {
        SealingKey added = SealingKey.generate(newId(keys), clock.millis(), masters);
        List<WrappedKey> all = new ArrayList<>(keys);
        all.add(added.wrapped());
        writing.lock();
        try {
            // the file is read, then replaced: if another writer has opened the log since, one of the two would lose its key
            if (closed) {
                throw closedException();
            }
            fence.check();
            KeysFile.write(root, all);
            current = added;
        } finally {
            writing.unlock();
        }
    }

    private static int newId(List<WrappedKey> keys) {
        while (true) {
            int id = SealingKey.newId();
            if (keys.stream().noneMatch(key -> key.id() == id)) {
                return id;
            }
        }
    }

    private WalException notWritten(String action, IOException e) {
        return StorageErrors.translate(action, e, KeysFile.path(root));
    }

    private WalClosedException closedException() {
        return new WalClosedException("the log is closed: root=" + root + "; open it again", root, null, WalException.NO_POSITION, null);
    }

    /** Forgets the key; no other one is used. If the master keys are being asked for a key, that key is thrown away when they answer. */
    public void close() {
        writing.lock();
        try {
            closed = true;
            current = null;
        } finally {
            writing.unlock();
        }
    }
}
