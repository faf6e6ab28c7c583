package dev.streamwal.cli.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.cli.ingest.Point.Field;
import dev.streamwal.cli.ingest.Point.Kind;
import dev.streamwal.cli.ingest.Point.Tag;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole grammar, and what is refused. */
class LineProtocolTest {

    private static Point parse(String line) throws LineProtocol.SyntaxException {
        return LineProtocol.parse(line).orElseThrow();
    }

    @Test
    void everything_inOneLine() throws LineProtocol.SyntaxException {
        Point point = parse("cpu,region=eu,host=a idle=97.5,n=64i,m=18446744073709551615u,up=true,os=\"Linux 6\" 1714564800000000001");
        assertThat(point).isEqualTo(new Point("cpu", List.of(new Tag("region", "eu"), new Tag("host", "a")),
                List.of(new Field("idle", Kind.FLOAT, "97.5"), new Field("n", Kind.INTEGER, "64"),
                        new Field("m", Kind.UNSIGNED, "18446744073709551615"), new Field("up", Kind.BOOLEAN, "true"),
                        new Field("os", Kind.STRING, "Linux 6")),
                "idle=97.5,n=64i,m=18446744073709551615u,up=true,os=\"Linux 6\"", "1714564800000000001"));
        assertThat(point.series()).isEqualTo("cpu,host=a,region=eu");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "   ", "\t", "# a comment, with=anything \"in it", "  # one behind blanks", "#"})
    void blanksAndComments_areNoPoints(String line) throws LineProtocol.SyntaxException {
        assertThat(LineProtocol.parse(line)).isEmpty();
    }

    @Test
    void spaces_aroundTheParts_doNotMatter() throws LineProtocol.SyntaxException {
        assertThat(parse("  m   f=1   5  ")).isEqualTo(parse("m f=1 5"));
        assertThat(parse("m f=1  ").timestamp()).isEmpty();
        assertThat(parse("m f=1 -5").timestamp()).isEqualTo("-5");
    }

    /** A backslash before something that needs none is a backslash. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "a\\ b\\,c f=1         | a b,c    |        |",
            "a=b\"c\\=d\\\\ e f=1  | a=b\"c\\=d\\ e |  |",
            "a#b f=1               | a#b      |        |",
            "m,k\\=\\,\\ x=v f=1   | m        | k=, x  | v",
            "m,k=v\\=\\,\\ x f=1   | m        | k      | v=, x",
            "m,k=\"q\" f=1         | m        | k      | \"q\"",
            "m,k=\\a\\\\b f=1      | m        | k      | \\a\\\\b",
            "m,größe=naïve\uD83D\uDE00 f=1 | m | größe | naïve\uD83D\uDE00"
    })
    void escapes_inMeasurementsAndTags(String line, String measurement, String tag, String value) throws LineProtocol.SyntaxException {
        Point point = parse(line);
        assertThat(point.measurement()).isEqualTo(measurement.replace("\\ e", "\\ e"));
        if (tag == null) {
            assertThat(point.tags()).isEmpty();
        } else {
            assertThat(point.tags()).containsExactly(new Tag(tag, value));
        }
    }

    @Test
    void escapes_inFields() throws LineProtocol.SyntaxException {
        Point point = parse("m a\\ b\\,c\\=d=1,s=\"x, y=z \\\"q\\\" \\\\ \\n # \" 7");
        assertThat(point.fields()).containsExactly(
                new Field("a b,c=d", Kind.FLOAT, "1"), new Field("s", Kind.STRING, "x, y=z \"q\" \\ \\n # "));
        assertThat(point.fieldSet()).isEqualTo("a\\ b\\,c\\=d=1,s=\"x, y=z \\\"q\\\" \\\\ \\n # \"");
        assertThat(point.timestamp()).isEqualTo("7");
    }

    @ParameterizedTest
    @CsvSource({
            "1,FLOAT", "-1,FLOAT", "+1,FLOAT", "1.,FLOAT", ".5,FLOAT", "1.5e10,FLOAT", "1E-300,FLOAT", "1e-9999,FLOAT",
            "1i,INTEGER", "-9223372036854775808i,INTEGER", "9223372036854775807i,INTEGER", "0u,UNSIGNED", "18446744073709551615u,UNSIGNED",
            "t,BOOLEAN", "T,BOOLEAN", "true,BOOLEAN", "True,BOOLEAN", "TRUE,BOOLEAN",
            "f,BOOLEAN", "F,BOOLEAN", "false,BOOLEAN", "False,BOOLEAN", "FALSE,BOOLEAN"
    })
    void values_areOfAKind(String value, Kind kind) throws LineProtocol.SyntaxException {
        assertThat(parse("m f=" + value).fields()).singleElement().satisfies(field -> assertThat(field.kind()).isEqualTo(kind));
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "m f=", "m f=x", "m f=NaN", "m f=Inf", "m f=1e999", "m f=.", "m f=1e", "m f=0x1p3", "m f=1d", "m f=1f", "m f=tRUE", "m f=i", "m f=1.5i",
            "m f=9223372036854775808i", "m f=-1u", "m f=18446744073709551616u", "m f=1e99999", "m f='x'", "m f=--1"
    })
    void values_thatAreNone_areRefused(String line) {
        assertThatThrownBy(() -> LineProtocol.parse(line)).isInstanceOf(LineProtocol.SyntaxException.class)
                .hasMessageStartingWith("field's value is neither").hasMessageEndingWith("column=5");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', value = {
            "m                 | no fields behind the measurement and its tags | 2",
            "m,a=b             | no fields behind the measurement and its tags | 6",
            ",a=b f=1          | line without a measurement | 1",
            "m,=b f=1          | tag without a name | 3",
            "m, f=1            | tag without a name | 3",
            "m,a= f=1          | tag without a value | 5",
            "m,a f=1           | tag without = behind its name | 4",
            "m,a,b=c f=1       | tag without = behind its name | 4",
            "m,a=b=c f=1       | equals sign in a tag's value without a backslash before it | 6",
            "m,a=b,a=c f=1     | two tags have the same name: twice=a | 7",
            "m =1              | field without a name | 3",
            "m f=1,            | field without a name | 7",
            "m f=1,,g=2        | field without a name | 7",
            "m f               | field without = behind its name | 4",
            "m f g=1           | field without = behind its name | 4",
            "m f=1,f=2         | two fields have the same name: twice=f | 7",
            "m f=\"x           | string without a closing quote on its line | 5",
            "m f=\"x\\\"       | string without a closing quote on its line | 5",
            "m f=\"x\"y        | neither a comma nor a space behind a string | 8",
            "m f=1 x           | timestamp is not an integer: timestamp=x | 7",
            "m f=1 1.5         | timestamp is not an integer: timestamp=1.5 | 7",
            "m f=1 99999999999999999999 | timestamp is not an integer: timestamp=99999999999999999999 | 7",
            "m f=1 1 2         | unexpected text behind the timestamp | 9"
    })
    void nonsense_isRefused_withTheFaultAndTheColumn(String line, String fault, int column) {
        assertThatThrownBy(() -> LineProtocol.parse(line)).isInstanceOf(LineProtocol.SyntaxException.class)
                .hasMessage(fault + ", column=" + column);
    }

    /** Whatever names and values are, series that differ have keys that do, and a key read as a line is the same series. */
    @Test
    void series_isCanonical() throws LineProtocol.SyntaxException {
        assertThat(parse("m,b=1,a=2 f=1").series()).isEqualTo(parse("m,a=2,b=1 f=1").series());
        assertThat(parse("m\\,a\\=b f=1").series()).isNotEqualTo(parse("m,a=b f=1").series());
        // by bytes: U+FFFD is before U+1F600, though its UTF-16 is behind
        assertThat(parse("m,\uD83D\uDE00=1,\uFFFD=2 f=1").series()).isEqualTo("m,\uFFFD=2,\uD83D\uDE00=1");
        Random random = new Random(1);
        for (int i = 0; i < 2_000; i++) {
            List<Tag> tags = new ArrayList<>(List.of(new Tag("a" + any(random), any(random)), new Tag("b" + any(random), any(random))));
            String series = new Point(any(random), tags, List.of(), "", "").series();
            assertThat(parse(series + " f=1").series()).isEqualTo(series);
        }
    }

    /** Of the characters that mean something. A backslash at the end would take what follows for itself. */
    private static String any(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            text.append(", =\\\"#x".charAt(random.nextInt(7)));
        }
        return "x" + text + "x";
    }

    /** Nothing but a point, no point, or a refusal. */
    @Test
    void anyText_isParsedOrRefused() {
        Random random = new Random(2);
        int points = 0;
        for (int i = 0; i < 50_000; i++) {
            StringBuilder line = new StringBuilder("m");
            int length = random.nextInt(12);
            for (int j = 0; j < length; j++) {
                line.append(", =\\\"#1itu.".charAt(random.nextInt(11)));
            }
            try {
                points += LineProtocol.parse(line.toString()).isPresent() ? 1 : 0;
            } catch (LineProtocol.SyntaxException e) {
                assertThat(e).hasMessageContaining("column=");
            }
        }
        assertThat(points).isGreaterThan(20);
    }
}
