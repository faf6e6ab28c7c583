package dev.streamwal.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.encryption.GcmVector;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import javax.crypto.AEADBadTagException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Keys are unwrapped as Project Wycheproof's vectors say; wrapping takes a nonce of its own, so what it gives is unwrapped. */
class KeyWrapTest {

    static List<GcmVector> all() throws IOException {
        return GcmVector.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    void unwrap_aVector_isItsMessageOrRefused(GcmVector vector) throws Exception {
        byte[] wrapped = ByteBuffer.allocate(vector.nonce().length + vector.sealed().length).put(vector.nonce()).put(vector.sealed()).array();
        if (!vector.isValid()) {
            assertThatThrownBy(() -> KeyWrap.unwrap(vector.key(), wrapped, vector.context())).isInstanceOf(AEADBadTagException.class);
            return;
        }
        assertThat(KeyWrap.unwrap(vector.key(), wrapped, vector.context())).isEqualTo(vector.message());
        byte[] again = KeyWrap.wrap(vector.key(), vector.message(), vector.context());
        assertThat(again).hasSameSizeAs(wrapped).isNotEqualTo(wrapped);
        assertThat(KeyWrap.unwrap(vector.key(), again, vector.context())).isEqualTo(vector.message());
    }
}
