package dev.streamwal.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.Window;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class StreamPolicyTest {

    private static StreamPolicy policy(long windowMillis, long retentionMillis) {
        return new StreamPolicy(windowMillis, retentionMillis, 64 << 20, 16 << 20, Long.MAX_VALUE);
    }

    @Test
    void expirationOf_window_isItsEndAndTheRetention() {
        assertThat(policy(1_000, 500).expirationOf(new Window(3_000, 4_000))).isEqualTo(4_500);
    }

    @Test
    void expirationOf_everyTimestampAndTheLongestSpans_doesNotOverflow() {
        for (long window : new long[] {1, 3, 600_000, StreamPolicy.MAX_WINDOW_MILLIS}) {
            for (long retention : new long[] {0, 1, StreamPolicy.MAX_RETENTION_MILLIS}) {
                for (long timestamp : new long[] {
                    StreamPolicy.MIN_TIMESTAMP_MILLIS, -1, 0, 1, StreamPolicy.MAX_TIMESTAMP_MILLIS}) {
                    StreamPolicy policy = policy(window, retention);
                    Window found = policy.windowOf(timestamp);
                    assertThat(found.contains(timestamp)).isTrue();
                    assertThat(found.endMillis() - found.startMillis()).isEqualTo(window);
                    long expiration = policy.expirationOf(found);
                    assertThat(expiration).isGreaterThanOrEqualTo(Math.max(0, timestamp + retention));
                    assertThatCode(() -> new SegmentName(0, expiration)).doesNotThrowAnyException();
                }
            }
        }
    }

    @Test
    void timestampLimits_asInstants_areTheYears1To9999() {
        assertThat(Instant.ofEpochMilli(StreamPolicy.MIN_TIMESTAMP_MILLIS)).hasToString("0001-01-01T00:00:00Z");
        assertThat(Instant.ofEpochMilli(StreamPolicy.MAX_TIMESTAMP_MILLIS)).hasToString("9999-12-31T23:59:59.999Z");
    }

    @Test
    void largestRecordBytes_everySmallSegment_fitsAndOneMoreDoesNot() {
        for (int segmentBytes = StreamPolicy.MIN_SEGMENT_BYTES; segmentBytes < 10_000; segmentBytes++) {
            int largest = StreamPolicy.largestRecordBytes(segmentBytes);
            int room = segmentBytes - SegmentHeaderLayout.MAX_BYTES;
            assertThat(RecordLayout.frameBytes(0, largest) <= room).isTrue();
            assertThat(RecordLayout.frameBytes(0, largest + 1) <= room).isFalse();
        }
        assertThat(RecordLayout.frameBytes(0, StreamPolicy.largestRecordBytes(StreamPolicy.MAX_SEGMENT_BYTES)))
                .isEqualTo(RecordLayout.MAX_FRAME_BYTES);
    }

    @Test
    void new_valueThatCannotBe_isRefusedByName() {
        refused("windowMillis=0", () -> policy(0, 0));
        refused("windowMillis=", () -> policy(StreamPolicy.MAX_WINDOW_MILLIS + 1, 0));
        refused("retentionMillis=-1", () -> policy(1, -1));
        refused("retentionMillis=", () -> policy(1, StreamPolicy.MAX_RETENTION_MILLIS + 1));
        refused("segmentBytes=4095", () -> new StreamPolicy(1, 0, 4_095, 1, 1));
        refused("segmentBytes=1073741825", () -> new StreamPolicy(1, 0, (1 << 30) + 1, 1, 1));
        refused("maxRecordBytes=0", () -> new StreamPolicy(1, 0, 4_096, 0, 1));
        refused("maxRecordBytes=4096", () -> new StreamPolicy(1, 0, 4_096, 4_096, 1));
        refused("maxBytes=0", () -> new StreamPolicy(1, 0, 4_096, 1, 0));
    }

    private static void refused(String message, Runnable construction) {
        assertThatThrownBy(construction::run)
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }
}
