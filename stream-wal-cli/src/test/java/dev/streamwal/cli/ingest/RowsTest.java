package dev.streamwal.cli.ingest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What rows files have: as {@code line key time content}, or what is wrong. */
class RowsTest {

    private static final CsvLayout PLAIN = new CsvLayout(true, ',', "time", TimeFormat.of("ms", ZoneId.of("UTC"), DoubtfulTime.BAD), Optional.empty(),
            Optional.empty(), RowContent.TEXT);

    private static CsvLayout layout(boolean named, char separator, String time, String key, String value, RowContent content) {
        return new CsvLayout(named, separator, time, PLAIN.timeFormat(), Optional.ofNullable(key), Optional.ofNullable(value), content);
    }

    private static InputStream in(String text) {
        return new ByteArrayInputStream(text.getBytes(UTF_8));
    }

    private static List<String> csv(CsvLayout layout, String text) throws IOException {
        return read(() -> new CsvRows(in(text), "f.csv", layout, "k"));
    }

    private static List<String> influx(RowContent content, String text) throws IOException {
        return read(() -> new LineProtocolRows(in(text), "f.lp", EpochUnit.MS, content));
    }

    private interface Opening {
        Rows open() throws IOException;
    }

    private static List<String> read(Opening opening) throws IOException {
        List<String> found = new ArrayList<>();
        try (Rows rows = opening.open()) {
            while (true) {
                try {
                    Row row = rows.next();
                    if (row == null) {
                        return found;
                    }
                    String time = row.time().millis().isPresent() ? row.time().text() : "-";
                    found.add(row.place().replace("line=", "") + " " + row.key() + " " + time + " " + new String(row.content(), UTF_8));
                } catch (BadRowException e) {
                    found.add(e.getMessage());
                }
            }
        } catch (BadRowException e) {
            found.add(e.getMessage());
            return found;
        }
    }

    // ---------------------------------------------------------------- CSV

    @Test
    void csv_theRestOfTheColumns_isTheContent() throws IOException {
        assertThat(csv(PLAIN, "a,time,b\r\n1,5,x\r\n\"2,\"\"q\"\"\",6,\"two\nlines\"\n\n,7,\n"))
                .containsExactly("2 k 5 1,x", "3 k 6 \"2,\"\"q\"\"\",\"two\nlines\"", "6 k 7 ,");
        assertThat(csv(PLAIN, "time\n5\n")).containsExactly("2 k 5 ");
    }

    @Test
    void csv_keyColumnAndValueColumn() throws IOException {
        assertThat(csv(layout(true, ';', "time", "host", "v", RowContent.TEXT), "host;time;v;w\na;5;\"1;2\";x\nb;6;2;y\n"))
                .containsExactly("2 a 5 1;2", "3 b 6 2");
    }

    @Test
    void csv_json_isStringsByName() throws IOException {
        assertThat(csv(layout(true, ',', "time", "host", null, RowContent.JSON), "host,time,v,\"q\"\"\"\na,5,007,\"x\n\"\n"))
                .containsExactly("2 a 5 {\"v\":\"007\",\"q\\\"\":\"x\\n\"}");
    }

    @Test
    void csv_withoutNames_columnsAreNumbers() throws IOException {
        assertThat(csv(layout(false, ',', "2", "1", null, RowContent.JSON), "a,5,x\nb,6,y\n"))
                .containsExactly("1 a 5 {\"3\":\"x\"}", "2 b 6 {\"3\":\"y\"}");
    }

    @Test
    void csv_byteOrderMark_isNoPartOfTheFirstName() throws IOException {
        assertThat(csv(PLAIN, "\uFEFFtime,v\n5,x\n")).containsExactly("2 k 5 x");
        assertThat(csv(PLAIN, "")).isEmpty();
        assertThat(csv(PLAIN, "time,v\n")).isEmpty();
    }

    @Test
    void csv_badRows_areToldWithTheirLine_andTheRestIsRead() throws IOException {
        assertThat(csv(PLAIN, "time,v\n5,x\nsix,y\n7\n8,z,z\n9,ok\n")).containsExactly(
                "2 k 5 x",
                "invalid time: not an epoch time, a number of at most 19 digits: time=six, file=f.csv, line=3",
                "row has another number of fields than the first one: fields=1, columns=2, file=f.csv, line=4",
                "row has another number of fields than the first one: fields=3, columns=2, file=f.csv, line=5",
                "6 k 9 ok");
    }

    @Test
    void csv_behindAnOpenQuote_thereIsNothing() throws IOException {
        assertThat(csv(PLAIN, "time,v\n5,x\n6,\"open\n7,y\n")).hasSize(2).first().isEqualTo("2 k 5 x");
        assertThat(csv(PLAIN, "time,v\n5,x\n6,\"open\n7,y\n").get(1))
                .startsWith("not CSV from this line on: ").endsWith(", file=f.csv, line=3");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
            "a,b       | no such column in the first row: missing=time, columns=a,b, file=f.csv, line=1",
            "time,v,v  | two columns have the same name: twice=v, file=f.csv, line=1"
    })
    void csv_badNames_areTold(String names, String problem) throws IOException {
        assertThat(csv(PLAIN, names + "\n1,2\n")).containsExactly(problem);
    }

    private static List<String> latin(String text) throws IOException {
        return read(() -> new CsvRows(new ByteArrayInputStream(text.getBytes(ISO_8859_1)), "f.csv", PLAIN, "k"));
    }

    @Test
    void csv_bytesThatAreNoUtf8_costTheirRow() throws IOException {
        assertThat(latin("time,v\n4,a\n5,\"gr\u00fcn\"\n6,\u00f0\u009f\n7,b\n\u00ff8,c\n9,d\u00e4")).containsExactly(
                "2 k 4 a",
                "row is not valid UTF-8: byte=0xfc, column=2, file=f.csv, line=3",
                "row is not valid UTF-8: byte=0xf0, column=2, file=f.csv, line=4",
                "5 k 7 b",
                "row is not valid UTF-8: byte=0xff, column=1, file=f.csv, line=6",
                "row is not valid UTF-8: byte=0xe4, column=2, file=f.csv, line=7");
        assertThat(latin("time,gr\u00fcn\n5,x\n")).containsExactly("row is not valid UTF-8: byte=0xfc, column=2, file=f.csv, line=1");
    }

    /** One byte that is none anywhere in a file longer than what is read at once, between characters of each length. */
    @Test
    void csv_oneByteThatIsNoUtf8_costsOneRow() throws IOException {
        int rows = 3_000;
        StringBuilder text = new StringBuilder("time,v\n");
        for (int i = 0; i < rows; i++) {
            text.append(i).append(",a\u00fc\u20ac\ud83d\ude00\n");
        }
        byte[] sound = text.toString().getBytes(UTF_8);
        for (int at : new int[] {7, 8_190, 8_191, 8_192, 8_193, 20_000, sound.length - 1}) {
            byte[] file = new byte[sound.length + 1];
            System.arraycopy(sound, 0, file, 0, at);
            file[at] = (byte) 0xff;
            System.arraycopy(sound, at, file, at + 1, sound.length - at);
            List<String> found = read(() -> new CsvRows(new ByteArrayInputStream(file), "f.csv", PLAIN, "k"));
            assertThat(found).hasSize(rows);
            assertThat(found.stream().filter(row -> row.startsWith("row is not valid UTF-8"))).hasSize(1);
            assertThat(found.stream().filter(row -> row.endsWith("a\u00fc\u20ac\ud83d\ude00"))).hasSize(rows - 1);
        }
    }

    // ---------------------------------------------------------------- line protocol

    @Test
    void influx_fieldsAsTheyStand() throws IOException {
        assertThat(influx(RowContent.TEXT, "# head\n\ncpu,b=2,a=1 x=1.50,s=\"a\\\"b\" 5\r\ncpu x=2\n")).containsExactly(
                "3 cpu,a=1,b=2 5 x=1.50,s=\"a\\\"b\"", "4 cpu - x=2");
    }

    @Test
    void influx_json_keepsEachDigit() throws IOException {
        assertThat(influx(RowContent.JSON, "m a=1.50,b=-7i,c=18446744073709551615u,d=T,e=F,f=\"x\\\"\\\\y\",g=+.5 5")).containsExactly(
                "1 m 5 {\"a\":1.50,\"b\":-7,\"c\":18446744073709551615,\"d\":true,\"e\":false,\"f\":\"x\\\"\\\\y\",\"g\":0.5}");
    }

    @Test
    void influx_badLines_areTold_andTheRestIsRead() throws IOException {
        assertThat(influx(RowContent.TEXT, "m f=x 1\nm f=1 2\nm f=1 9223372036854775808\nm f=1 3"))
                .containsExactly(
                        "field's value is neither a finite float, an integer of 64 bits with i or u behind it, a boolean, nor a string in quotes:"
                                + " value=x, column=5, file=f.lp, line=1",
                        "2 m 2 f=1",
                        "invalid time: epoch time exceeds 64 bits of milliseconds: time=9223372036854775808, file=f.lp, line=3",
                        "4 m 3 f=1");
    }

    // ---------------------------------------------------------------- JSON lines

    @Test
    void byteOrderMark_isNoPartOfAnyFormat_butBehindTheBeginning() throws IOException {
        assertThat(influx(RowContent.TEXT, "\uFEFFm x=1 5\n\uFEFFm x=2 6\n")).containsExactly("1 m 5 x=1", "2 \uFEFFm 6 x=2");
        assertThat(read(() -> new JsonRows(in("\uFEFF{\"time\":7}\n"), "f.jsonl", PLAIN, "k"))).containsExactly("1 k 7 {\"time\":7}");
        assertThat(read(() -> new LineRows(in("\uFEFF5 x\n"), "f.log", "k", Optional.of(PLAIN.timeFormat())))).containsExactly("1 k 5 5 x");
        assertThat(csv(layout(false, ',', "1", null, null, RowContent.TEXT), "\uFEFF5,x\n")).containsExactly("1 k 5 x");
        assertThat(read(() -> new LineRows(in("\uFEFF\uFEFF"), "f.log", "k", Optional.empty()))).containsExactly("1 k - \uFEFF");
        assertThat(read(() -> new LineRows(in("ab"), "f.log", "k", Optional.empty()))).containsExactly("1 k - ab");
        assertThat(read(() -> new LineRows(in(""), "f.log", "k", Optional.empty()))).isEmpty();
    }

    @Test
    void json_badTime_isToldAsOne() throws IOException {
        String text = "{\"time\":\"six\",\"v\":1}\n{\"time\":7,\"v\":2}\n";
        assertThat(read(() -> new JsonRows(in(text), "f.jsonl", PLAIN, "k"))).containsExactly(
                "invalid time: not an epoch time, a number of at most 19 digits: time=six, file=f.jsonl, line=1",
                "2 k 7 {\"time\":7,\"v\":2}");
    }

    /** Each of its characters takes six in JSON. */
    @Test
    void json_contentOfControlCharacters_isRead() throws IOException {
        int characters = 11_200_000;
        String line = "{\"ref\":\"r\",\"timestampMillis\":7,\"key\":\"k\",\"content\":\"" + "\\u0001".repeat(characters) + "\"}\n";
        try (JsonRows rows = new JsonRows(in(line), "f.jsonl", PLAIN, "k")) {
            assertThat(rows.next().content()).hasSize(characters);
        }
    }

    // ---------------------------------------------------------------- lines

    @Test
    void lines_tooLongOrNoUtf8_areTold_andTheRestIsRead() throws IOException {
        String text = "ab\n" + "x".repeat(200_000) + "\n\ncd\r\n";
        try (BoundedLines lines = new BoundedLines(in(text), "f", 100)) {
            assertThat(lines.next()).isEqualTo("ab");
            assertThatThrownBy(lines::next).hasMessage("line is longer than 100 bytes: bytes=200000, file=f, line=2");
            assertThat(lines.next()).isEmpty();
            assertThat(lines.next()).isEqualTo("cd");
            assertThat(lines.next()).isNull();
        }
        try (BoundedLines lines = new BoundedLines(new ByteArrayInputStream(new byte[] {'a', (byte) 0xff, '\n', 'b'}), "f", 100)) {
            assertThatThrownBy(lines::next).hasMessage("line is not valid UTF-8, file=f, line=1");
            assertThat(lines.next()).isEqualTo("b");
        }
    }
}
