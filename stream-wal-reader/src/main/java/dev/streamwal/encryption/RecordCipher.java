package dev.streamwal.encryption;

import dev.streamwal.format.SealLayout;
import java.security.GeneralSecurityException;
import java.security.Key;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/** AES-256-GCM with one key, as {@link SealLayout} says. One thread at a time. */
final class RecordCipher {

    private static final int TAG_BITS = 8 * SealLayout.TAG_BYTES;

    private final Cipher cipher;
    private final Key key;
    private final byte[] nonce = new byte[SealLayout.NONCE_BYTES];
    private final byte[] context = new byte[SealLayout.CONTEXT_BYTES];

    RecordCipher(Key key) {
        this.key = key;
        try {
            this.cipher = Cipher.getInstance("AES/GCM/NoPadding");
        } catch (GeneralSecurityException e) {
            throw unusable(e);
        }
    }

    private static IllegalStateException unusable(GeneralSecurityException e) {
        return new IllegalStateException("this Java has no AES-256-GCM that works: " + e.getMessage(), e);
    }

    /** Replaces {@code length} bytes by their ciphertext, and puts the tag behind them. */
    void seal(byte[] bytes, int length, int headerLength, long timestampMillis, byte[] streamKey, int number, long position) {
        SealLayout.putNonce(nonce, number, position);
        SealLayout.putContext(context, headerLength, timestampMillis);
        seal(bytes, length, nonce, context, streamKey);
    }

    /**
     * Decrypts as many bytes as the target has, behind which the tag stands.
     *
     * @throws AEADBadTagException if they aren't what was sealed with this key, for this place
     */
    void open(byte[] sealed, byte[] target, int headerLength, long timestampMillis, byte[] streamKey, int number, long position)
            throws AEADBadTagException {
        SealLayout.putNonce(nonce, number, position);
        SealLayout.putContext(context, headerLength, timestampMillis);
        open(sealed, target, nonce, context, streamKey);
    }

    /** The context, followed by the stream's key, is authenticated together with the bytes. */
    void seal(byte[] bytes, int length, byte[] itsNonce, byte[] itsContext, byte[] streamKey) {
        try {
            begin(Cipher.ENCRYPT_MODE, itsNonce, itsContext, streamKey);
            int unused = cipher.doFinal(bytes, 0, length, bytes, 0);
        } catch (GeneralSecurityException e) {
            throw unusable(e);
        }
    }

    void open(byte[] sealed, byte[] target, byte[] itsNonce, byte[] itsContext, byte[] streamKey) throws AEADBadTagException {
        try {
            begin(Cipher.DECRYPT_MODE, itsNonce, itsContext, streamKey);
            int unused = cipher.doFinal(sealed, 0, target.length + SealLayout.TAG_BYTES, target, 0);
        } catch (AEADBadTagException e) {
            throw e;
        } catch (GeneralSecurityException e) {
            throw unusable(e);
        }
    }

    private void begin(int mode, byte[] itsNonce, byte[] itsContext, byte[] streamKey) throws GeneralSecurityException {
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, itsNonce));
        cipher.updateAAD(itsContext);
        cipher.updateAAD(streamKey);
    }

    /** The tag over nothing, with a nonce that no record has: a position is never negative. */
    byte[] check() {
        try {
            SealLayout.putNonce(nonce, -1, -1);
            cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(TAG_BITS, nonce));
            return cipher.doFinal();
        } catch (GeneralSecurityException e) {
            throw unusable(e);
        }
    }
}
