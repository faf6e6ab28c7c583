package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class WriteEntryTest {

    @Test
    void of_contentOnly_hasNoHeaderAndTheTimeOfItsAppend() {
        WriteEntry entry = WriteEntry.of(new byte[] {1, 2});

        assertThat(entry.header().remaining()).isZero();
        assertThat(entry.content()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2}));
        assertThat(entry.timestampMillis()).isEqualTo(WriteEntry.NOW);
    }

    @Test
    void of_arrays_areNotCopied() {
        byte[] header = {1};
        byte[] content = {2};
        WriteEntry entry = WriteEntry.of(header, content, 3);
        header[0] = 10;
        content[0] = 20;

        assertThat(entry.header().get(0)).isEqualTo((byte) 10);
        assertThat(entry.content().get(0)).isEqualTo((byte) 20);
        assertThat(entry.timestampMillis()).isEqualTo(3);
    }

    @Test
    void equals_sameBytesAndTime_isByContent() {
        ByteBuffer longer = ByteBuffer.wrap(new byte[] {9, 1, 2, 9}).position(1).limit(3);

        assertThat(new WriteEntry(ByteBuffer.allocate(0), longer, 5)).isEqualTo(WriteEntry.of(new byte[] {1, 2}, 5));
        assertThat(WriteEntry.of(new byte[] {1}, 5)).isNotEqualTo(WriteEntry.of(new byte[] {1}, 6));
    }

    @Test
    void new_null_isRefused() {
        ByteBuffer empty = ByteBuffer.allocate(0);

        assertThatThrownBy(() -> new WriteEntry(null, empty, 0))
                .isInstanceOf(NullPointerException.class).hasMessage("header");
        assertThatThrownBy(() -> new WriteEntry(empty, null, 0))
                .isInstanceOf(NullPointerException.class).hasMessage("content");
        assertThatThrownBy(() -> WriteEntry.of(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> WriteEntry.of(null, new byte[0], 0)).isInstanceOf(NullPointerException.class);
    }
}
