package dev.streamwal.pack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The pictures in the Javadoc of a pack's layouts, and their copies in {@code docs/format.md}, against the constants. */
class PackDiagramTest {

    private static final Pattern PICTURE = Pattern.compile("<pre>(.*?)</pre>", Pattern.DOTALL);
    private static final Pattern ROW = Pattern.compile("(?m)^ \\* +(\\d+) (?: *(\\d+) )? *(\\S.*)$");

    @ParameterizedTest
    @CsvSource({"PackHeaderLayout, 0, 14, 88", "PackFooterLayout, 0, 15, 96", "KeyBlockLayout, 0, 4, 12", "KeyCatalogLayout, 0, 2, 8", "KeyCatalogLayout, 4, 11, 64"})
    void picture_ofALayout_hasNoGapsAndIsThatOfTheConstants(String layout, int picture, int rows, int end)
            throws IOException, ReflectiveOperationException {
        List<MatchResult> found = ROW.matcher(pictures(layout).get(picture)).results().toList();
        assertThat(found).hasSize(rows);
        int offset = 0;
        for (MatchResult row : found) {
            assertThat(Integer.parseInt(row.group(1))).as(row.group()).isEqualTo(offset);
            String name = row.group(3).split(" {2,}", 2)[0].strip();
            if (row.group(2) != null && !name.equals("zero")) {
                String constant = name.toUpperCase(Locale.ROOT).replace(' ', '_');
                assertThat(value(layout, constant)).as(constant).isEqualTo(offset);
            }
            offset += row.group(2) == null ? 0 : Integer.parseInt(row.group(2));
        }
        assertThat(offset).isEqualTo(end);
    }

    @ParameterizedTest
    @CsvSource({"PackHeaderLayout", "PackFooterLayout", "KeyBlockLayout", "KeyCatalogLayout", "PackTable", "TimeSpread", "BlockIndex", "FrameBlocks", "ColumnCodec"})
    void picture_ofALayout_isTheOneInTheDocument(String layout) throws IOException {
        String document = Files.readString(module().resolve("../docs/format.md")).replace("\r\n", "\n");
        for (String picture : pictures(layout)) {
            String plain = picture.replaceAll("(?m)^ \\* ?", "").strip().indent(0);
            for (String row : plain.lines().map(String::strip).toList()) {
                assertThat(document.lines().map(String::strip)).as("a row of %s", layout).contains(row);
            }
        }
    }

    private static List<String> pictures(String layout) throws IOException {
        String source = Files.readString(module().resolve("src/main/java/dev/streamwal/pack/" + layout + ".java")).replace("\r\n", "\n");
        return PICTURE.matcher(source).results().map(match -> match.group(1)).toList();
    }

    private static Path module() {
        return Path.of(System.getProperty("basedir", "."));
    }

    private static int value(String layout, String constant) throws ReflectiveOperationException {
        Field field = Class.forName("dev.streamwal.pack." + layout).getDeclaredField(constant);
        field.setAccessible(true);
        return ((Number) field.get(null)).intValue();
    }
}
