package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.RecordView.Verdict;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BatchLayoutTest {

    private final Random random = Seeds.random();

    @Test
    void members_bytes_areWhatEncodeWrote() {
        RecordView view = new RecordView();
        for (int i = 0; i < 1_000; i++) {
            int members = random.nextInt();
            int bytes = random.nextInt();
            byte[] content = new byte[BatchLayout.CONTENT_BYTES];
            BatchLayout.encode(content, members, bytes);
            byte[] frame = Samples.frame(new byte[0], content, RecordLayout.BATCH, 0, 0, 1, 2);
            int index = random.nextInt(9);
            var buffer = Samples.placed(random, frame, index);

            assertThat(view.check(buffer, index, frame.length, 2, 1)).isEqualTo(Verdict.VALID);

            assertThat(frame).hasSize(BatchLayout.FRAME_BYTES);
            assertThat(BatchLayout.members(buffer, view.contentIndex())).isEqualTo(members);
            assertThat(BatchLayout.bytes(buffer, view.contentIndex())).isEqualTo(bytes);
        }
    }

    @Test
    void plausible_whatFits_andNothingElse() {
        assertThat(BatchLayout.plausible(1, 32, 32)).isTrue();
        assertThat(BatchLayout.plausible(2, 64, 1_000)).isTrue();
        assertThat(BatchLayout.plausible(0, 32, 32)).isFalse();
        assertThat(BatchLayout.plausible(-1, 32, 32)).isFalse();
        assertThat(BatchLayout.plausible(2, 32, 32)).isFalse();
        assertThat(BatchLayout.plausible(1, 33, 64)).isFalse();
        assertThat(BatchLayout.plausible(1, 40, 39)).isFalse();
        assertThat(BatchLayout.plausible(1, 0, 39)).isFalse();
        assertThat(BatchLayout.plausible(1, -32, 39)).isFalse();
        assertThat(BatchLayout.plausible(Integer.MAX_VALUE, Integer.MIN_VALUE, Long.MAX_VALUE)).isFalse();
        assertThat(BatchLayout.plausible(1, 32, -1)).isFalse();
    }
}
