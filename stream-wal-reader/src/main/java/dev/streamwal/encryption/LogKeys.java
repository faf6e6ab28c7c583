package dev.streamwal.encryption;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SealLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FileOperation;
import dev.streamwal.io.IoFailure;
import dev.streamwal.keys.MasterKeys;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import javax.crypto.AEADBadTagException;
import org.jspecify.annotations.Nullable;

/** Opens (decrypts) sealed records of a log. Each session key is unwrapped once, when the first record needs it. Thread-safe. */
public final class LogKeys {

    private final Path root;
    private final FileOperation<List<WrappedKey>> wrapped;
    private final @Nullable MasterKeys masters;
    private final Map<Integer, RecordKey> known = new ConcurrentHashMap<>();
    /** Threads that need one key ask for it once. Held while the program's master keys are asked. */
    private final ReentrantLock unwrapping = new ReentrantLock();
    /** The file's keys when it was read last. The file has all keys that the log ever had. */
    private volatile List<WrappedKey> listed = List.of();
    /** The key of the stream that was read last, as bytes. */
    private volatile KeyBytes last = new KeyBytes("", new byte[0]);

    @SuppressWarnings("ArrayRecordComponent") // never compared, and not changed
    private record KeyBytes(String key, byte[] utf8) {}

    /** @param masters null if the program gave none */
    public LogKeys(Path root, @Nullable MasterKeys masters) {
        this(root, () -> KeysFile.read(root), masters);
    }

    /**
     * For a log whose file of keys may stand elsewhere.
     *
     * @param root for messages
     * @param wrapped reads the log's wrapped session keys
     * @param masters null if the program gave none
     */
    public LogKeys(Path root, FileOperation<List<WrappedKey>> wrapped, @Nullable MasterKeys masters) {
        this.root = root;
        this.wrapped = wrapped;
        this.masters = masters;
    }

    /**
     * Opens a record.
     *
     * @param sealed header and content as in the frame
     * @return the record's header, then its content
     * @throws KeyUnavailableException if the key isn't known, or isn't available
     * @throws CorruptSegmentException if the record isn't what was sealed for this place
     */
    public byte[] open(byte[] sealed, String key, long position, long timestampMillis, int headerLength) {
        int length = sealed.length - SealLayout.BYTES;
        if (length < headerLength) {
            throw altered("record is marked as encrypted, but is shorter than its seal", key, position, null);
        }
        int keyId = SealLayout.keyId(sealed, length);
        RecordKey opener = known.get(keyId);
        if (opener == null) {
            opener = unwrapped(keyId, key, position);
        }
        byte[] plain = new byte[length];
        try {
            opener.open(sealed, plain, headerLength, timestampMillis, utf8(key), SealLayout.number(sealed, length), position);
            return plain;
        } catch (AEADBadTagException e) {
            throw altered("record doesn't decrypt: it was changed, or moved to another place, after it was written", key, position, e);
        }
    }

    private byte[] utf8(String key) {
        KeyBytes known = last;
        if (!known.key().equals(key)) {
            known = new KeyBytes(key, StreamKey.checkedUtf8(key));
            last = known;
        }
        return known.utf8();
    }

    private CorruptSegmentException altered(String problem, String key, long position, @Nullable Exception cause) {
        return new CorruptSegmentException(problem + ": stream=" + key + ", position=" + position + ", root=" + root
                + "; look for it in a copy of the log", null, key, position, 0, 0, cause);
    }

    private RecordKey unwrapped(int keyId, String key, long position) {
        unwrapping.lock();
        try {
            // another thread may have unwrapped it while this one waited
            RecordKey opener = known.get(keyId);
            if (opener == null) {
                opener = unwrappedAnew(keyId, key, position);
                known.put(keyId, opener);
            }
            return opener;
        } finally {
            unwrapping.unlock();
        }
    }

    private RecordKey unwrappedAnew(int keyId, String key, long position) {
        MasterKeys given = masters;
        WrappedKey before = given == null ? null : find(listed, keyId).orElse(null);
        if (given != null && before != null) {
            try {
                return unwrap(before, given, root);
            } catch (RuntimeException e) {
                // keys may have been rotated since the file was read, and an implementation of master keys may throw any exception
                WrappedKey now = wrapped(keyId, key, position);
                if (now.masterId().equals(before.masterId()) && Arrays.equals(now.wrapped(), before.wrapped())) {
                    throw e;
                }
                return unwrap(now, given, root);
            }
        }
        WrappedKey found = wrapped(keyId, key, position);
        if (given == null) {
            throw new KeyUnavailableException("record is encrypted, and no master keys were given: sessionKeyId=" + WrappedKey.hex(keyId) + ", masterId="
                    + found.masterId() + ", stream=" + key + ", position=" + position + ", root=" + root
                    + "; open the log with the master keys that it was written with", found.masterId(), null, key, position, null);
        }
        return unwrap(found, given, root);
    }

    private static RecordKey unwrap(WrappedKey wrapped, MasterKeys masters, Path root) {
        byte[] bytes = unwrappedBytes(wrapped, masters, root);
        try {
            return new RecordKey(wrapped.id(), bytes);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** Master keys don't know for which log they are asked: this adds it, before what to do. */
    private static KeyUnavailableException in(Path root, KeyUnavailableException e) {
        String message = String.valueOf(e.getMessage());
        int remedy = message.lastIndexOf("; ");
        int end = remedy < 0 ? message.length() : remedy;
        return new KeyUnavailableException(message.substring(0, end) + ", root=" + root + message.substring(end), e.keyId(), e.file(), e.key(),
                e.position(), e);
    }

    /** To be zeroed by the caller. */
    private static byte[] unwrappedBytes(WrappedKey wrapped, MasterKeys masters, Path root) {
        byte[] bytes;
        try {
            bytes = masters.unwrap(wrapped.masterId(), wrapped.wrapped().clone(), RecordKey.context(wrapped.id()));
        } catch (KeyUnavailableException e) {
            throw in(root, e);
        }
        if (bytes.length != RecordKey.BYTES || !new RecordKey(wrapped.id(), bytes).isOf(wrapped)) {
            Arrays.fill(bytes, (byte) 0);
            throw new KeyUnavailableException("unwrapped session key isn't the one that was wrapped: sessionKeyId="
                    + WrappedKey.hex(wrapped.id()) + ", masterId=" + wrapped.masterId() + ", root=" + root + "; give the master key that had this id then",
                    wrapped.masterId(), null);
        }
        return bytes;
    }

    private WrappedKey wrapped(int keyId, String key, long position) {
        List<WrappedKey> all;
        try {
            all = wrapped.run();
        } catch (IOException e) {
            throw IoFailure.of("reading the session keys", e, KeysFile.path(root), key, WalException.NO_POSITION);
        }
        listed = all;
        return find(all, keyId).orElseThrow(() -> {
            String id = WrappedKey.hex(keyId);
            return new KeyUnavailableException("session key that the record is encrypted with is not in the log's file of keys: sessionKeyId=" + id
                    + ", stream=" + key + ", position=" + position + ", file=" + KeysFile.path(root)
                    + "; put the file back that the log had when the record was written, and keep the present one: newer records need it",
                    id, KeysFile.path(root), key, position, null);
        });
    }

    private static Optional<WrappedKey> find(List<WrappedKey> keys, int keyId) {
        return keys.stream().filter(each -> each.id() == keyId).findFirst();
    }

    /**
     * The same keys, wrapped under the current master key.
     *
     * @throws KeyUnavailableException if one can't be unwrapped: then none is
     */
    public static List<WrappedKey> rewrapped(Path root, List<WrappedKey> keys, MasterKeys masters) {
        String masterId = masters.currentId();
        return keys.stream().map(key -> rewrapped(root, key, masterId, masters)).toList();
    }

    private static WrappedKey rewrapped(Path root, WrappedKey key, String masterId, MasterKeys masters) {
        byte[] bytes = unwrappedBytes(key, masters, root);
        try {
            return key.rewrapped(masterId, masters.wrap(masterId, bytes, RecordKey.context(key.id())));
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /**
     * Makes sure that the current master key is the same one as before under its id. It unwraps the newest session key that is wrapped under that id.
     *
     * @throws KeyUnavailableException if it is another one
     */
    public static void checkCurrent(Path root, List<WrappedKey> keys, MasterKeys masters) {
        String masterId = masters.currentId();
        keys.stream().filter(key -> key.masterId().equals(masterId)).reduce((older, newer) -> newer)
                .ifPresent(newest -> Arrays.fill(unwrappedBytes(newest, masters, root), (byte) 0));
    }

    /** Forgets the session keys; those that are needed again are unwrapped again. */
    public void forget() {
        known.clear();
        listed = List.of();
    }
}
