package dev.streamwal.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.format.StreamKey;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

class KeyListTest {

    private final KeyList keys = new KeyList();

    @Test
    void add_keysOfAllLengths_areThereInTheirOrder() {
        List<StreamKey> added = new ArrayList<>();
        for (int length = 1; length <= StreamKey.MAX_BYTES; length++) {
            added.add(StreamKey.of("k".repeat(length)));
        }
        added.add(StreamKey.of("ü/€"));
        added.add(added.get(0));
        added.forEach(keys::add);
        assertThat(keys).containsExactlyElementsOf(added);
        assertThat(keys).as("once more").containsExactlyElementsOf(added);
    }

    @Test
    void reset_toAMark_forgetsWhatWasAddedSince() {
        keys.add(StreamKey.of("a"));
        int mark = keys.mark();
        keys.add(StreamKey.of("longer than the next one"));
        keys.reset(mark);
        assertThat(keys).containsExactly(StreamKey.of("a"));
        keys.add(StreamKey.of("b"));
        assertThat(keys).containsExactly(StreamKey.of("a"), StreamKey.of("b"));
        keys.clear();
        assertThat(keys).isEmpty();
        assertThat(keys.mark()).isZero();
    }

    @Test
    void iterator_atTheEnd_hasNoMore() {
        keys.add(StreamKey.of("a"));
        Iterator<StreamKey> iterator = keys.iterator();
        iterator.next();
        assertThat(iterator.hasNext()).isFalse();
        assertThatThrownBy(iterator::next).isInstanceOf(NoSuchElementException.class);
    }
}
