package dev.streamwal.reader;

import dev.streamwal.lookup.ReadPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Splits refs of a batch into parts. As without parts, the streams are in the order in which they are first asked for, and each stream's refs are in
 * order of position. Refs that one read takes together stay together. Pure.
 */
final class BatchSplit {

    /** Looking up a stream's segments and opening one takes as long as some reads from memory, so that smaller parts aren't worth it. */
    static final int MIN_REFS = 4;

    private final BatchAnswers answers;
    private final int mergeGapBytes;

    BatchSplit(BatchAnswers answers, int mergeGapBytes) {
        this.answers = answers;
        this.mergeGapBytes = mergeGapBytes;
    }

    /**
     * Indexes of refs, split.
     *
     * @param indexes of the refs
     * @param wanted how many parts are wanted; there may be fewer, or, if some are large, more
     */
    List<int[]> parts(int[] indexes, int wanted) {
        int[] sorted = sorted(indexes);
        int size = Math.max(MIN_REFS, (sorted.length + wanted - 1) / wanted);
        List<int[]> parts = new ArrayList<>();
        int from = 0;
        long end = 0;
        for (int i = 0; i < sorted.length; i++) {
            if (i - from >= size && isBorder(sorted[i - 1], sorted[i], end, i - from)) {
                parts.add(Arrays.copyOfRange(sorted, from, i));
                from = i;
                end = 0;
            }
            end = Math.max(isNewStream(sorted, i) ? 0 : end, endOf(sorted[i]));
        }
        if (from < sorted.length) {
            parts.add(Arrays.copyOfRange(sorted, from, sorted.length));
        }
        return parts;
    }

    private int[] sorted(int[] indexes) {
        Map<String, Integer> streams = new HashMap<>();
        int[] stream = new int[answers.refs.length];
        for (int index : indexes) {
            stream[index] = streams.computeIfAbsent(answers.refs[index].key(), key -> streams.size());
        }
        return Arrays.stream(indexes).boxed()
                .sorted(Comparator.<Integer>comparingInt(index -> stream[index]).thenComparingLong(index -> answers.positions[index]))
                .mapToInt(Integer::intValue).toArray();
    }

    private boolean isNewStream(int[] sorted, int i) {
        return i > 0 && !isSameStream(sorted[i - 1], sorted[i]);
    }

    private boolean isSameStream(int index, int other) {
        return answers.oneStream || answers.refs[index].key().equals(answers.refs[other].key());
    }

    private long endOf(int index) {
        return answers.positions[index] + answers.sizes[index];
    }

    /** Whether no read takes both refs, or the reads are as large as they get. */
    private boolean isBorder(int before, int index, long end, int refs) {
        return !isSameStream(before, index) || answers.positions[index] - end > mergeGapBytes
                || (refs >= ReadPlan.MAX_RUN_ENTRIES && answers.positions[index] >= end);
    }
}
