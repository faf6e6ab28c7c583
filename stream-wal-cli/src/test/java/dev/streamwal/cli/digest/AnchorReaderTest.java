package dev.streamwal.cli.digest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Anchors are read as they were written, and nothing else is taken for one. */
class AnchorReaderTest {

    private static final Instant MADE = Instant.parse("2026-03-04T00:00:00Z");
    private static final String A = "0a".repeat(32);
    private static final String B = "b0".repeat(32);
    private static final List<AnchoredStream> STREAMS = List.of(
            new AnchoredStream(" a%\n\u00e9", 0, List.of(new Checkpoint(64, 1, A))),
            new AnchoredStream("cpu/1", 128, List.of(new Checkpoint(256, 2, A), new Checkpoint(Long.MAX_VALUE, 3, B))));

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void name() {
        file = directory.resolve("anchor");
    }

    private static String text(List<AnchoredStream> streams) {
        StringBuilder text = new StringBuilder();
        AnchorWriter writer = new AnchorWriter(MADE, line -> text.append(line).append('\n'));
        streams.forEach(writer::add);
        String digest = writer.finish();
        assertThat(text.toString()).endsWith("\ndigest " + digest + '\n');
        return text.toString();
    }

    /** With lines between the first two and the digest, which is right. */
    private static String text(String... lines) {
        AnchorText covered = new AnchorText();
        covered.add(AnchorText.FIRST);
        StringBuilder text = new StringBuilder(AnchorText.FIRST + "\nmade " + MADE + '\n');
        for (String line : lines) {
            covered.add(line);
            text.append(line).append('\n');
        }
        return text + "digest " + covered.hex() + '\n';
    }

    private List<AnchoredStream> read(byte[] bytes) throws IOException {
        Files.write(file, bytes);
        List<AnchoredStream> found = new ArrayList<>();
        try (AnchorReader reader = AnchorReader.open(file)) {
            assertThat(reader.madeAt()).isNotNull();
            for (Optional<AnchoredStream> next = reader.next(); next.isPresent(); next = reader.next()) {
                found.add(next.get());
            }
            assertThat(reader.digest()).hasSize(64);
        }
        return found;
    }

    @Test
    void next_whatWasWritten_isTheSame() throws IOException {
        assertThat(read(text(STREAMS).getBytes(US_ASCII))).isEqualTo(STREAMS);
        assertThat(read(text(List.of()).getBytes(US_ASCII))).isEmpty();
        assertThat(text(STREAMS).lines().toList()).startsWith("stream-wal anchor 1", "made 2026-03-04T00:00:00Z", "stream %20a%25%0A%C3%A9 0", "at 64 1 " + A);
        assertThat(text(STREAMS)).as("of the digest's own text").isEqualTo(
                text("stream %20a%25%0A%C3%A9 0", "at 64 1 " + A, "stream cpu/1 128", "at 256 2 " + A, "at 9223372036854775807 3 " + B));
    }

    @Test
    void open_aFolder_isRefusedByName() throws IOException {
        Path folder = Files.createDirectory(file.resolveSibling("folder"));
        assertThatThrownBy(() -> AnchorReader.open(folder)).isInstanceOf(BadAnchorException.class)
                .hasMessageContainingAll("the anchor can't be read: ", "file=" + folder);
    }

    @Test
    void next_longestKey_isRead() throws IOException {
        List<AnchoredStream> longest = List.of(new AnchoredStream("%".repeat(1_024), Long.MAX_VALUE - 1, List.of(new Checkpoint(Long.MAX_VALUE, 1, A))));
        assertThat(read(text(longest).getBytes(US_ASCII))).isEqualTo(longest);
    }

    /** The line with the time is a note: what is changed there may go unnoticed, and nothing else. */
    @Test
    void next_anyByteChangedOrMissing_isRefused() {
        byte[] good = text(STREAMS).getBytes(US_ASCII);
        int noteFrom = AnchorText.FIRST.length() + 1;
        int noteTo = text(STREAMS).indexOf('\n', noteFrom);
        for (int i = 0; i < good.length; i++) {
            byte[] cut = new byte[i];
            System.arraycopy(good, 0, cut, 0, i);
            assertThatThrownBy(() -> read(cut)).as("cut at " + i).isInstanceOf(BadAnchorException.class);
            for (int bit = 0; bit < Byte.SIZE && (i < noteFrom || i >= noteTo); bit++) {
                byte[] changed = good.clone();
                changed[i] ^= (byte) (1 << bit);
                assertThatThrownBy(() -> read(changed)).as("bit " + bit + " at " + i).isInstanceOf(BadAnchorException.class);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "stream a 0", // no checkpoint
        "stream  0|at 1 1 A",
        "stream a 00|at 1 1 A",
        "stream a -1|at 1 1 A",
        "stream a 9999999999999999999|at 1 1 A",
        "stream a 0|at 0 1 A",
        "stream a 0|at 1 0 A",
        "stream a 0|at 2 1 A|at 2 2 A",
        "stream a 0|at 2 1 A|at 3 1 A",
        "stream a 0|at 1 1 A |at 2 2 A",
        "stream b 0|at 1 1 A|stream a 0|at 1 1 A",
        "stream a 0|at 1 1 A|stream a 0|at 1 1 A",
        "stream %61 0|at 1 1 A",
        "stream %c3%a9 0|at 1 1 A",
        "stream %C3 0|at 1 1 A",
        "stream %4 0|at 1 1 A",
        "stream %zz 0|at 1 1 A",
        "at 1 1 A",
        "anything"})
    void next_rightDigestOfWrongLines_isRefused(String lines) {
        String text = text(lines.replace("A", A).split("\\|"));
        assertThatThrownBy(() -> read(text.getBytes(US_ASCII))).isInstanceOf(BadAnchorException.class).hasMessageContainingAll("file=" + file, "line=");
    }

    @Test
    void next_moreThanItsLimits_isRefused() {
        List<Checkpoint> many = new ArrayList<>();
        for (int i = 1; i <= AnchoredStream.MAX_CHECKPOINTS + 1; i++) {
            many.add(new Checkpoint(i, i, A));
        }
        String tooMany = text(List.of(new AnchoredStream("a", 0, many)));
        assertThatThrownBy(() -> read(tooMany.getBytes(US_ASCII))).hasMessageContaining("too many checkpoints");
        String tooLong = text("stream " + "x".repeat(AnchorReader.MAX_LINE_CHARS) + " 0");
        assertThatThrownBy(() -> read(tooLong.getBytes(US_ASCII))).hasMessageContaining("too long");
        assertThatThrownBy(() -> read((text(STREAMS) + "\n").getBytes(US_ASCII))).hasMessageContaining("follows the digest");
    }

    @Test
    void next_randomBytes_areRefusedAndNothingElseIsThrown() {
        Random random = new Random(7);
        String alphabet = "stream at digest made 0123456789abcdef%\n\u00ff";
        for (int run = 0; run < 2_000; run++) {
            StringBuilder text = new StringBuilder(run % 2 == 0 ? "stream-wal anchor 1\nmade 2026-03-04T00:00:00Z\n" : "");
            for (int i = random.nextInt(200); i > 0; i--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            assertThat(catchThrowable(() -> read(text.toString().getBytes(ISO_8859_1)))).as(text.toString()).isInstanceOf(BadAnchorException.class);
        }
    }
}
