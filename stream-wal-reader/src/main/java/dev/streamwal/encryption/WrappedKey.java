package dev.streamwal.encryption;

import java.util.HexFormat;

/**
 * A session key as a log keeps it.
 *
 * @param id of the session key; different from those of the log's other session keys
 * @param createdMillis by the writer's clock
 * @param masterId of the master key that it is wrapped with
 * @param wrapped as {@link dev.streamwal.keys.MasterKeys#wrap} returned it
 * @param check distinguishes the right key from others: see {@link RecordKey#check()}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and not changed
public record WrappedKey(int id, long createdMillis, String masterId, byte[] wrapped, byte[] check) {

    /** The same key, wrapped anew. */
    public WrappedKey rewrapped(String newMasterId, byte[] newWrapped) {
        return new WrappedKey(id, createdMillis, newMasterId, newWrapped, check);
    }

    /** An id in the form for messages. */
    public static String hex(int id) {
        return HexFormat.of().toHexDigits(id);
    }

    @Override
    public String toString() {
        return "WrappedKey[id=" + hex(id) + ", masterId=" + masterId + ']';
    }
}
