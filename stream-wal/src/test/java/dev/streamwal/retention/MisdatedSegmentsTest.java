package dev.streamwal.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.retention.ExpiryPlan.Segment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MisdatedSegmentsTest {

    private static final long NOW = 1;

    /** What one segment can be: due or not, and its window in the future or not. */
    private static final int KINDS = 4;

    private static boolean due(int kind) {
        return (kind & 1) != 0;
    }

    private static boolean ahead(int kind) {
        return (kind & 2) != 0;
    }

    @Test
    void withDueExpirations_ofUpToFiveSegments_goesWithWhatFollows() throws IOException {
        for (int size = 0; size <= 5; size++) {
            for (int code = 0; code < Math.pow(KINDS, size); code++) {
                check(kinds(code, size));
            }
        }
    }

    private static int[] kinds(int code, int size) {
        int[] kinds = new int[size];
        for (int i = 0, rest = code; i < size; i++, rest /= KINDS) {
            kinds[i] = rest % KINDS;
        }
        return kinds;
    }

    private static void check(int[] kinds) throws IOException {
        List<Segment> segments = new ArrayList<>();
        for (int i = 0; i < kinds.length; i++) {
            segments.add(new Segment(i, due(kinds[i]) ? NOW - i % 2 : NOW + 1 + i, 10 + i, 7, i % 2 == 0));
        }
        List<Integer> asked = new ArrayList<>();
        List<Segment> dated = MisdatedSegments.withDueExpirations(NOW, segments, index -> {
            asked.add(index);
            return ahead(kinds[index]);
        });
        assertThat(dated).hasSameSizeAs(segments);
        assertThat(asked).as("asked once each, and only where it matters").doesNotHaveDuplicates()
                .allMatch(i -> !due(kinds[i]) && anyDueBehind(kinds, i) && goesUpTo(kinds, i));
        for (int i = 0; i < kinds.length; i++) {
            boolean goes = due(kinds[i]) || (ahead(kinds[i]) && isDueNext(kinds, i) && goesUpTo(kinds, i));
            assertThat(dated.get(i).expirationMillis() <= NOW).isEqualTo(goes);
            if (!goes || due(kinds[i])) {
                assertThat(dated.get(i)).isSameAs(segments.get(i));
            } else {
                Segment next = segments.get(IntStream.range(i + 1, kinds.length).filter(at -> due(kinds[at])).findFirst().orElseThrow());
                assertThat(dated.get(i)).isEqualTo(new Segment(i, next.expirationMillis(), next.windowEndMillis(), 7, i % 2 == 0));
            }
        }
    }

    private static boolean anyDueBehind(int[] kinds, int index) {
        return IntStream.range(index + 1, kinds.length).anyMatch(i -> due(kinds[i]));
    }

    /** Whether the next one that isn't misdated is due. */
    private static boolean isDueNext(int[] kinds, int index) {
        return IntStream.range(index + 1, kinds.length).filter(i -> due(kinds[i]) || !ahead(kinds[i])).mapToObj(i -> due(kinds[i])).findFirst().orElse(false);
    }

    /** Whether nothing before it stays for a reason of its own. */
    private static boolean goesUpTo(int[] kinds, int index) {
        return IntStream.range(0, index).allMatch(i -> due(kinds[i]) || ahead(kinds[i]));
    }
}
