package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --as}: what contents are shown as. */
class ContentTypeTest {

    @TempDir
    private Path root;

    /** The last two columns of {@code cat --as}. */
    private String shown(byte[] content, String type) {
        append(content);
        CliRun run = CliRun.of("cat", root, "s", "--last", 1, "--as", type);
        assertThat(run.exit()).as(run.err()).isZero();
        return run.out().strip().replaceFirst(".*s@\\d+\\+\\d+ *", "");
    }

    private Map<String, Object> json(byte[] content, String type) throws IOException {
        append(content);
        return CliRun.of("latest", root, "--json", "--as", type).json().get(0);
    }

    private void append(byte[] content) {
        try (StreamWal wal = StreamWal.open(root)) {
            assertThat(wal.stream("s").append(content)).isNotNull();
        }
    }

    private static byte[] doubles(ByteOrder order, double... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Double.BYTES).order(order);
        for (double value : values) {
            bytes.putDouble(value);
        }
        return bytes.array();
    }

    @Test
    void f64_oneOrSeveral_numbers() throws IOException {
        assertThat(shown(doubles(ByteOrder.BIG_ENDIAN, 21.5), "f64")).isEqualTo("21.5");
        assertThat(shown(doubles(ByteOrder.BIG_ENDIAN, 1, -2e300), "F64")).isEqualTo("1.0 -2.0E300");
        assertThat(shown(doubles(ByteOrder.LITTLE_ENDIAN, 21.5), "f64le")).isEqualTo("21.5");
        assertThat(shown("1234567".getBytes(UTF_8), "f64")).isEqualTo("1234567");
        assertThat(json(doubles(ByteOrder.BIG_ENDIAN, 21.5), "f64")).containsEntry("content", 21.5);
        assertThat(json(doubles(ByteOrder.LITTLE_ENDIAN, 1, 2), "f64le")).containsEntry("content", List.of(1.0, 2.0));
        assertThat(json(doubles(ByteOrder.BIG_ENDIAN, Double.NaN), "f64")).containsEntry("content", "NaN");
    }

    @Test
    void utf8_andHex_anyBytes() throws IOException {
        byte[] broken = {'a', (byte) 0xff};
        assertThat(shown(broken, "utf8")).isEqualTo("a\ufffd");
        assertThat(shown(broken, "hex")).isEqualTo("61ff");
        assertThat(json(broken, "utf8")).containsEntry("content", "a\ufffd");
        assertThat(json(broken, "hex")).containsEntry("contentHex", "61ff");
    }

    @Test
    void json_isPartOfTheObject_andOnOneLine() throws IOException {
        byte[] content = "{ \"a\": [1, 2.50],\n \"b\": \"\u00fc\" }".getBytes(UTF_8);
        assertThat(shown(content, "json")).isEqualTo("{\"a\":[1,2.50],\"b\":\"\\u00FC\"}");
        assertThat(json(content, "json")).containsEntry("content", Map.of("a", List.of(1L, 2.5), "b", "\u00fc"));
        assertThat(json("7".getBytes(UTF_8), "json")).containsEntry("content", 7L);
        assertThat(json("7 8".getBytes(UTF_8), "json")).containsEntry("content", "7 8");
        assertThat(json("{\"a\":".getBytes(UTF_8), "json")).containsEntry("content", "{\"a\":");
        assertThat(json(new byte[0], "json")).containsEntry("content", "");
        byte[] likeUtf32 = {0, 0, 1, 0, 0, 0, 0, 7};
        assertThat(json(likeUtf32, "json")).containsEntry("content", new String(likeUtf32, UTF_8));
    }

    @Test
    void unknownType_usage() {
        append(new byte[1]);
        assertThat(CliRun.of("cat", root, "--as", "number").exit()).isEqualTo(Exit.USAGE.code());
    }
}
