package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class WriteBatchTest {

    private static final WriteEntry ENTRY = WriteEntry.of(new byte[] {1});

    @Test
    void streams_keysMixed_areGroupedByKeyInOrderOfFirstAdd() {
        WriteEntry second = WriteEntry.of(new byte[] {2});
        WriteBatch batch = new WriteBatch().add("b", ENTRY).add("a", ENTRY).add("b", second).add("b", ENTRY);

        List<WriteBatch.StreamEntries> streams = List.copyOf(batch.streams());
        assertThat(batch.size()).isEqualTo(4);
        assertThat(streams).extracting(s -> s.key().text()).containsExactly("b", "a");
        assertThat(streams.get(0).entries()).containsExactly(ENTRY, second, ENTRY);
        assertThat(List.of(0, 1, 2)).extracting(streams.get(0)::indexInBatch).containsExactly(0, 2, 3);
        assertThat(streams.get(1).entries()).containsExactly(ENTRY);
        assertThat(streams.get(1).indexInBatch(0)).isEqualTo(1);
    }

    @Test
    void clear_thenAdd_startsAgain() {
        WriteBatch batch = new WriteBatch().add("b", ENTRY).add("a", ENTRY);
        batch.clear();
        assertThat(batch.size()).isZero();
        assertThat(batch.streams()).isEmpty();

        batch.add("a", ENTRY);
        assertThat(batch.size()).isEqualTo(1);
        assertThat(batch.streams().iterator().next().indexInBatch(0)).isZero();
    }

    @Test
    void add_moreThanTheLimit_isRefusedAndLosesNothing() {
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < WriteBatch.MAX_ENTRIES; i++) {
            batch.add("a", ENTRY);
        }

        assertThatThrownBy(() -> batch.add("b", ENTRY))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("65536").hasMessageContaining("stream=b");
        assertThat(batch.size()).isEqualTo(65_536);
        assertThat(batch.streams()).hasSize(1);
    }

    @Test
    void add_keyThatCannotBe_isRefusedAndLeavesTheBatchAsItWas() {
        WriteBatch batch = new WriteBatch();

        assertThatThrownBy(() -> batch.add("", ENTRY)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> batch.add("\uD800", ENTRY)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> batch.add("x".repeat(1_025), ENTRY)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> batch.add(null, ENTRY)).isInstanceOf(NullPointerException.class).hasMessage("key");
        assertThatThrownBy(() -> batch.add("a", null)).isInstanceOf(NullPointerException.class).hasMessage("entry");
        assertThat(batch.size()).isZero();
        assertThat(batch.streams()).isEmpty();
    }
}
