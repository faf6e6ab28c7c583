package dev.streamwal.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The pictures in the Javadoc of the journal's layouts against their constants. A row is "offset width name   remark". */
class JournalDiagramTest {

    private static final Pattern PICTURE = Pattern.compile("<pre>(.*?)</pre>", Pattern.DOTALL);
    private static final Pattern ROW = Pattern.compile("(?m)^ \\* +(\\d+) (?: *(\\d+) )? *(\\S.*)$");
    private static final Pattern KIND = Pattern.compile("(?m)^ \\* +(\\d) ([A-Z_]+) ");

    @ParameterizedTest
    @CsvSource({"JournalBlockLayout, 0, 6, 32", "JournalEntryLayout, 0, 4, 8", "FrontierLayout, 0, 9, 48", "FrontierLayout, 1, 6, 24"})
    void picture_ofALayout_hasNoGapsAndIsThatOfTheConstants(String layout, int picture, int rows, int end)
            throws IOException, ReflectiveOperationException {
        List<MatchResult> found = ROW.matcher(pictures(layout).get(picture)).results().toList();
        assertThat(found).hasSize(rows);
        int offset = 0;
        for (MatchResult row : found) {
            assertThat(Integer.parseInt(row.group(1))).as(row.group()).isEqualTo(offset);
            String name = row.group(3).split(" {2,}", 2)[0].strip();
            boolean hasConstant = (row.group(2) != null && !name.equals("zero")) || name.startsWith("key,");
            if (hasConstant) {
                String constant = name.split(",", 2)[0].toUpperCase(Locale.ROOT).replace(' ', '_');
                assertThat(value(layout, constant)).as(constant).isEqualTo(offset);
            }
            offset += row.group(2) == null ? 0 : Integer.parseInt(row.group(2));
        }
        assertThat(offset).isEqualTo(end);
    }

    @Test
    void picture_ofTheEntries_hasTheKindsOfTheConstants() throws IOException, ReflectiveOperationException {
        List<MatchResult> kinds = KIND.matcher(pictures("JournalEntryLayout").get(1)).results().toList();
        assertThat(kinds).hasSize(4);
        for (MatchResult kind : kinds) {
            assertThat(value("JournalEntryLayout", kind.group(2))).as(kind.group()).isEqualTo(Integer.parseInt(kind.group(1)));
        }
    }

    private static List<String> pictures(String layout) throws IOException {
        String source = Files.readString(Path.of(System.getProperty("basedir", "."))
                .resolve("src/main/java/dev/streamwal/journal/" + layout + ".java"));
        return PICTURE.matcher(source).results().map(match -> match.group(1)).toList();
    }

    private static int value(String layout, String constant) throws ReflectiveOperationException {
        Field field = Class.forName("dev.streamwal.journal." + layout).getDeclaredField(constant);
        field.setAccessible(true);
        return ((Number) field.get(null)).intValue();
    }
}
