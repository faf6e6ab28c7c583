package dev.streamwal.ratis.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.ratis.wire.Command.Append;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which commands were applied (trap 8): as long as it is known what was answered, and that it is forgotten in the order applied. */
class ProducersTest {

    private final Producers producers = new Producers();

    private static Append inAnyOrder(String producer, long sequence) {
        return new Append(producer, sequence, List.of());
    }

    private static Append behind(long after, long sequence) {
        return new Append("a", sequence, after, List.of());
    }

    @Test
    void answerOf_appliedCommand_isWhatWasAnswered() {
        producers.applied(inAnyOrder("a", 7), new byte[] {1, 2});
        assertThat(producers.answerOf(inAnyOrder("a", 7))).containsExactly(1, 2);
        assertThat(producers.answerOf(inAnyOrder("b", 7))).isNull();
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("a", 6))).isFalse();
    }

    @Test
    void applied_moreThanAreKept_forgetsTheOldest_butNotThatItWasApplied() {
        for (int i = 0; i <= Producers.MAX_ANSWERS; i++) {
            producers.applied(inAnyOrder("a", i), new byte[1]);
        }
        assertThat(producers.answerOf(inAnyOrder("a", 0))).isNull();
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("a", 0))).isTrue();
        assertThat(producers.answerOf(inAnyOrder("a", 1))).isNotNull();
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("a", 1))).isFalse();
    }

    @Test
    void applied_largeAnswers_areForgottenByBytes() {
        for (int i = 0; i < 17; i++) {
            producers.applied(inAnyOrder("a", i), new byte[1 << 20]);
        }
        assertThat(producers.answerOf(inAnyOrder("a", 0))).isNull();
        assertThat(producers.answerOf(inAnyOrder("a", 1))).isNotNull();
    }

    @Test
    void applied_ofMoreProducersThanAreKept_forgetsThoseThatAreSilent() {
        int all = Producers.MAX_ANSWERS + Producers.MAX_PRODUCERS + 1;
        for (int i = 0; i < all; i++) {
            producers.applied(inAnyOrder("p" + i, 3), new byte[1]);
        }
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("p0", 3))).isFalse();
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("p1", 3))).isTrue();
    }

    @Test
    void read_ofWhatWasWritten_forgetsTheSameNext() throws IOException {
        for (int i = 0; i < Producers.MAX_ANSWERS + 5; i++) {
            producers.applied(i % 2 == 0 ? inAnyOrder("p" + i % 3, i) : new Append("q" + i % 3, i, i - 6, List.of()), new byte[] {(byte) i});
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        producers.write(new DataOutputStream(bytes));
        Producers read = Producers.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
        read.applied(inAnyOrder("new", 0), new byte[1]);
        producers.applied(inAnyOrder("new", 0), new byte[1]);
        ByteArrayOutputStream again = new ByteArrayOutputStream();
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        read.write(new DataOutputStream(again));
        producers.write(new DataOutputStream(expected));
        assertThat(again.toByteArray()).isEqualTo(expected.toByteArray());
    }

    @Test
    void isTooEarly_untilTheCommandBeforeIsApplied() {
        assertThat(producers.isTooEarly(behind(Append.NONE, 5))).as("whatever came before").isFalse();
        assertThat(producers.isTooEarly(behind(5, 6))).isTrue();
        producers.applied(behind(Append.NONE, 5), new byte[1]);
        assertThat(producers.isTooEarly(behind(5, 6))).isFalse();
        assertThat(producers.isTooEarly(behind(6, 7))).isTrue();
        assertThat(producers.wasTooEarly(behind(6, 7))).isTrue();
        assertThat(producers.wasTooEarly(behind(4, 5))).isFalse();
    }

    @Test
    void mayHaveBeenApplied_ofCommandsInOrder_isWhatIsBehindTheLastOne() {
        producers.applied(behind(Append.NONE, 5), new byte[1]);
        assertThat(producers.mayHaveBeenApplied(behind(3, 4))).as("given up, and found by a new leader").isTrue();
        assertThat(producers.mayHaveBeenApplied(behind(5, 6))).isFalse();
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("a", 4))).isFalse();
    }

    @Test
    void last_ofMoreProducersThanAreKept_isForgotten_andOneThatGoesOnIsTakenFromItsFirst() throws IOException {
        producers.applied(behind(Append.NONE, 5), new byte[1]);
        for (int i = 0; i < Producers.MAX_PRODUCERS; i++) {
            producers.applied(new Append("p" + i, 0, Append.NONE, List.of()), new byte[1]);
        }
        assertThat(producers.isTooEarly(behind(5, 6))).isTrue();
        assertThat(producers.wasTooEarly(behind(5, 6))).as("it may have been applied").isFalse();
        assertThat(producers.isTooEarly(behind(Append.NONE, 6))).isFalse();
    }
}
