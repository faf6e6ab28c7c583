package dev.streamwal.shared;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StreamTableTest {

    private static String key(Random random, int kind) {
        StringBuilder key = new StringBuilder(kind % 2 == 0 ? "region/site/host-" : "");
        for (int length = random.nextInt(12) + 1; length > 0; length--) {
            key.append(switch (kind) {
                case 0, 1 -> (char) ('a' + random.nextInt(2));
                case 2 -> (char) random.nextInt(3);
                default -> "é漢\u0000z".charAt(random.nextInt(4));
            });
        }
        return key.toString();
    }

    @Test
    void findOrAdd_randomKeys_eachHasItsNumber_andTheyAreSortedByTheirBytes() throws FormatException {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            StreamTable table = new StreamTable();
            Map<String, Integer> numbers = new LinkedHashMap<>();
            for (int i = random.nextInt(400); i > 0; i--) {
                String key = key(random, seed % 4);
                byte[] utf8 = StreamKey.of(key).utf8();
                byte[] within = new byte[utf8.length + 9];
                int from = random.nextInt(9);
                System.arraycopy(utf8, 0, within, from, utf8.length);
                boolean isThere = table.find(StreamKey.of(key)) >= 0;

                int found = table.findOrAdd(within, from, utf8.length);

                assertThat(isThere).isEqualTo(numbers.containsKey(key));
                assertThat(found).isEqualTo(numbers.computeIfAbsent(key, unused -> numbers.size()));
                assertThat(table.key(found)).isEqualTo(StreamKey.of(key));
                assertThat(table.find(StreamKey.of(key))).isEqualTo(found);
                assertThat(table.size()).isEqualTo(numbers.size());
            }
            List<StreamKey> sorted = new ArrayList<>(numbers.keySet().stream().map(StreamKey::of).toList());
            sorted.sort(StreamKey::compare);
            assertThat(Arrays.stream(table.byKey()).mapToObj(table::key)).containsExactlyElementsOf(sorted);
        }
    }
}
