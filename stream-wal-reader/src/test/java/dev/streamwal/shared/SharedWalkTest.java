package dev.streamwal.shared;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.pack.PacksForTests.Sample;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.OwnSegment;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SharedWalkTest {

    private static final int ROOM = 200;

    private final Sample sample = Sample.of("k", 0, 1_000_000, "first", "the second, of which a part can be seen first".repeat(200), "third");

    /** The file as a reader sees it that reads beside an append: up to some read a part of the second record, then all of it, and what was appended next. */
    private static final class Growing implements SegmentBytes {
        private final byte[] before;
        private final byte[] after;
        private final int turn;
        private int reads;

        Growing(byte[] before, byte[] after, int turn) {
            this.before = before;
            this.after = after;
            this.turn = turn;
        }

        @Override
        public int read(ByteBuffer target, long offset) {
            byte[] now = reads++ < turn ? before : after;
            int count = (int) Math.max(0, Math.min(target.remaining(), now.length - offset));
            target.put(now, (int) offset, count);
            return count;
        }

        @Override
        public long size() {
            return after.length;
        }
    }

    private static final class Offsets implements SharedRecords {
        private final List<Long> offsets = new ArrayList<>();

        @Override
        public void begin(SegmentHeader header) {
            offsets.clear();
        }

        @Override
        public void add(SegmentScan scan) {
            offsets.add(scan.offset());
        }

        @Override
        public void damaged() {
            // the walk tells it
        }

        @Override
        public void settle() {
            // added already
        }
    }

    /** Appended by position, beside a walk: a record of which a part was seen isn't damaged, whenever the rest comes. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void on_aRecordIsSeenInPart_isNoDamage(boolean isNextAppended) throws IOException {
        byte[] whole = bytes(isNextAppended ? 3 : 2);
        byte[] part = whole.clone();
        int second = (int) offsets(3).get(1).longValue();
        // the commit word, and some of what follows; as when a write has come to a page's end
        Arrays.fill(part, second + 4_096, part.length, (byte) 0);
        for (int turn = 0; turn < 30; turn++) {
            Growing file = new Growing(part, whole, turn);
            Offsets found = new Offsets();
            SharedWalk walk = new SharedWalk(new OwnSegment(sample.header().key(), new SegmentName(0, 2_000_000), Path.of("shared.seg"), new FooterCache()),
                    found);
            for (int poll = 0; poll < 40; poll++) {
                try (SegmentScan scan = new SegmentScan(file, sample.header(), ReadSizes.large(1 << 10))) {
                    walk.on(scan, SegmentEnd.ofFile(whole.length));
                }
            }
            assertThat(walk.damage()).as("after %d reads", turn).isNull();
            assertThat(found.offsets).as("after %d reads", turn).isEqualTo(offsets(isNextAppended ? 3 : 2));
        }
    }

    /** With so many of the records, and zeros behind, as in a segment that is appended to. */
    private byte[] bytes(int records) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(sample.header().headerLength() + sample.frames().length + ROOM);
        int end = records == 3 ? sample.frames().length : (int) offsets(3).get(records).longValue() - sample.header().headerLength();
        return all.put(sample.header().headerLength(), sample.frames(), 0, end).array();
    }

    private List<Long> offsets(int records) throws IOException {
        List<Long> offsets = new ArrayList<>();
        try (SegmentScan scan = new SegmentScan(sample.bytes(), sample.header())) {
            while (offsets.size() < records && scan.next()) {
                offsets.add(scan.offset());
            }
        }
        return offsets;
    }
}
