package dev.streamwal.walk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** All merges of up to three sequences of up to three records with up to three timestamps, and some of many. */
class MergeQueueTest {

    private static final int SEQUENCES = 3;
    private static final int RECORDS = 3;
    private static final int TIMESTAMPS = 3;

    private record Item(int sequence, int index, int timestamp, int greatestSoFar) {}

    /** A sequence, at one of its records. */
    private static final class Head implements Comparable<Head> {
        private final List<Item> items;
        private int at;

        Head(List<Item> items) {
            this.items = items;
        }

        Item item() {
            return items.get(at);
        }

        @Nullable Head moved() {
            at++;
            return at < items.size() ? this : null;
        }

        @Override
        public int compareTo(Head other) {
            int byTime = Integer.compare(item().timestamp, other.item().timestamp);
            return byTime != 0 ? byTime : Integer.compare(item().sequence, other.item().sequence);
        }
    }

    private static List<Item> merged(List<List<Item>> sequences) {
        MergeQueue<Head> queue = new MergeQueue<>();
        sequences.stream().filter(items -> !items.isEmpty()).forEach(items -> queue.add(new Head(items)));
        List<Item> merged = new ArrayList<>();
        for (Head head = queue.next(null); head != null; head = queue.next(head.moved())) {
            merged.add(head.item());
        }
        return merged;
    }

    /** Every sequence of up to that many records. */
    private static List<List<Item>> sequences(int sequence) {
        List<List<Item>> all = new ArrayList<>();
        all.add(List.of());
        for (int i = 0; i < all.size(); i++) {
            List<Item> shorter = all.get(i);
            for (int timestamp = 0; shorter.size() < RECORDS && timestamp < TIMESTAMPS; timestamp++) {
                int greatest = shorter.isEmpty() ? timestamp : Math.max(timestamp, shorter.get(shorter.size() - 1).greatestSoFar);
                List<Item> longer = new ArrayList<>(shorter);
                longer.add(new Item(sequence, shorter.size(), timestamp, greatest));
                all.add(longer);
            }
        }
        return all;
    }

    @Test
    void next_anySequences_isTheOrderOfTheGreatestTimestampSoFar() {
        Comparator<Item> order = Comparator.comparingInt(Item::greatestSoFar)
                .thenComparingInt(Item::sequence).thenComparingInt(Item::index);
        int merges = 0;
        for (List<Item> a : sequences(0)) {
            for (List<Item> b : sequences(1)) {
                for (List<Item> c : sequences(SEQUENCES - 1)) {
                    List<Item> expected = new ArrayList<>(a);
                    expected.addAll(b);
                    expected.addAll(c);
                    expected.sort(order);
                    assertThat(merged(List.of(a, b, c)).equals(expected)).as("%s %s %s", a, b, c).isTrue();
                    merges++;
                }
            }
        }
        assertThat(merges).isEqualTo(40 * 40 * 40);
    }

    @Test
    void next_manySequences_isTheSameOrder() {
        Comparator<Item> order = Comparator.comparingInt(Item::greatestSoFar)
                .thenComparingInt(Item::sequence).thenComparingInt(Item::index);
        SplittableRandom random = new SplittableRandom(17);
        for (int merge = 0; merge < 2_000; merge++) {
            List<List<Item>> sequences = new ArrayList<>();
            for (int sequence = 0; sequence < 1 + merge % 70; sequence++) {
                sequences.add(drawn(random, sequence));
            }
            List<Item> expected = sequences.stream().flatMap(List::stream).sorted(order).toList();
            assertThat(merged(sequences)).isEqualTo(expected);
        }
    }

    private static List<Item> drawn(SplittableRandom random, int sequence) {
        List<Item> items = new ArrayList<>();
        int greatest = 0;
        for (int i = random.nextInt(20); i > 0; i--) {
            int timestamp = random.nextInt(30);
            greatest = Math.max(greatest, timestamp);
            items.add(new Item(sequence, items.size(), timestamp, greatest));
        }
        return items;
    }
}
