package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys that would trouble a file system are streams of their own, inside the log's directory; what is no key is refused. */
abstract class KeyContract extends LogContract {

    private static final int MAX_BYTES = 1_024;

    KeyContract(LogHome home) {
        super(home);
    }

    static List<String> nasty() {
        TreeSet<String> keys = new TreeSet<>(List.of(
                "../../etc/passwd", "../outside", "a/b", "a//b", "/", "//", "/etc", ".", "..", "...", ".hidden", "a.", "a..", "A", "a",
                "CON", "con", "con.txt", "CON ", "nul", "NUL", "aux", "prn", "com1", "COM1", "lpt9", "com\u00B9", "a b", " ", "  ",
                " a", "a ", "\t", "\n", "\r\n", "\0", "a\0b", "%", "%41", "%2e", "a%2fb", "~", "a~b", "*", "?", "|", "<", ">", "\"",
                ":", "a:b", "\\", "a\\b", "-", "--", "_", "\u00E4", "a\u0308", "\u00C4", "\u4E2D\u6587", "\uD83D\uDE00",
                "\uD83D\uDC68\u200D\uD83D\uDC69", "\u202Eabc", "\uFEFF", "\uFFFF", "\u007F", "\u0080", "LOCK", "positions", "streams", "segments",
                "quarantine", "0000000000000000_1.seg", "key@12+40", "\u0130", "\u0131", "\u017F", "\u1E9E", "\u00DF"));
        keys.add("x".repeat(MAX_BYTES));
        keys.add("X".repeat(MAX_BYTES));
        keys.add("x".repeat(MAX_BYTES - 1) + "y");
        keys.add("/".repeat(MAX_BYTES));
        keys.add(".".repeat(MAX_BYTES));
        keys.add("\0".repeat(MAX_BYTES));
        keys.add("\uD83D\uDE00".repeat(MAX_BYTES / 4));
        // around the length past which names are hashed
        for (int length = 198; length <= 202; length++) {
            keys.add("n".repeat(length));
            keys.add("N".repeat(length / 3));
        }
        Random random = new Random(7);
        for (int i = 0; i < 30; i++) {
            StringBuilder any = new StringBuilder();
            int points = 1 + random.nextInt(250);
            while (any.codePointCount(0, any.length()) < points) {
                int point = random.nextInt(0x11_0000);
                if (point < 0xD800 || point > 0xDFFF) {
                    any.appendCodePoint(point);
                }
            }
            keys.add(any.toString());
        }
        return List.copyOf(keys);
    }

    @Test
    void append_nastyKeys_eachIsItsOwnStreamInsideTheDirectory() throws IOException {
        appendNastyKeys(nasty().size());
        try (Stream<Path> streams = Files.list(root.resolve("segments"))) {
            List<String> names = streams.map(Path::getFileName).map(Path::toString)
                    .filter(name -> !name.equals(StreamKey.SHARED.directoryName())).toList();
            assertThat(names).hasSize(nasty().size());
            assertThat(names.stream().map(name -> name.toLowerCase(Locale.ROOT))).as("where case doesn't count").doesNotHaveDuplicates();
            assertThat(names).allMatch(name -> name.matches("[a-z0-9%~_.-]+") && !name.startsWith(".") && !name.endsWith(".")
                    && name.length() <= 255);
        }
        goOnWithNastyKeys(nasty().size());
    }

    @Test
    void append_nastyKeysThatShareSegments_eachIsItsOwnStream() throws IOException {
        appendNastyKeys(0);
        goOnWithNastyKeys(0);
    }

    private final Map<String, List<Written>> written = new LinkedHashMap<>();

    private void appendNastyKeys(int ownSegments) throws IOException {
        StreamWal wal = open(options().ownSegments(ownSegments));
        for (String key : nasty()) {
            written.put(key, appendSome(wal.stream(key), 1));
        }
        for (String key : nasty()) {
            byte[] own = bytes(key);
            written.get(key).add(Written.of(wal.stream(key).append(own), NOW, own));
        }
        assertThat(wal.keys()).containsExactlyElementsOf(new TreeSet<>(nasty()));
        for (String key : nasty()) {
            assertThat(readerOf(wal).describe(key).orElseThrow().key()).isEqualTo(key);
        }
        wal.close();

        try (WalReader reader = WalReader.open(root)) {
            assertThat(reader.keys()).containsExactlyElementsOf(new TreeSet<>(nasty()));
            written.forEach((key, records) -> Written.assertHolds(reader, key, records));
        }
        try (Stream<Path> beside = Files.list(root.getParent())) {
            assertThat(beside).containsExactly(root);
        }
        try (Stream<Path> inside = Files.list(root)) {
            assertThat(inside.map(Path::getFileName).map(Path::toString))
                    .contains("LOCK", "positions", "segments", "streams", "writer")
                    .isSubsetOf("LOCK", "positions", "segments", "streams", "commit", "writer");
        }
    }

    private void goOnWithNastyKeys(int ownSegments) {
        StreamWal again = open(options().ownSegments(ownSegments));
        for (String key : nasty()) {
            written.get(key).addAll(appendSome(again.stream(key), 1));
        }
        written.forEach((key, records) -> assertHoldsNow(again, key, records));
        for (String key : nasty()) {
            assertThat(again.delete(key)).isTrue();
        }
        assertThat(again.keys()).isEmpty();
    }

    @Test
    void use_whatIsNoKey_refusedWithTheRule() {
        StreamWal wal = open();
        appendSome(wal.stream("s"), 1);
        Map<String, String> wrong = Map.of(
                "", "1 to 1,024 bytes",
                "x".repeat(MAX_BYTES + 1), "key is too long",
                "\u00E4".repeat(MAX_BYTES / 2 + 1), "bytes=1026, max=1024",
                "a\uD83D", "lone surrogate",
                "\uDE00a", "lone surrogate",
                "\uDE00\uD83D", "lone surrogate");
        WalReader reader = readerOf(wal);
        wrong.forEach((key, fault) -> {
            List<ThrowingCallable> calls = List.of(
                    () -> wal.stream(key),
                    () -> wal.delete(key),
                    () -> wal.purge(Keys.key(key), clock.instant()),
                    () -> new WriteBatch().add(key, WriteEntry.of(bytes("x"))),
                    () -> reader.describe(key),
                    () -> reader.scan(key),
                    () -> reader.latest(key),
                    () -> reader.scanFrom(key, 0),
                    () -> reader.verify(key));
            for (ThrowingCallable call : calls) {
                assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(fault);
            }
        });
        assertThat(wal.keys()).containsExactly("s");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void use_null_throwsAtTheCall(boolean within) {
        StreamWal wal = open();
        appendSome(wal.stream("s"), 1);
        WalReader reader = within ? readerOf(wal) : reader();
        List<ThrowingCallable> calls = List.of(
                () -> wal.stream(null),
                () -> wal.delete((String) null),
                () -> wal.delete((Keys) null),
                () -> wal.purge(null, clock.instant()),
                () -> wal.purge(Keys.key("s"), null),
                () -> wal.append(null),
                () -> wal.sweep(null),
                () -> wal.sweep(clock.instant(), null),
                () -> wal.checkpoint(null),
                () -> new WriteBatch().add(null, WriteEntry.of(bytes("x"))),
                () -> new WriteBatch().add("s", null),
                () -> reader.keys((Keys) null),
                () -> reader.describe((String) null),
                () -> reader.readBatch(null),
                () -> reader.readBatch(java.util.Collections.singletonList(null)),
                () -> reader.find(null),
                () -> reader.latest((String) null),
                () -> reader.latest((List<String>) null),
                () -> reader.scan(null),
                () -> reader.scan("s", null, clock.instant()),
                () -> reader.scan("s", clock.instant(), null),
                () -> reader.scanFrom(null, 0),
                () -> reader.scanLast(null, 1),
                () -> reader.verify(null));
        for (ThrowingCallable call : calls) {
            assertThatThrownBy(call).isInstanceOf(NullPointerException.class);
        }
        assertThatThrownBy(() -> reader.scanFrom("s", -1)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("position=-1");
        assertThatThrownBy(() -> reader.scanLast("s", -1)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("count=-1");
        assertThat(wal.keys()).containsExactly("s");
    }
}
