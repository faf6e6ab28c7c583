package dev.streamwal.ratis.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Which commands were applied (trap 8): as long as it is known what was answered, and that it is forgotten in the order applied. */
class ProducersTest {

    private final Producers producers = new Producers();

    @Test
    void answerOf_appliedCommand_isWhatWasAnswered() {
        producers.applied("a", 7, new byte[] {1, 2});
        assertThat(producers.answerOf("a", 7)).containsExactly(1, 2);
        assertThat(producers.answerOf("b", 7)).isNull();
        assertThat(producers.mayHaveBeenApplied("a", 6)).isFalse();
    }

    @Test
    void applied_moreThanAreKept_forgetsTheOldest_butNotThatItWasApplied() {
        for (int i = 0; i <= Producers.MAX_ANSWERS; i++) {
            producers.applied("a", i, new byte[1]);
        }
        assertThat(producers.answerOf("a", 0)).isNull();
        assertThat(producers.mayHaveBeenApplied("a", 0)).isTrue();
        assertThat(producers.answerOf("a", 1)).isNotNull();
        assertThat(producers.mayHaveBeenApplied("a", 1)).isFalse();
    }

    @Test
    void applied_largeAnswers_areForgottenByBytes() {
        for (int i = 0; i < 17; i++) {
            producers.applied("a", i, new byte[1 << 20]);
        }
        assertThat(producers.answerOf("a", 0)).isNull();
        assertThat(producers.answerOf("a", 1)).isNotNull();
    }

    @Test
    void applied_ofMoreProducersThanAreKept_forgetsThoseThatAreSilent() {
        int all = Producers.MAX_ANSWERS + Producers.MAX_PRODUCERS + 1;
        for (int i = 0; i < all; i++) {
            producers.applied("p" + i, 3, new byte[1]);
        }
        assertThat(producers.mayHaveBeenApplied("p0", 3)).isFalse();
        assertThat(producers.mayHaveBeenApplied("p1", 3)).isTrue();
    }

    @Test
    void read_ofWhatWasWritten_forgetsTheSameNext() throws IOException {
        for (int i = 0; i < Producers.MAX_ANSWERS + 5; i++) {
            producers.applied("p" + i % 3, i, new byte[] {(byte) i});
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        producers.write(new DataOutputStream(bytes));
        Producers read = Producers.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
        read.applied("new", 0, new byte[1]);
        producers.applied("new", 0, new byte[1]);
        ByteArrayOutputStream again = new ByteArrayOutputStream();
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        read.write(new DataOutputStream(again));
        producers.write(new DataOutputStream(expected));
        assertThat(again.toByteArray()).isEqualTo(expected.toByteArray());
    }
}
