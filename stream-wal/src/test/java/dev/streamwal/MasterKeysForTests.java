package dev.streamwal;

import dev.streamwal.keys.MasterKeys;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** Master keys that a test may make as many of as it likes: that of an id has its hash in each byte. */
public final class MasterKeysForTests {

    private MasterKeysForTests() {}

    public static byte[] key(String id) {
        byte[] key = new byte[32];
        Arrays.fill(key, (byte) id.hashCode());
        return key;
    }

    /** @param ids the first is the current one's */
    public static MasterKeys ring(String... ids) {
        Map<String, byte[]> keys = new TreeMap<>();
        for (String id : ids) {
            keys.put(id, key(id));
        }
        return MasterKeys.ring(ids[0], keys);
    }
}
