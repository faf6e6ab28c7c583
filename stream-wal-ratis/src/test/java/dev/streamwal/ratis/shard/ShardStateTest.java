package dev.streamwal.ratis.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is saved of a shard comes back as it was, or not at all. */
class ShardStateTest {

    private final ShardState state = ShardState.empty();

    private void fill() {
        state.advanceClock(1_000);
        state.advanceClock(900);
        state.appliedUpTo(17);
        state.ends("a", 40);
        state.ends("b", 80);
        state.onlyTheseHaveRecords(Set.of("b"));
        state.producers().applied("p", 3, new byte[] {5});
    }

    @Test
    void decode_ofWhatWasEncoded_isTheSame() throws IOException {
        fill();
        ShardState read = ShardState.decode(state.encode());
        assertThat(read.appliedIndex()).isEqualTo(17);
        assertThat(read.clockMillis()).isEqualTo(1_000);
        assertThat(read.ends()).isEqualTo(Map.of("b", 80L));
        assertThat(read.endOf("a")).as("a stream without records goes on where it ended").isEqualTo(40);
        assertThat(read.endOf("c")).isZero();
        assertThat(read.producers().answerOf("p", 3)).containsExactly(5);
        assertThat(read.encode()).isEqualTo(state.encode());
    }

    @Test
    void decode_ofEveryChangedByteAndLength_throws() throws IOException {
        fill();
        byte[] good = state.encode();
        for (int i = 0; i < good.length; i++) {
            byte[] changed = good.clone();
            changed[i] ^= 0x10;
            assertThatThrownBy(() -> ShardState.decode(changed)).as("byte " + i).isInstanceOf(IOException.class);
            int length = i;
            assertThatThrownBy(() -> ShardState.decode(Arrays.copyOf(good, length))).as("length " + i).isInstanceOf(IOException.class);
        }
    }

    @Test
    void encode_ofAHundredThousandKeys_isAFewMegabytes() throws IOException {
        for (int i = 0; i < 100_000; i++) {
            state.ends("meter/" + i, i * 40L);
        }
        byte[] bytes = state.encode();
        assertThat(bytes.length).isLessThan(3 << 20);
        assertThat(ShardState.decode(bytes).ends()).hasSize(100_000);
    }
}
