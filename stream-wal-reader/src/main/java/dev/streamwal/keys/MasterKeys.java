package dev.streamwal.keys;

import dev.streamwal.error.KeyUnavailableException;
import java.nio.file.Path;
import java.util.Map;

/**
 * A program's master keys. They have one use: wrapping the session keys that a log encrypts its records with. A log keeps the wrapped keys beside its
 * data, and never sees a master key. So an implementation may leave the master keys where they are, for instance in a key management service. Each
 * reader and writer asks once for each wrapped key that it needs, and each writer that encrypts asks for the newest one; nothing asks for each
 * record.
 *
 * <pre>{@code
 * MasterKeys keys = MasterKeys.file(Path.of("/etc/telemetry/keys"));
 * StreamWal.open(root, WalOptions.builder().encryption(keys).build());
 * }</pre>
 *
 * <p>Implementations are thread-safe. They must authenticate what they wrap, together with the context: unwrapping anything that wasn't wrapped under
 * this id and with this context has to fail. Other exceptions than {@link KeyUnavailableException} are passed on to the program.
 *
 * @since 1.0
 */
public interface MasterKeys {

    /** {@return the id of the master key that new keys are wrapped with: 1 to 255 bytes of UTF-8, no lone surrogate; not secret, logs keep it} */
    String currentId();

    /**
     * Encrypts a key.
     *
     * @param id of the master key to use: the {@link #currentId()}
     * @param key 32 bytes, which the caller zeroes afterwards; not to be kept
     * @param context to authenticate together with the key; not secret
     * @return 1 to 4,096 bytes
     * @throws KeyUnavailableException if there is no such master key
     */
    byte[] wrap(String id, byte[] key, byte[] context);

    /**
     * Decrypts a key.
     *
     * @param id of the master key that it was wrapped with
     * @param wrapped as {@link #wrap} returned it
     * @param context as it was given to {@link #wrap}
     * @return the key, 32 bytes, which the caller zeroes after use
     * @throws KeyUnavailableException if there is no such master key, or it isn't the one that the key was wrapped with
     */
    byte[] unwrap(String id, byte[] wrapped, byte[] context);

    /** {@return whether the master keys are in memory that the operating system neither swaps out nor writes to a core dump; false by default} */
    default boolean isLocked() {
        return false;
    }

    /**
     * Master keys in memory: off the heap, and {@link #isLocked locked} on Linux, from Java 22 on, if the program was started with
     * {@code --enable-native-access} for this library. Nothing is printed if it wasn't.
     *
     * @param currentId of the one that new keys are wrapped with
     * @param keys by id: 32 bytes each, which are copied
     * @return wraps with AES-256-GCM
     * @throws IllegalArgumentException if a key hasn't 32 bytes, an id hasn't 1 to 255 bytes of UTF-8, or there is no key with the current id
     */
    static MasterKeys ring(String currentId, Map<String, byte[]> keys) {
        return new KeyRing(currentId, keys);
    }

    /**
     * Master keys in a file, which only its owner may read or write. It has a line for each key: its id, a space, and the key as 64 hexadecimal digits.
     * The last line is the current key. Empty lines, and lines that begin with {@code #}, are ignored.
     *
     * <p>The file is read whenever a key is wrapped or unwrapped, and not kept in memory. So appending a line and calling {@code rotateKeys()} is a
     * rotation.
     *
     * @param file read when it is needed; its permissions are checked then, if its file system has POSIX permissions
     * @return wraps with AES-256-GCM; throws a {@link KeyUnavailableException} if the file can't be read, others may read or write it, or it has
     *     anything else in it
     */
    static MasterKeys file(Path file) {
        return new KeyFile(file);
    }
}
