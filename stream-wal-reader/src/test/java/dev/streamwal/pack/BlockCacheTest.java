package dev.streamwal.pack;

import static org.assertj.core.api.Assertions.assertThat;

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
