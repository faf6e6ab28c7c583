package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code docs/format.md} against the golden file and the sources that it links to. */
class FormatDocumentTest {

    private static final String BEGIN = "<!-- dump of golden.seg: begin -->\n```text\n";
    private static final String END = "```\n<!-- dump of golden.seg: end -->";
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(#[^)]*)?\\)");
    private static final Pattern FLAG = Pattern.compile("\\| `0x(\\p{XDigit}{8})` \\| `(\\w+)` \\|");
    private static final Pattern KEY = Pattern.compile("\\| `(.+?)` \\| `(.+?)` \\|");

    @Test
    void dump_ofTheGoldenFile_isTheOneInTheDocument() throws IOException, FormatException {
        String document = document();
        int begin = document.indexOf(BEGIN);
        int end = document.indexOf(END);
        assertThat(begin).as("\"%s\" in the document", BEGIN).isNotNegative();
        assertThat(end).as("\"%s\" in the document", END).isGreaterThan(begin);

        String dump = SegmentDump.of(GoldenSegment.file());

        if (!document.substring(begin + BEGIN.length(), end).equals(dump)) {
            Files.writeString(ProjectFiles.module().resolve("target/golden-dump.txt"), dump);
        }
        assertThat(document.substring(begin + BEGIN.length(), end))
                .as("the dump, which is now in target/golden-dump.txt").isEqualTo(dump);
    }

    @Test
    void links_toFiles_leadSomewhere() throws IOException {
        Matcher links = LINK.matcher(document());
        int count = 0;
        for (; links.find(); count++) {
            Path target = ProjectFiles.formatDocument().resolveSibling(links.group(1)).normalize();
            assertThat(target).as("link %s", links.group(1)).exists();
        }
        assertThat(count).isPositive();
    }

    @Test
    void flags_inTheDocument_areTheConstants() throws IOException, ReflectiveOperationException {
        String document = document();
        int records = document.indexOf("### A record");
        assertThat(flagsIn(document.substring(0, records), SegmentHeaderLayout.class)).isEqualTo(3);
        assertThat(flagsIn(document.substring(records), RecordLayout.class)).isEqualTo(9);
    }

    /** How many flags there are, each of which is a constant of that class. */
    private static int flagsIn(String part, Class<?> layout) throws ReflectiveOperationException {
        Matcher rows = FLAG.matcher(part);
        int count = 0;
        for (; rows.find(); count++) {
            assertThat(layout.getField(rows.group(2)).getInt(null)).as(rows.group(2)).isEqualTo(Integer.parseInt(rows.group(1), 16));
        }
        return count;
    }

    @Test
    void keys_inTheDocument_haveTheDirectoriesItSays() throws IOException {
        String document = document();
        Matcher rows = KEY.matcher(document.substring(document.indexOf("| key | directory |"),
                document.indexOf("## Positions")));
        int count = 0;
        for (; rows.find(); count++) {
            assertThat(StreamKey.of(rows.group(1)).directoryName()).isEqualTo(rows.group(2));
        }
        assertThat(count).isEqualTo(6);
    }

    private static String document() throws IOException {
        return Files.readString(ProjectFiles.formatDocument()).replace("\r\n", "\n");
    }
}
