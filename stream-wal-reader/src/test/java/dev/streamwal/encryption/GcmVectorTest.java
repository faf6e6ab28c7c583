package dev.streamwal.encryption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.format.SealLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import javax.crypto.AEADBadTagException;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Records are sealed and opened as Project Wycheproof's vectors say. */
class GcmVectorTest {

    private static final byte[] NONE = {};

    static List<GcmVector> all() throws IOException {
        return GcmVector.all();
    }

    private static RecordCipher cipher(GcmVector vector) {
        return new RecordCipher(new SecretKeySpec(vector.key(), "AES"));
    }

    @Test
    void vectors_areAllThere() throws IOException {
        assertThat(all()).hasSize(66);
        assertThat(all()).filteredOn(GcmVector::isValid).hasSize(39);
        assertThat(all()).allMatch(vector -> vector.key().length == RecordKey.BYTES && vector.nonce().length == SealLayout.NONCE_BYTES
                && vector.sealed().length == vector.message().length + SealLayout.TAG_BYTES);
    }

    @ParameterizedTest
    @MethodSource("all")
    void seal_aVector_isWhatItSays(GcmVector vector) {
        byte[] bytes = Arrays.copyOf(vector.message(), vector.sealed().length);
        cipher(vector).seal(bytes, vector.message().length, vector.nonce(), vector.context(), NONE);
        // an invalid one is a valid one of which the tag was changed
        assertThat(Arrays.equals(bytes, vector.sealed())).isEqualTo(vector.isValid());
    }

    @ParameterizedTest
    @MethodSource("all")
    void open_aVector_isItsMessageOrRefused(GcmVector vector) throws Exception {
        byte[] target = new byte[vector.message().length];
        RecordCipher cipher = cipher(vector);
        if (!vector.isValid()) {
            assertThatThrownBy(() -> open(cipher, vector, target)).isInstanceOf(AEADBadTagException.class);
            assertThat(target).as("what wasn't authenticated").containsOnly(0);
            return;
        }
        open(cipher, vector, target);
        assertThat(target).isEqualTo(vector.message());
    }

    private static void open(RecordCipher cipher, GcmVector vector, byte[] target) throws AEADBadTagException {
        cipher.open(vector.sealed(), target, vector.nonce(), vector.context(), NONE);
    }

    /** Those whose context is long enough for that of a record: through all that a record goes through. */
    @Test
    void record_withTheNonceAndContextOfAVector_isWhatItSays() throws Exception {
        int records = 0;
        for (GcmVector vector : all()) {
            if (vector.context().length < SealLayout.CONTEXT_BYTES) {
                continue;
            }
            records++;
            ByteBuffer nonce = ByteBuffer.wrap(vector.nonce()).order(ByteOrder.LITTLE_ENDIAN);
            ByteBuffer context = ByteBuffer.wrap(vector.context()).order(ByteOrder.LITTLE_ENDIAN);
            int headerLength = context.getInt();
            long timestampMillis = context.getLong();
            byte[] streamKey = Arrays.copyOfRange(vector.context(), SealLayout.CONTEXT_BYTES, vector.context().length);
            byte[] sealed = Arrays.copyOf(vector.message(), vector.sealed().length);
            cipher(vector).seal(sealed, vector.message().length, headerLength, timestampMillis, streamKey, nonce.getInt(0), nonce.getLong(4));
            assertThat(sealed).as("%s", vector).isEqualTo(vector.sealed());
            byte[] target = new byte[vector.message().length];
            new RecordKey(1, vector.key()).open(sealed, target, headerLength, timestampMillis, streamKey, nonce.getInt(0), nonce.getLong(4));
            assertThat(target).as("%s", vector).isEqualTo(vector.message());
        }
        assertThat(records).isEqualTo(14);
    }
}
