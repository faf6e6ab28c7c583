package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.lookup.ReadPlan;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchSplitTest {

    private static final int GAP = 4_096;
    private static final int SIZE = 160;
    private static final int FAR = 100_000;

    private static List<int[]> parts(EntryRef[] refs, int wanted) {
        BatchAnswers answers = new BatchAnswers(refs, Long.MAX_VALUE);
        return new BatchSplit(answers, GAP).parts(IntStream.range(0, refs.length).toArray(), wanted);
    }

    private static EntryRef[] refs(int count, int distance) {
        return IntStream.range(0, count).mapToObj(i -> new EntryRef("k", (long) i * distance, SIZE)).toArray(EntryRef[]::new);
    }

    @Test
    void parts_refsFarApart_areAsManyAsWanted() {
        assertThat(parts(refs(512, FAR), 32)).hasSize(32).allSatisfy(part -> assertThat(part).hasSize(16));
    }

    @Test
    void parts_fewRefs_areOfAtLeastAFewRefs() {
        assertThat(parts(refs(10, FAR), 32)).extracting(part -> part.length).containsExactly(4, 4, 2);
    }

    @Test
    void parts_noRefs_areNone() {
        assertThat(parts(refs(0, FAR), 32)).isEmpty();
    }

    @Test
    void parts_refsThatOneReadTakes_areOne() {
        assertThat(parts(refs(100, SIZE), 32)).hasSize(1);
        assertThat(parts(refs(100, SIZE + GAP), 32)).hasSize(1);
        assertThat(parts(refs(100, SIZE + GAP + 8), 32)).hasSize(25);
    }

    @Test
    void parts_adjacentRefsForSeveralReads_areAsLargeAsAReadGets() {
        assertThat(parts(refs(4 * ReadPlan.MAX_RUN_ENTRIES, SIZE), 1_000)).hasSize(4);
    }

    @Test
    void parts_duplicates_areTogether() {
        EntryRef[] refs = IntStream.range(0, 100).mapToObj(i -> new EntryRef("k", (long) (i / 10) * FAR, SIZE)).toArray(EntryRef[]::new);
        assertThat(parts(refs, 100)).hasSize(10).allSatisfy(part -> assertThat(part).hasSize(10));
    }

    /** Each ref is in one part; the parts are in the order in which one thread would read. */
    @Test
    void parts_anyRefs_areTheRefsInOrder() {
        Random random = new Random(1);
        for (int run = 0; run < 200; run++) {
            EntryRef[] refs = IntStream.range(0, random.nextInt(100))
                    .mapToObj(i -> new EntryRef("k" + random.nextInt(4), random.nextInt(40) * 2_000L, SIZE)).toArray(EntryRef[]::new);
            List<String> streams = Arrays.stream(refs).map(EntryRef::key).distinct().toList();
            int[] all = parts(refs, 1 + random.nextInt(10)).stream().flatMapToInt(Arrays::stream).toArray();
            assertThat(Arrays.stream(all).sorted().toArray()).isEqualTo(IntStream.range(0, refs.length).toArray());
            for (int i = 1; i < all.length; i++) {
                EntryRef before = refs[all[i - 1]];
                EntryRef ref = refs[all[i]];
                int order = Integer.compare(streams.indexOf(before.key()), streams.indexOf(ref.key()));
                assertThat(order).isLessThanOrEqualTo(0);
                assertThat(order == 0 && before.position() > ref.position()).isFalse();
            }
        }
    }
}
