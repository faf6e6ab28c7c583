package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class CursorLayoutTest {

    private static final long SALT = 0x0123_4567_89AB_CDEFL;
    private static final Pattern LINE = Pattern.compile("(?m)^\\p{XDigit}{8}  ([^|]+)\\|");
    private static final CursorHeader HEADER = new CursorHeader(StreamKey.of("shipper"), KeyScope.prefix("sensor/"), 64L << 30, SALT);
    private static final List<CursorEntry> ENTRIES = List.of(
            new CursorEntry(StreamKey.of("sensor/a"), 504, 1_767_225_600_000L),
            new CursorEntry(StreamKey.of("sensor/b1"), 64L << 30, 1_767_225_601_000L),
            new CursorEntry(StreamKey.of("sensor/a"), 544, 1_767_225_602_000L));

    private static ByteBuffer file() {
        return file(HEADER, ENTRIES);
    }

    private static ByteBuffer file(CursorHeader header, List<CursorEntry> entries) {
        ByteBuffer out = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
        out.put(CursorLayout.encode(header));
        entries.forEach(entry -> CursorLayout.encode(out, entry, header.salt(), out.position()));
        return out.flip();
    }

    /** What a reader makes of a file. */
    private static List<CursorEntry> entries(ByteBuffer file) throws FormatException {
        CursorHeader header = CursorLayout.decodeHeader(file);
        List<CursorEntry> found = new ArrayList<>();
        int index = CursorLayout.headerBytes(header);
        int bytes = CursorLayout.entryBytesAt(file, index, header.salt(), index);
        while (bytes > 0) {
            found.add(new CursorEntry(StreamKey.of(CursorLayout.key(file, index)), CursorLayout.position(file, index),
                    CursorLayout.committedAtMillis(file, index)));
            index += bytes;
            bytes = CursorLayout.entryBytesAt(file, index, header.salt(), index);
        }
        return found;
    }

    /** Which was worked out once by other means than this code: a file that exists must be read for ever. */
    @Test
    void encode_aFile_isTheOneInTheDocument() throws IOException {
        ByteBuffer file = file();
        byte[] bytes = new byte[file.limit()];
        file.get(bytes);
        assertThat(HexFormat.of().formatHex(bytes)).isEqualTo(dumpInTheDocument());
    }

    private static String dumpInTheDocument() throws IOException {
        String document = Files.readString(ProjectFiles.formatDocument());
        String dump = document.substring(document.indexOf("<!-- dump of a cursor file: begin -->"),
                document.indexOf("<!-- dump of a cursor file: end -->"));
        return LINE.matcher(dump).results().map(line -> line.group(1).replace(" ", "")).collect(Collectors.joining());
    }

    @Test
    void decode_whatWasEncoded_isTheSame() throws FormatException {
        for (String name : List.of("n", "ü/\n", "x".repeat(StreamKey.MAX_BYTES))) {
            for (KeyScope scope : List.of(KeyScope.prefix(""), KeyScope.prefix("a"), KeyScope.key("a"), KeyScope.key("k".repeat(StreamKey.MAX_BYTES)),
                    KeyScope.glob("?/ü*"), KeyScope.glob("€".repeat(KeyPattern.MAX_LENGTH)), KeyScope.of(List.of()), KeyScope.of(List.of("b", "ü", "a")),
                    KeyScope.of(longKeys(31)))) {
                CursorHeader header = new CursorHeader(StreamKey.of(name), scope, 8, SALT);
                assertThat(CursorLayout.decodeHeader(CursorLayout.encode(header))).isEqualTo(header);
                assertThat(CursorLayout.encode(header).limit()).isLessThanOrEqualTo(CursorLayout.MAX_HEADER_BYTES);
                assertThat(CursorLayout.headerBytesAt(file(header, ENTRIES))).isEqualTo(CursorLayout.headerBytes(header));
                assertThat(entries(file(header, ENTRIES))).isEqualTo(ENTRIES);
            }
        }
        CursorEntry longest = new CursorEntry(StreamKey.of("k".repeat(StreamKey.MAX_BYTES)), Long.MAX_VALUE, Long.MIN_VALUE);
        assertThat(CursorLayout.entryBytes(longest.key())).isEqualTo(CursorLayout.MAX_ENTRY_BYTES);
        assertThat(entries(file(HEADER, List.of(longest)))).containsExactly(longest);
    }

    private static List<String> longKeys(int keys) {
        return IntStream.range(0, keys).mapToObj(i -> "k".repeat(StreamKey.MAX_BYTES - 2) + (10 + i)).toList();
    }

    @Test
    void checkFits_moreKeysThanAHeaderHasRoomFor_areRefused() {
        CursorLayout.checkFits(KeyScope.of(longKeys(31)));
        assertThatThrownBy(() -> CursorLayout.checkFits(KeyScope.of(longKeys(32)))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("bytes=32832, max=32768").hasMessageContaining("use several consumers");
    }

    /** The kinds that came later have flags of their own: an older version refuses them, and reads what it wrote. */
    @Test
    void encode_eachKind_hasItsFlag() {
        assertThat(Stream.of(KeyScope.key("a"), KeyScope.prefix("a"), KeyScope.glob("a"), KeyScope.of(List.of("a")))
                .map(scope -> CursorLayout.encode(new CursorHeader(StreamKey.of("n"), scope, 0, SALT)).getInt(CursorLayout.FLAGS)))
                .containsExactly(0, 1, 2, 4);
    }

    @Test
    void decode_anyByteChanged_isAnErrorOrWhatWasBefore() {
        ByteBuffer file = file();
        int headerBytes = CursorLayout.headerBytes(HEADER);
        for (int at = 0; at < file.limit(); at++) {
            for (int flip = 1; flip < 256; flip++) {
                ByteBuffer changed = ByteBuffer.wrap(file.array().clone(), 0, file.limit()).order(ByteOrder.LITTLE_ENDIAN);
                changed.put(at, (byte) (changed.get(at) ^ flip));
                if (at < headerBytes) {
                    assertThatThrownBy(() -> entries(changed)).as("byte %d ^ 0x%x", at, flip).isInstanceOf(FormatException.class);
                } else {
                    assertPrefix(changed, at);
                }
            }
        }
    }

    @Test
    void decode_cutAnywhere_isAnErrorOrWhatWasBefore() throws FormatException {
        ByteBuffer file = file();
        for (int length = 0; length < file.limit(); length++) {
            ByteBuffer cut = file.duplicate().order(ByteOrder.LITTLE_ENDIAN).limit(length);
            if (length < CursorLayout.headerBytes(HEADER)) {
                assertThatThrownBy(() -> entries(cut)).isInstanceOf(FormatException.class);
            } else {
                assertPrefix(cut, length);
            }
        }
        assertThat(entries(file)).isEqualTo(ENTRIES);
    }

    /** The entries that stand wholly before the offset, and no others. */
    private static void assertPrefix(ByteBuffer file, int offset) {
        int end = CursorLayout.headerBytes(HEADER);
        int whole = 0;
        while (end + CursorLayout.entryBytes(ENTRIES.get(whole).key()) <= offset) {
            end += CursorLayout.entryBytes(ENTRIES.get(whole).key());
            whole++;
        }
        try {
            assertThat(entries(file)).as("changed at %d", offset).isEqualTo(ENTRIES.subList(0, whole));
        } catch (FormatException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void decode_anEntryOfAnotherFileOrPlace_isNone() {
        ByteBuffer file = file();
        int first = CursorLayout.headerBytes(HEADER);
        assertThat(CursorLayout.entryBytesAt(file, first, SALT, first)).isPositive();
        assertThat(CursorLayout.entryBytesAt(file, first, SALT + 1, first)).isNegative();
        assertThat(CursorLayout.entryBytesAt(file, first, SALT, first + 8)).isNegative();
    }

    @Test
    void decodeHeader_anotherVersion_saysSo() {
        ByteBuffer later = CursorLayout.encode(HEADER);
        later.put(7, (byte) '2');
        assertThatThrownBy(() -> CursorLayout.decodeHeader(later))
                .isInstanceOfSatisfying(FormatException.class, e -> assertThat(e.isUnsupported()).isTrue())
                .hasMessageContaining("STRMCUR2");
    }

    /** Bytes that verify, and aren't what the flag says: written by something else. */
    @Test
    void decodeHeader_keysOfASetThatDontFit_areNamed() {
        assertThat(refusalOfSet("sensor/")).isEqualTo("key in a cursor file's header is longer than the rest of 5 bytes: actual=25971");
        assertThat(refusalOfSet("\1\0ab")).isEqualTo("cursor file's header ends inside the length of a key: actual=1");
        assertThat(refusalOfSet("\0\0")).isEqualTo("cursor file's header ends inside the length of a key: actual=2");
    }

    private static String refusalOfSet(String scope) {
        ByteBuffer file = CursorLayout.encode(new CursorHeader(StreamKey.of("n"), KeyScope.prefix("x".repeat(scope.length())), 0, SALT));
        file.put(CursorLayout.FIXED_BYTES + 1, scope.getBytes(StandardCharsets.UTF_8));
        file.putInt(CursorLayout.FLAGS, CursorLayout.SET);
        CRC32C crc = new CRC32C();
        crc.update(file.duplicate().position(CursorLayout.FLAGS));
        crc.update(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(SALT).flip());
        file.putInt(CursorLayout.CHECKSUM, (int) crc.getValue());
        try {
            return "decoded: " + CursorLayout.decodeHeader(file);
        } catch (FormatException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void decodeHeader_noCursorFile_saysWhy() {
        assertThatThrownBy(() -> CursorLayout.decodeHeader(ByteBuffer.allocate(64))).hasMessageContaining("STRMCUR1");
        assertThatThrownBy(() -> CursorLayout.decodeHeader(ByteBuffer.allocate(3))).hasMessageContaining("36 bytes");
    }
}
