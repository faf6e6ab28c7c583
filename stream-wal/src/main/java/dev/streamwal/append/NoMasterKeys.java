package dev.streamwal.append;

import dev.streamwal.encryption.KeysFile;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.keys.MasterKeys;
import java.nio.file.Path;

/**
 * Stands for the master keys of a log that has encrypted records and was opened without any. The log does everything but encrypt; an append that
 * would leave plaintext beside ciphertext, because one option was forgotten, is refused.
 */
final class NoMasterKeys implements MasterKeys {

    private final Path root;

    /** For the log in this directory. */
    NoMasterKeys(Path root) {
        this.root = root;
    }

    @Override
    public String currentId() {
        throw missing();
    }

    @Override
    public byte[] wrap(String id, byte[] key, byte[] context) {
        throw missing();
    }

    @Override
    public byte[] unwrap(String id, byte[] wrapped, byte[] context) {
        throw missing();
    }

    private KeyUnavailableException missing() {
        return new KeyUnavailableException("the log encrypts its records, and was opened without master keys: root=" + root
                + "; open it with WalOptions.encryption, or with StreamOptions.encrypted(false) for streams that are not to be encrypted",
                "", KeysFile.path(root), null, KeyUnavailableException.NO_POSITION, null);
    }
}
