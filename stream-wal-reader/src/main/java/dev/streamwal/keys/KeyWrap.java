package dev.streamwal.keys;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Wraps keys with AES-256-GCM. A wrapped key is a random nonce of 12 bytes, the encrypted key, and the tag of 16 bytes. Random nonces are enough,
 * because a master key wraps only some thousands of keys in its life.
 */
final class KeyWrap {

    static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final String CIPHER = "AES/GCM/NoPadding";
    private static final SecureRandom RANDOM = new SecureRandom();

    private KeyWrap() {}

    static byte[] wrap(byte[] masterKey, byte[] key, byte[] context) {
        byte[] nonce = new byte[NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        try {
            Cipher cipher = cipher(Cipher.ENCRYPT_MODE, masterKey, nonce, context);
            byte[] wrapped = Arrays.copyOf(nonce, NONCE_BYTES + cipher.getOutputSize(key.length));
            int unused = cipher.doFinal(key, 0, key.length, wrapped, NONCE_BYTES);
            return wrapped;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no AES-256-GCM that works: " + e.getMessage(), e);
        }
    }

    /** @throws GeneralSecurityException if it was not wrapped with this master key and context */
    static byte[] unwrap(byte[] masterKey, byte[] wrapped, byte[] context) throws GeneralSecurityException {
        if (wrapped.length < NONCE_BYTES) {
            throw new GeneralSecurityException("wrapped key is shorter than its nonce: bytes=" + wrapped.length);
        }
        Cipher cipher = cipher(Cipher.DECRYPT_MODE, masterKey, Arrays.copyOf(wrapped, NONCE_BYTES), context);
        return cipher.doFinal(wrapped, NONCE_BYTES, wrapped.length - NONCE_BYTES);
    }

    private static Cipher cipher(int mode, byte[] masterKey, byte[] nonce, byte[] context) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance(CIPHER);
        cipher.init(mode, new SecretKeySpec(masterKey, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(context);
        return cipher;
    }
}
