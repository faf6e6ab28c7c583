package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The pictures in the layouts' Javadoc against their constants and their puts and gets: names, order, offsets, widths.
 * A row is "offset width name   remark"; the last row of a picture may go without a width.
 */
class LayoutDiagramTest {

    private static final Pattern PICTURE = Pattern.compile("<pre>(.*?)</pre>", Pattern.DOTALL);
    private static final Pattern ROW = Pattern.compile("\\s*\\*\\s+(\\+?\\d+|n)\\s(?:\\s*(\\d+)\\s)?\\s*(\\S.*)");
    private static final Pattern CONSTANT = Pattern.compile("(?:public |private )?static final int (\\w+) = .*");
    private static final Pattern ACCESS = Pattern.compile(
            "(?:\\.|\\b)(get|put|set)?(Long|Int|Short|LONG|INT)(?:\\.set)?\\("
                    + "(?:context, )?(?:\\w+ \\+ )?([A-Z_]+)[,)]");
    private static final Map<String, Integer> WIDTHS = Map.of("LONG", Long.BYTES, "INT", Integer.BYTES, "SHORT",
            Short.BYTES);

    /** Rows that aren't fields of the layout's own. */
    private static final List<String> NO_FIELDS = List.of("zero", "header, content, zero padding to a multiple of 8", "header, content",
            "name, scope, UTF-8, zero padding to a multiple of 8");

    private record Row(int offset, OptionalInt width, String name) {
        Optional<String> constant() {
            return NO_FIELDS.contains(name) ? Optional.empty()
                    : Optional.of(name.toUpperCase(Locale.ROOT).replace(' ', '_'));
        }

        OptionalInt end() {
            return width.isPresent() ? OptionalInt.of(offset + width.getAsInt()) : OptionalInt.empty();
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {SegmentHeaderLayout.class, RecordLayout.class, BatchLayout.class, PositionsLayout.class,
            RecordChecksum.class, NanoWalLayout.class, CursorLayout.class})
    void picture_rows_followEachOtherWithoutGaps(Class<?> layout) throws IOException {
        List<Row> rows = rows(layout);
        int offset = 0;
        for (Row row : rows) {
            assertThat(row.offset()).as("%s", row).isEqualTo(offset);
            offset = row.end().orElse(offset);
            if (row.end().isEmpty()) {
                assertThat(rows.indexOf(row)).as("%s has no width", row).isEqualTo(rows.size() - 1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {SegmentHeaderLayout.class, RecordLayout.class, BatchLayout.class, PositionsLayout.class,
            RecordChecksum.class, NanoWalLayout.class, CursorLayout.class})
    void picture_names_areTheConstantsInTheirOrder(Class<?> layout) throws IOException {
        List<Row> fields = rows(layout).stream().filter(row -> row.constant().isPresent()).toList();
        List<String> names = fields.stream().map(row -> row.constant().orElseThrow()).toList();

        assertThat(offsetConstants(layout, names.get(0))).isEqualTo(names);
        for (Row field : fields) {
            assertThat(value(layout, field.constant().orElseThrow())).as("%s", field).isEqualTo(field.offset());
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {SegmentHeaderLayout.class, RecordLayout.class, BatchLayout.class, PositionsLayout.class,
            RecordChecksum.class, NanoWalLayout.class, CursorLayout.class})
    void picture_end_isTheLayoutsLength(Class<?> layout) throws IOException {
        Row last = rows(layout).get(rows(layout).size() - 1);
        String length = layout == SegmentHeaderLayout.class || layout == CursorLayout.class ? "FIXED_BYTES"
                : layout == RecordLayout.class || layout == NanoWalLayout.class ? "PREFIX_BYTES"
                : layout == PositionsLayout.class ? "USED_BYTES"
                : layout == RecordChecksum.class ? "CONTEXT_BYTES"
                : "CONTENT_BYTES";

        assertThat(last.end().orElse(last.offset())).isEqualTo(value(layout, length));
    }

    @ParameterizedTest
    @ValueSource(classes = {SegmentHeaderLayout.class, RecordLayout.class, BatchLayout.class, PositionsLayout.class,
            RecordChecksum.class, NanoWalLayout.class, CursorLayout.class})
    void picture_widths_areThoseOfThePutsAndGets(Class<?> layout) throws IOException {
        List<Row> rows = rows(layout);
        List<Integer> edges = rows.stream().flatMap(row -> row.end().stream().boxed()).toList();
        List<String> seen = new ArrayList<>();
        Matcher access = ACCESS.matcher(code(layout));
        while (access.find()) {
            String name = access.group(3);
            for (Row row : rows) {
                if (row.constant().filter(name::equals).isPresent() && row.width().isPresent()) {
                    int width = WIDTHS.get(access.group(2).toUpperCase(Locale.ROOT));
                    // one access may take several fields, never a part of one
                    assertThat(edges).as("%s of %s", access.group(), row).contains(row.offset() + width);
                    assertThat(width).as("%s of %s", access.group(), row)
                            .isGreaterThanOrEqualTo(row.width().getAsInt());
                    seen.add(name);
                }
            }
        }
        assertThat(seen).as("accesses found in the source").hasSizeGreaterThanOrEqualTo(2);
    }

    /**
     * The footer's offsets count from behind the header's copy ("n", then "+8"), and its blocks have a sentence of
     * their own.
     */
    @Test
    void picture_ofTheFooter_agreesWithItsConstants() throws IOException {
        String picture = picture(FooterLayout.class);
        List<String> names = List.of("RECORDS", "SMALLEST", "LARGEST", "BLOCK_BYTES", "BLOCKS");
        List<String> rows = picture.lines().filter(line -> line.matches("\\s*\\*\\s+(n|\\+\\d+)\\s+\\d.*")).toList();
        assertThat(rows).hasSize(names.size());
        int offset = 0;
        for (int i = 0; i < names.size(); i++) {
            String[] words = rows.get(i).replaceFirst("\\s*\\*\\s+", "").split("\\s+", 3);
            assertThat(words[0]).isEqualTo(i == 0 ? "n" : "+" + offset);
            assertThat(words[2].toUpperCase(Locale.ROOT).replace(' ', '_')).startsWith(names.get(i));
            assertThat(value(FooterLayout.class, names.get(i))).isEqualTo(offset);
            offset += Integer.parseInt(words[1]);
        }
        assertThat(offset).isEqualTo(value(FooterLayout.class, "FIXED_BYTES"));
        assertThat(picture).containsPattern("\\+" + offset + "\\s+blocks of "
                + value(FooterLayout.class, "BLOCK_ENTRY_BYTES") + " bytes: "
                + "u32 offset of the first data record, u32 zero, i64 smallest, i64 largest timestamp");
        assertThat(value(FooterLayout.class, "BLOCK_OFFSET")).isZero();
        assertThat(value(FooterLayout.class, "BLOCK_SMALLEST")).isEqualTo(8);
        assertThat(value(FooterLayout.class, "BLOCK_LARGEST")).isEqualTo(16);
        assertThat(picture).containsPattern("-" + value(FooterLayout.class, "SIZE_BYTES") + "\\s+8\\s+footer size");
    }

    private static List<Row> rows(Class<?> layout) throws IOException {
        List<Row> rows = new ArrayList<>();
        picture(layout).lines().filter(line -> !line.replace('*', ' ').isBlank()).forEach(line -> {
            Matcher row = ROW.matcher(line);
            assertThat(row.matches()).as("a row of %s's picture: %s", layout.getSimpleName(), line).isTrue();
            String width = row.group(2);
            String name = row.group(3).split(" {2,}", 2)[0].strip();
            rows.add(new Row(Integer.parseInt(row.group(1)), width == null ? OptionalInt.empty()
                    : OptionalInt.of(Integer.parseInt(width)), name));
        });
        assertThat(rows).hasSizeGreaterThanOrEqualTo(2);
        return rows;
    }

    private static String picture(Class<?> layout) throws IOException {
        Matcher picture = PICTURE.matcher(source(layout));
        assertThat(picture.find()).as("a picture in %s", layout.getSimpleName()).isTrue();
        return picture.group(1);
    }

    /** The constants from the given one on, up to a blank line, a comment, or a length. */
    private static List<String> offsetConstants(Class<?> layout, String first) throws IOException {
        List<String> constants = new ArrayList<>();
        for (String line : code(layout).lines().map(String::strip).toList()) {
            Matcher constant = CONSTANT.matcher(line);
            boolean field = constant.matches() && !constant.group(1).endsWith("_BYTES");
            if (field && (!constants.isEmpty() || constant.group(1).equals(first))) {
                constants.add(constant.group(1));
            } else if (!constants.isEmpty()) {
                break;
            }
        }
        return constants;
    }

    private static String code(Class<?> layout) throws IOException {
        String source = source(layout);
        return source.substring(source.indexOf("public final class"));
    }

    private static String source(Class<?> layout) throws IOException {
        return Files.readString(ProjectFiles.module().resolve("src/main/java/" + layout.getName().replace('.', '/')
                + ".java"));
    }

    private static int value(Class<?> layout, String constant) {
        try {
            Field field = layout.getDeclaredField(constant);
            field.setAccessible(true);
            return field.getInt(null);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(layout.getSimpleName() + " has no constant " + constant, e);
        }
    }
}
