package dev.streamwal.keys;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.error.KeyUnavailableException;
import java.security.GeneralSecurityException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.IntFunction;

/** Master keys in memory. Thread-safe: nothing changes, until the keys are zeroed. */
final class KeyRing implements MasterKeys {

    static final int MAX_ID_BYTES = 255;

    private final String currentId;
    private final KeyMemory memory;
    private final Map<String, Integer> places = new HashMap<>();

    KeyRing(String currentId, Map<String, byte[]> keys) {
        this(currentId, keys, KeyMemory::locked);
    }

    /** @param memory for so many keys */
    KeyRing(String currentId, Map<String, byte[]> keys, IntFunction<KeyMemory> memory) {
        this.currentId = Objects.requireNonNull(currentId, "currentId");
        this.memory = memory.apply(Math.max(1, keys.size()));
        keys.forEach((id, key) -> {
            this.memory.put(places.size(), checkedKey(checkedId(id), key));
            places.put(id, places.size());
        });
        if (!places.containsKey(currentId)) {
            throw new IllegalArgumentException("no master key has the current id: currentId=" + currentId + ", ids=" + new TreeSet<>(keys.keySet())
                    + "; add the key with that id, or make one of these the current one");
        }
    }

    private static String checkedId(String id) {
        // the log would store a question mark in place of the surrogate, and later ask for that id
        if (!UTF_8.newEncoder().canEncode(id)) {
            throw new IllegalArgumentException("id of a master key has a lone surrogate, which UTF-8 can't encode: chars=" + id.length()
                    + "; give another one");
        }
        int bytes = id.getBytes(UTF_8).length;
        if (bytes < 1 || bytes > MAX_ID_BYTES) {
            throw new IllegalArgumentException("id of a master key is " + (bytes < 1 ? "empty" : "too long") + ": bytes=" + bytes + ", max=" + MAX_ID_BYTES
                    + "; give another one");
        }
        return id;
    }

    private static byte[] checkedKey(String id, byte[] key) {
        if (key.length != KeyWrap.KEY_BYTES) {
            throw new IllegalArgumentException("master key is too " + (key.length < KeyWrap.KEY_BYTES ? "short" : "long") + ": id=" + id + ", bytes="
                    + key.length + ", wanted=" + KeyWrap.KEY_BYTES + "; give a key of 256 bits");
        }
        return key;
    }

    @Override
    public String currentId() {
        return currentId;
    }

    @Override
    public byte[] wrap(String id, byte[] key, byte[] context) {
        return memory.with(place(id), master -> KeyWrap.wrap(master, key, context));
    }

    @Override
    public byte[] unwrap(String id, byte[] wrapped, byte[] context) {
        return memory.with(place(id), master -> unwrap(master, id, wrapped, context));
    }

    private static byte[] unwrap(byte[] master, String id, byte[] wrapped, byte[] context) {
        try {
            return KeyWrap.unwrap(master, wrapped, context);
        } catch (GeneralSecurityException e) {
            throw new KeyUnavailableException("master key with this id isn't the one that wrapped this log's key: id=" + id
                    + "; give the master key that had this id then", id, e);
        }
    }

    @Override
    public boolean isLocked() {
        return memory.isLocked();
    }

    private int place(String id) {
        Integer place = places.get(id);
        if (place == null) {
            throw new KeyUnavailableException("no master key has this id: id=" + id + ", ids=" + new TreeSet<>(places.keySet())
                    + "; add the master key that had this id when the data was written", id, null);
        }
        return place;
    }

    /** Overwrites the keys; nothing can be wrapped or unwrapped any more. */
    void zero() {
        memory.zero();
        places.clear();
    }

    /** Without the keys. */
    @Override
    public String toString() {
        return "MasterKeys[currentId=" + currentId + ", ids=" + new TreeSet<>(places.keySet()) + ']';
    }
}
