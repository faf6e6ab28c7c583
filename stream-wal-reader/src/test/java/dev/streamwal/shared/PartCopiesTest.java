package dev.streamwal.shared;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is copied stands in a file of zeros: no record verifies, which is noted in its frame. */
class PartCopiesTest {

    private static final Window WINDOW = new Window(0, 1_000);
    private static final SegmentHeader SHARED = new SegmentHeader(StreamKey.SHARED, WINDOW, 2_000, 0, 0, 1, 3, 7, 64 << 20, 0, 0);

    private final SharedIndex index = new SharedIndex(stream -> {}, false, null);
    private final StreamTable streams = new StreamTable();
    private int largestRoom;

    private Part part(int number, int records, int frameBytes) {
        byte[] key = StreamKey.of("stream-" + number).utf8();
        Part part = new Part(new StreamParts(streams, streams.findOrAdd(key, 0, key.length)), WINDOW, 2_000, 0, 0, true, false, false, SHARED);
        for (int i = 0; i < records; i++) {
            part.add(index.frames(), FrameTable.place(0, 1_024), frameBytes, 5);
        }
        return part;
    }

    private List<Integer> copied(List<Part> parts) throws IOException {
        List<Integer> copied = new ArrayList<>();
        PartCopies copies = new PartCopies(index, List.of(new Zeros()));
        SharedRun.Target target = (header, frames, areRecords) -> copied.add(frames.remaining());
        for (Part part : parts) {
            copies.add(part, target);
        }
        copies.flush(target);
        return copied;
    }

    @Test
    void add_largeParts_soManyBytesAreGathered_andNoMore() throws IOException {
        index.begin(SHARED);
        Random random = new Random(3);
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            parts.add(part(i, 1 + random.nextInt(3), 8 * (1 + random.nextInt(SharedSegment.MAX_PART_BYTES / 3 / 8))));
        }
        assertThat(copied(parts)).isEqualTo(parts.stream().map(Part::dataBytes).toList());
        assertThat(largestRoom).isLessThanOrEqualTo(PartCopies.MAX_GATHERED_BYTES);
    }

    @Test
    void add_partWithMoreBytesThanAreGathered_isCopiedAlone() throws IOException {
        index.begin(SHARED);
        List<Part> parts = List.of(part(1, 1, 800_000), part(2, 5_000, 400), part(3, 1, 800_000));
        assertThat(copied(parts)).containsExactly(800_000, 2_000_000, 800_000);
        assertThat(largestRoom).isBetween(2_000_000, PartCopies.MAX_GATHERED_BYTES + 2_000_000);
    }

    private final class Zeros implements SegmentBytes {

        @Override
        public int read(ByteBuffer target, long offset) {
            largestRoom = Math.max(largestRoom, target.capacity());
            int count = target.remaining();
            target.put(new byte[count]);
            return count;
        }

        @Override
        public long size() {
            return 64 << 20;
        }
    }
}
