package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SegmentIndexTest {

    private record Added(int offset, long timestampMillis) {}

    private final Random random = Seeds.random();

    @Test
    void add_anyRecords_givesWhatTheNaiveModelGives() {
        for (int i = 0; i < 300; i++) {
            int blockBytes = SegmentIndex.MIN_BLOCK_BYTES << random.nextInt(5);
            SegmentIndex index = new SegmentIndex(blockBytes);
            List<Added> all = new ArrayList<>();
            int step = 32 + random.nextInt(1 << random.nextInt(20));
            int offset = 104;
            for (int records = random.nextInt(300); records > 0; records--) {
                Added added = new Added(offset, random.nextInt(1_000) - 500L);
                index.add(added.offset(), added.timestampMillis());
                all.add(added);
                offset += 8 + 8 * random.nextInt(step);
            }

            assertIs(index, blockBytes, all);
            int largerBytes = blockBytes << random.nextInt(5);
            assertIs(index.inBlocksOf(largerBytes), largerBytes, all);
            assertThat(index.hasSeveralBlocksOf(largerBytes)).isEqualTo(index.inBlocksOf(largerBytes).blocks() > 1);
        }
    }

    private static void assertIs(SegmentIndex index, int blockBytes, List<Added> all) {
        Map<Integer, List<Added>> blocks = new TreeMap<>();
        all.forEach(added -> blocks.computeIfAbsent(added.offset() / blockBytes, block -> new ArrayList<>()).add(added));
        assertThat(index.blockBytes()).isEqualTo(blockBytes);
        assertThat(index.records()).isEqualTo(all.size());
        assertThat(index.smallestTimestampMillis()).isEqualTo(smallest(all));
        assertThat(index.largestTimestampMillis()).isEqualTo(largest(all));
        List<List<Added>> model = List.copyOf(blocks.values());
        assertThat(index.blocks()).isEqualTo(model.size());
        for (int block = 0; block < model.size(); block++) {
            assertThat(index.firstOffset(block)).isEqualTo(model.get(block).get(0).offset());
            assertThat(index.smallestTimestampMillis(block)).isEqualTo(smallest(model.get(block)));
            assertThat(index.largestTimestampMillis(block)).isEqualTo(largest(model.get(block)));
        }
    }

    @Test
    void index_withoutRecords_saysNone() {
        SegmentIndex index = new SegmentIndex();
        assertThat(index.records()).isZero();
        assertThat(index.blocks()).isZero();
        assertThat(index.smallestTimestampMillis()).isEqualTo(SegmentIndex.NO_SMALLEST);
        assertThat(index.largestTimestampMillis()).isEqualTo(SegmentIndex.NO_LARGEST);
    }

    @Test
    void add_onBothSidesOfABlocksEdge_goesToTwoBlocks() {
        SegmentIndex index = new SegmentIndex();
        index.add(SegmentIndex.BLOCK_BYTES - 8, 2);
        index.add(SegmentIndex.BLOCK_BYTES, 1);
        index.add(5 * SegmentIndex.BLOCK_BYTES - 8, 3);

        assertThat(index.blocks()).isEqualTo(3);
        assertThat(index.firstOffset(1)).isEqualTo(SegmentIndex.BLOCK_BYTES);
    }

    @Test
    void ofOneBlock_isAsIfTheRecordsHadBeenAdded() {
        SegmentIndex index = SegmentIndex.ofOneBlock(7, 104, 3, 9);
        assertThat(index.records()).isEqualTo(7);
        assertThat(index.blocks()).isEqualTo(1);
        assertThat(index.firstOffset(0)).isEqualTo(104);
        assertThat(index.smallestTimestampMillis()).isEqualTo(index.smallestTimestampMillis(0)).isEqualTo(3);
        assertThat(index.largestTimestampMillis()).isEqualTo(index.largestTimestampMillis(0)).isEqualTo(9);
    }

    @Test
    void add_atOffsetZero_isInTheFirstBlock() {
        SegmentIndex index = new SegmentIndex();
        index.add(0, 5);
        assertThat(index.blocks()).isEqualTo(1);
        index.add(8, 4);
        assertThat(index.blocks()).isEqualTo(1);
        assertThat(index.smallestTimestampMillis(0)).isEqualTo(4);
        index.add(SegmentIndex.BLOCK_BYTES, 6);
        assertThat(index.blocks()).isEqualTo(2);
        assertThat(index.firstOffset(0)).isZero();
    }

    private static long smallest(List<Added> records) {
        return records.stream().mapToLong(Added::timestampMillis).min().orElse(SegmentIndex.NO_SMALLEST);
    }

    private static long largest(List<Added> records) {
        return records.stream().mapToLong(Added::timestampMillis).max().orElse(SegmentIndex.NO_LARGEST);
    }
}
