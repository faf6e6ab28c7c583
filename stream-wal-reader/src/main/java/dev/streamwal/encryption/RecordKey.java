package dev.streamwal.encryption;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import javax.crypto.AEADBadTagException;
import javax.crypto.spec.SecretKeySpec;

/**
 * A session key that can be used. Thread-safe: each use takes a cipher out of a small stock. So there are few ciphers, each of which has a copy of
 * the key, and none belongs to a thread.
 */
class RecordKey {

    static final int BYTES = 32;
    private static final int STOCK = 8;

    private final int id;
    private final SecretKeySpec key;
    private final AtomicReferenceArray<RecordCipher> stock = new AtomicReferenceArray<>(STOCK);

    /** @param key copied */
    RecordKey(int id, byte[] key) {
        this.id = id;
        this.key = new SecretKeySpec(key, "AES");
    }

    final int id() {
        return id;
    }

    final RecordCipher take() {
        for (int i = 0; i < STOCK; i++) {
            RecordCipher kept = stock.get(i) == null ? null : stock.getAndSet(i, null);
            if (kept != null) {
                return kept;
            }
        }
        return new RecordCipher(key);
    }

    final void giveBack(RecordCipher cipher) {
        for (int i = 0; i < STOCK; i++) {
            if (stock.get(i) == null && stock.compareAndSet(i, null, cipher)) {
                return;
            }
        }
    }

    final void open(byte[] sealed, byte[] target, int headerLength, long timestampMillis, byte[] streamKey, int number, long position)
            throws AEADBadTagException {
        RecordCipher cipher = take();
        try {
            cipher.open(sealed, target, headerLength, timestampMillis, streamKey, number, position);
        } finally {
            giveBack(cipher);
        }
    }

    /** Distinguishes this key from others, and reveals nothing about it. */
    final byte[] check() {
        RecordCipher cipher = take();
        try {
            return cipher.check();
        } finally {
            giveBack(cipher);
        }
    }

    final boolean isOf(WrappedKey wrapped) {
        return Arrays.equals(check(), wrapped.check());
    }

    /** What is authenticated with a wrapped key, so that no wrapped key passes for another one. */
    static byte[] context(int id) {
        return ("stream-wal session key " + WrappedKey.hex(id)).getBytes(StandardCharsets.US_ASCII);
    }

    /** Without the key. */
    @Override
    public final String toString() {
        return "RecordKey[id=" + WrappedKey.hex(id) + ']';
    }
}
