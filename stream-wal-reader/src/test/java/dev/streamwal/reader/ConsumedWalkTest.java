package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.consumer.Delivered;
import dev.streamwal.segment.WalkedRecord;
import dev.streamwal.walk.TailWalk;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConsumedWalkTest {

    /** Has a record after another, and lacks the heap to tell one's key. */
    private static final class Starved implements TailWalk {

        private int records;
        private boolean closed;

        @Override
        public boolean next() {
            records++;
            return true;
        }

        @Override
        public String key() {
            if (records == 2) {
                throw new OutOfMemoryError("as a test wants it");
            }
            return "k";
        }

        @Override
        public long nextPosition() {
            return 8L * records;
        }

        @Override
        public WalkedRecord record() {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean mayHaveMore() {
            return true;
        }

        @Override
        public void settle() {}

        @Override
        public Map<String, Long> positions() {
            return Map.of();
        }

        @Override
        public void checkUsable() {}

        @Override
        public void close() {
            closed = true;
        }
    }

    /** The record isn't delivered; a later one would take it along into the next commit. */
    @Test
    void next_errorBehindTheWalk_closesTheWalk() {
        Starved walk = new Starved();
        Delivered delivered = new Delivered();
        try (ConsumedWalk consumed = new ConsumedWalk(walk, new LostRanges(), new LostRanges(), delivered)) {
            assertThat(consumed.next()).isTrue();
            assertThatThrownBy(consumed::next).isInstanceOf(OutOfMemoryError.class);
            assertThat(walk.closed).isTrue();
            assertThat(consumed.isClosed()).isTrue();
            assertThat(delivered.uncommitted()).isEqualTo(Map.of("k", 8L));
        }
    }
}
