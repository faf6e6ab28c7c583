package dev.streamwal.keys;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.error.KeyUnavailableException;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;

/** Master keys in memory. Thread-safe: nothing changes, until the keys are zeroed. */
final class KeyRing implements MasterKeys {

    static final int MAX_ID_BYTES = 255;

    private final String currentId;
    private final Map<String, byte[]> keys = new HashMap<>();

    KeyRing(String currentId, Map<String, byte[]> keys) {
        this.currentId = Objects.requireNonNull(currentId, "currentId");
        keys.forEach((id, key) -> this.keys.put(checkedId(id), checkedKey(id, key).clone()));
        if (!this.keys.containsKey(currentId)) {
            throw new IllegalArgumentException("no master key has the current id: currentId=" + currentId + ", ids=" + new TreeSet<>(keys.keySet()));
        }
    }

    private static String checkedId(String id) {
        int bytes = id.getBytes(UTF_8).length;
        if (bytes < 1 || bytes > MAX_ID_BYTES) {
            throw new IllegalArgumentException("id of a master key has not 1 to " + MAX_ID_BYTES + " bytes of UTF-8: bytes=" + bytes);
        }
        return id;
    }

    private static byte[] checkedKey(String id, byte[] key) {
        if (key.length != KeyWrap.KEY_BYTES) {
            throw new IllegalArgumentException("master key has not " + KeyWrap.KEY_BYTES + " bytes: id=" + id + ", bytes=" + key.length);
        }
        return key;
    }

    @Override
    public String currentId() {
        return currentId;
    }

    @Override
    public byte[] wrap(String id, byte[] key, byte[] context) {
        return KeyWrap.wrap(key(id), key, context);
    }

    @Override
    public byte[] unwrap(String id, byte[] wrapped, byte[] context) {
        try {
            return KeyWrap.unwrap(key(id), wrapped, context);
        } catch (GeneralSecurityException e) {
            throw new KeyUnavailableException("master key is not the one that this log's key was wrapped with, though it has its id: id=" + id
                    + "; give the master key that had this id then", id, e);
        }
    }

    private byte[] key(String id) {
        byte[] key = keys.get(id);
        if (key == null) {
            throw new KeyUnavailableException("no master key has this id: id=" + id + ", ids=" + new TreeSet<>(keys.keySet())
                    + "; add the master key that had this id when the data was written", id, null);
        }
        return key;
    }

    /** Overwrites the keys; nothing can be wrapped or unwrapped any more. */
    void zero() {
        keys.values().forEach(key -> Arrays.fill(key, (byte) 0));
        keys.clear();
    }

    /** Without the keys. */
    @Override
    public String toString() {
        return "MasterKeys[currentId=" + currentId + ", ids=" + new TreeSet<>(keys.keySet()) + ']';
    }
}
