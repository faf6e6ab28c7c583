package dev.streamwal.pack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a cache of blocks holds, and what it lets go. */
class BlockCacheTest {

    private static final int OVERHEAD_BYTES = 128;

    @Test
    void put_beyondTheLimit_evictsWhatWasNotUsedForLongest() {
        BlockCache cache = new BlockCache(2 * (100 + OVERHEAD_BYTES));
        cache.put("a", 0, new byte[100]);
        cache.put("b", 0, new byte[100]);
        assertThat(cache.get("a", 0)).hasSize(100);
        cache.put("c", 0, new byte[100]);
        assertThat(cache.get("b", 0)).isNull();
        assertThat(cache.get("a", 0)).hasSize(100);
        assertThat(cache.get("c", 0)).hasSize(100);
        assertThat(cache.bytes()).isEqualTo(2 * (100 + OVERHEAD_BYTES));
    }

    @Test
    void put_ofMoreThanItHolds_leavesWhatWasAskedForSeveralTimes() {
        BlockCache cache = new BlockCache(10 * (100 + OVERHEAD_BYTES));
        for (int round = 0; round < 4; round++) {
            assertThat(missesOf(cache, "a", 5)).isEqualTo(round == 0 ? 5 : 0);
        }
        for (int block = 0; block < 15; block++) {
            cache.put("scanned", block, new byte[100]);
        }
        for (int block = 0; block < 5; block++) {
            assertThat(cache.get("a", block)).as("block " + block).isNotNull();
        }
        assertThat(cache.get("scanned", 14)).isNotNull();
        assertThat(cache.get("scanned", 0)).isNull();
    }

    @Test
    void put_ofVeryMany_leavesWhatIsAskedForMeanwhile() {
        BlockCache cache = new BlockCache(10 * (100 + OVERHEAD_BYTES));
        assertThat(missesOf(cache, "a", 4)).isEqualTo(4);
        for (int block = 0; block < 1_000; block++) {
            cache.put("scanned", block, new byte[100]);
            assertThat(missesOf(cache, "a", 4)).as("block " + block).isZero();
        }
    }

    @Test
    void put_ofLargeBlocks_keepsEachThatComes() {
        BlockCache cache = new BlockCache(4 * (100 + OVERHEAD_BYTES));
        for (int block = 0; block < 100; block++) {
            cache.put("a", block, new byte[100]);
            assertThat(cache.get("a", block)).as("block " + block).hasSize(100);
            assertThat(cache.get("a", block)).as("block " + block).hasSize(100);
        }
    }

    /** What was asked for yesterday again and again gives way. */
    @Test
    void put_whereOtherBlocksAreAskedForNow_comesToHoldThese() {
        int blocks = 100;
        BlockCache cache = new BlockCache(blocks * (100L + OVERHEAD_BYTES));
        for (int round = 0; round < 5; round++) {
            assertThat(missesOf(cache, "yesterday", blocks - 5)).isEqualTo(round == 0 ? blocks - 5 : 0);
        }
        int misses = 0;
        for (int round = 0; round < 10; round++) {
            misses = missesOf(cache, "today", blocks / 2);
        }
        assertThat(misses).isZero();
    }

    private static int missesOf(BlockCache cache, String file, int blocks) {
        int misses = 0;
        for (int block = 0; block < blocks; block++) {
            if (cache.get(file, block) == null) {
                misses++;
                cache.put(file, block, new byte[100]);
            }
        }
        return misses;
    }

    @Test
    void putAndGet_atRandom_holdsWhatFitsAndCountsIt() {
        Random random = new Random(7);
        for (int round = 0; round < 200; round++) {
            long max = random.nextInt(4_000);
            BlockCache cache = new BlockCache(max);
            byte[][] contents = new byte[12][];
            for (int block = 0; block < 12; block++) {
                contents[block] = new byte[random.nextInt(600)];
            }
            for (int step = 0; step < 300; step++) {
                int block = random.nextInt(12);
                if (random.nextInt(3) == 0) {
                    cache.put(block % 2 == 0 ? "even" : "odd", block, contents[block]);
                    if (OVERHEAD_BYTES + contents[block].length <= max) {
                        assertThat(cache.get(block % 2 == 0 ? "even" : "odd", block)).isSameAs(contents[block]);
                    }
                } else if (random.nextInt(40) == 0) {
                    cache.remove("even");
                    assertThat(cache.get("even", block - block % 2)).isNull();
                } else {
                    byte[] known = cache.get(block % 2 == 0 ? "even" : "odd", block);
                    if (known != null) {
                        assertThat(known).isSameAs(contents[block]);
                    }
                }
                assertThat(cache.bytes()).isBetween(0L, max);
            }
            long held = 0;
            for (int block = 0; block < 12; block++) {
                byte[] known = cache.get(block % 2 == 0 ? "even" : "odd", block);
                held += known == null ? 0 : OVERHEAD_BYTES + known.length;
            }
            assertThat(held).isEqualTo(cache.bytes());
            cache.remove("even");
            cache.remove("odd");
            assertThat(cache.bytes()).isZero();
        }
    }

    @Test
    void put_ofABlockThatIsTooLarge_leavesTheOthers() {
        BlockCache cache = new BlockCache(100 + OVERHEAD_BYTES);
        cache.put("a", 0, new byte[100]);
        cache.put("a", 8, new byte[101]);
        assertThat(cache.get("a", 0)).hasSize(100);
        assertThat(cache.get("a", 8)).isNull();
    }

    @Test
    void remove_forgetsTheBlocksOfOneFile_clear_forgetsAll() {
        BlockCache cache = new BlockCache(1 << 20);
        cache.put("a", 0, new byte[10]);
        cache.put("a", 8, new byte[10]);
        cache.put("b", 0, new byte[10]);
        cache.remove("a");
        assertThat(cache.get("a", 8)).isNull();
        assertThat(cache.get("b", 0)).hasSize(10);
        assertThat(cache.bytes()).isEqualTo(10 + OVERHEAD_BYTES);
        cache.clear();
        assertThat(cache.get("b", 0)).isNull();
        assertThat(cache.bytes()).isZero();
    }
}
