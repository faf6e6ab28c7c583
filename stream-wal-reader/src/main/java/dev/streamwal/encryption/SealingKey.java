package dev.streamwal.encryption;

import dev.streamwal.format.SealLayout;
import dev.streamwal.keys.MasterKeys;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A session key that records are sealed with. Thread-safe.
 *
 * <p><b>Why no nonce is used twice.</b> A key is made here, at random, and nowhere else: a key that was read from a log can open records, and there is
 * no way to seal with it. So a key seals in one process only, whatever becomes of the log's files: a copy that goes on, a restored backup, and the
 * same log opened again each have another key. In that process each record takes a number of its own when it is sealed, whether or not it is stored
 * afterwards. So a write that fails, a slot that is given up, and a tail that is cut don't matter. The one exception is a virtual machine whose
 * memory is cloned while it runs.
 */
public final class SealingKey extends RecordKey {

    private static final SecureRandom RANDOM = new SecureRandom();
    /** The format has room for this many. */
    private static final long MAX_NUMBERS = 1L << Integer.SIZE;
    /** From this number on, another key is to be made; the remaining numbers are for appends that have begun. */
    private static final long FULL = MAX_NUMBERS / 2;

    private final AtomicLong numbers;
    private final WrappedKey wrapped;

    private SealingKey(byte[] key, WrappedKey wrapped, long firstNumber) {
        super(wrapped.id(), key);
        this.wrapped = wrapped;
        this.numbers = new AtomicLong(firstNumber);
    }

    /** A new key that has sealed nothing. Asks the master keys to wrap it. */
    public static SealingKey generate(int id, long nowMillis, MasterKeys masters) {
        return generate(id, nowMillis, masters, 0);
    }

    /** Like {@link #generate(int, long, MasterKeys)}, for tests that can't seal that many records. */
    static SealingKey generate(int id, long nowMillis, MasterKeys masters, long firstNumber) {
        byte[] key = new byte[BYTES];
        try {
            RANDOM.nextBytes(key);
            String masterId = masters.currentId();
            byte[] check = new RecordKey(id, key).check();
            WrappedKey wrapped = new WrappedKey(id, nowMillis, masterId, masters.wrap(masterId, key, context(id)), check);
            return new SealingKey(key, wrapped, firstNumber);
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }

    /** An id that is most likely no other key's. */
    public static int newId() {
        return RANDOM.nextInt();
    }

    /** The key as the log is to keep it; durably before the first record is sealed. */
    public WrappedKey wrapped() {
        return wrapped;
    }

    /** Whether another key is to be made for further records. */
    public boolean isFull() {
        return numbers.get() >= FULL;
    }

    /**
     * Seals a record in place.
     *
     * @param bytes header and content, from the beginning on; behind them {@link SealLayout#BYTES} more, which are overwritten
     * @param length of header and content
     * @param streamKey UTF-8
     * @param position of the record in its stream
     */
    public void seal(byte[] bytes, int length, int headerLength, long timestampMillis, byte[] streamKey, long position) {
        long number = numbers.getAndIncrement();
        if (number >= MAX_NUMBERS) {
            throw new IllegalStateException("session key has sealed the maximum number of records: key=" + this + ", position=" + position
                    + "; append again, which takes another key");
        }
        RecordCipher cipher = take();
        try {
            cipher.seal(bytes, length, headerLength, timestampMillis, streamKey, (int) number, position);
            SealLayout.putKey(bytes, length, (int) number, id());
        } finally {
            giveBack(cipher);
        }
    }
}
