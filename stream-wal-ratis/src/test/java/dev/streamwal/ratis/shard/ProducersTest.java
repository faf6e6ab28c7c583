package dev.streamwal.ratis.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.ratis.wire.AppendAnswer;
import dev.streamwal.ratis.wire.AppendAnswer.Appended;
import dev.streamwal.ratis.wire.AppendAnswer.Refused;
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

    private static void applied(Producers producers, Append command, byte[] answer) throws IOException {
        producers.applied(command, answer, Producers.AMONG_THE_LAST);
    }

    private static byte[] at(long position) throws IOException {
        return new AppendAnswer(List.of(new Appended(position, List.of()))).encode();
    }

    private static Producers copy(Producers producers) throws IOException {
        return Producers.read(new DataInputStream(new ByteArrayInputStream(bytes(producers))));
    }

    private static byte[] bytes(Producers producers) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        producers.write(new DataOutputStream(bytes));
        return bytes.toByteArray();
    }

    /** As many as make all answers of before forgotten. */
    private static void forgetAnswers(Producers producers) throws IOException {
        for (int i = 0; i < Producers.MAX_ANSWERS; i++) {
            applied(producers, inAnyOrder("others", i), new byte[1]);
        }
    }

    private static Append inAnyOrder(String producer, long sequence) {
        return new Append(producer, sequence, List.of());
    }

    private static Append behind(long after, long sequence) {
        return new Append("a", sequence, after, List.of());
    }

    @Test
    void answerOf_appliedCommand_isWhatWasAnswered() throws IOException {
        applied(producers, inAnyOrder("a", 7), new byte[] {1, 2});
        assertThat(producers.answerOf(inAnyOrder("a", 7))).containsExactly(1, 2);
        assertThat(producers.answerOf(inAnyOrder("b", 7))).isNull();
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("a", 6))).isFalse();
    }

    @Test
    void applied_moreThanAreKept_forgetsTheOldest_butNotThatItWasApplied() throws IOException {
        for (int i = 0; i <= Producers.MAX_ANSWERS; i++) {
            applied(producers, inAnyOrder("a", i), new byte[1]);
        }
        assertThat(producers.answerOf(inAnyOrder("a", 0))).isNull();
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("a", 0))).isTrue();
        assertThat(producers.answerOf(inAnyOrder("a", 1))).isNotNull();
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("a", 1))).isFalse();
    }

    @Test
    void applied_largeAnswers_areForgottenByBytes() throws IOException {
        for (int i = 0; i < 17; i++) {
            applied(producers, inAnyOrder("a", i), new byte[1 << 20]);
        }
        assertThat(producers.answerOf(inAnyOrder("a", 0))).isNull();
        assertThat(producers.answerOf(inAnyOrder("a", 1))).isNotNull();
    }

    @Test
    void applied_amongTheLast_ofMoreProducersThanAreKept_forgetsThoseThatAreSilent() throws IOException {
        int all = Producers.MAX_ANSWERS + Producers.MAX_PRODUCERS + 1;
        for (int i = 0; i < all; i++) {
            applied(producers, inAnyOrder("p" + i, 3), new byte[1]);
        }
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("p0", 3))).isFalse();
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("p1", 3))).isTrue();
    }

    @Test
    void read_ofWhatWasWritten_forgetsTheSameNext() throws IOException {
        for (int i = 0; i < Producers.MAX_ANSWERS + 5; i++) {
            producers.applied(inAnyOrder("kept" + i % 3, i), at(i), 1_000 + i);
            applied(producers, i % 2 == 0 ? inAnyOrder("p" + i % 3, i) : new Append("q" + i % 3, i, i - 6, List.of()), new byte[] {(byte) i});
        }
        Producers read = copy(producers);
        assertThat(read.reached()).isEqualTo(producers.reached()).isPositive();
        applied(read, inAnyOrder("new", 0), new byte[1]);
        applied(producers, inAnyOrder("new", 0), new byte[1]);
        assertThat(bytes(read)).isEqualTo(bytes(producers));
    }

    @Test
    void applied_untilATime_isKnownThen_howeverManyOthersThereAre_alsoWhenRead() throws IOException {
        int all = Producers.MAX_ANSWERS + 2 * Producers.MAX_PRODUCERS;
        for (int i = 0; i < all; i++) {
            producers.applied(inAnyOrder("p" + i, 7), at(40L * i), 1_000);
        }
        for (Producers each : List.of(producers, copy(producers))) {
            each.expire(999);
            for (int i = 0; i < all; i++) {
                assertThat(each.mayHaveBeenApplied(inAnyOrder("p" + i, 7)) || i >= all - Producers.MAX_ANSWERS).isTrue();
                assertThat(each.answerOf(inAnyOrder("p" + i, 7))).as("the same answer").isEqualTo(at(40L * i));
            }
            assertThat(each.mayHaveBeenApplied(inAnyOrder("p0", 8))).isFalse();
            assertThat(each.answerOf(inAnyOrder("p0", 8))).isNull();
            assertThat(each.mayHaveBeenApplied(inAnyOrder("p0", 6))).as("it comes late").isTrue();
            assertThat(each.answerOf(inAnyOrder("p0", 6))).isNull();
            each.expire(1_000);
            assertThat(each.mayHaveBeenApplied(inAnyOrder("p0", 7))).isFalse();
            assertThat(each.reached()).isZero();
        }
    }

    @Test
    void applied_ofOneProducerAgain_isKnownUpToTheGreatest_untilTheLatestTime() throws IOException {
        producers.applied(inAnyOrder("p", 8), at(80), 500);
        producers.applied(inAnyOrder("p", 7), at(40), 1_000);
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("p", 6))).as("as long as answers are known any order is good").isFalse();
        forgetAnswers(producers);
        producers.expire(999);
        assertThat(producers.answerOf(inAnyOrder("p", 8))).isEqualTo(at(80));
        assertThat(producers.answerOf(inAnyOrder("p", 7))).isNull();
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("p", 7))).isTrue();
    }

    @Test
    void answerOf_wherePartOfItWasRefused_isForgotten_butNotThatItWasApplied() throws IOException {
        byte[] answer = new AppendAnswer(List.of(new Appended(40, List.of(new Refused(1, "too large"))))).encode();
        producers.applied(inAnyOrder("p", 7), answer, 1_000);
        assertThat(producers.answerOf(inAnyOrder("p", 7))).isEqualTo(answer);
        forgetAnswers(producers);
        assertThat(producers.answerOf(inAnyOrder("p", 7))).isNull();
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("p", 7))).isTrue();
    }

    @Test
    void isTooEarly_untilTheCommandBeforeIsApplied() throws IOException {
        assertThat(producers.isTooEarly(behind(Append.NONE, 5))).as("whatever came before").isFalse();
        assertThat(producers.isTooEarly(behind(5, 6))).isTrue();
        applied(producers, behind(Append.NONE, 5), new byte[1]);
        assertThat(producers.isTooEarly(behind(5, 6))).isFalse();
        assertThat(producers.isTooEarly(behind(6, 7))).isTrue();
        assertThat(producers.wasTooEarly(behind(6, 7))).isTrue();
        assertThat(producers.wasTooEarly(behind(4, 5))).isFalse();
    }

    @Test
    void mayHaveBeenApplied_ofCommandsInOrder_isWhatIsBehindTheLastOne() throws IOException {
        applied(producers, behind(Append.NONE, 5), new byte[1]);
        assertThat(producers.mayHaveBeenApplied(behind(3, 4))).as("given up, and found by a new leader").isTrue();
        assertThat(producers.mayHaveBeenApplied(behind(5, 6))).isFalse();
        assertThat(producers.mayHaveBeenApplied(inAnyOrder("a", 4))).isFalse();
    }

    @Test
    void last_ofMoreProducersThanAreKept_isForgotten_andOneThatGoesOnIsTakenFromItsFirst() throws IOException {
        applied(producers, behind(Append.NONE, 5), new byte[1]);
        for (int i = 0; i < Producers.MAX_PRODUCERS; i++) {
            applied(producers, new Append("p" + i, 0, Append.NONE, List.of()), new byte[1]);
        }
        assertThat(producers.isTooEarly(behind(5, 6))).isTrue();
        assertThat(producers.wasTooEarly(behind(5, 6))).as("it may have been applied").isFalse();
        assertThat(producers.isTooEarly(behind(Append.NONE, 6))).isFalse();
    }
}
