package dev.streamwal.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.samples.JournalSamples;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JournalBlockTest {

    private static final StreamKey KEY = StreamKey.of("sensor/a");
    private static final SegmentHeader HEADER = JournalSamples.header("sensor/a", 4_096, 77);

    /** What was decoded, as text. */
    private static final class Seen implements JournalEntries {
        final List<String> entries = new ArrayList<>();

        @Override
        public void segment(int number, SegmentHeader header) {
            entries.add("segment " + number + " " + header);
        }

        @Override
        public void bytes(int number, int offset, ByteBuffer frames) {
            byte[] copy = new byte[frames.remaining()];
            frames.get(copy);
            entries.add("bytes " + number + " " + offset + " " + HexFormat.of().formatHex(copy));
        }

        @Override
        public void deletedBelow(StreamKey key, long position) {
            entries.add("deleted " + key + " " + position);
        }

        @Override
        public void truncated(StreamKey key, long from, long to) {
            entries.add("truncated " + key + " " + from + " " + to);
        }
    }

    private static List<String> decode(byte[] block) throws FormatException, IOException {
        Seen seen = new Seen();
        JournalBlockLayout.forEachEntry(littleEndian(block), seen);
        return seen.entries;
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void finish_entriesOfEveryKind_areDecodedAsTheyWere() throws FormatException, IOException {
        JournalBlock block = new JournalBlock(ByteBuffer.allocateDirect(4_096));
        JournalSamples.segment(block, 3, HEADER);
        JournalSamples.bytes(block, 3, 112, new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        JournalSamples.bytes(block, 3, 4_096, new byte[0]);
        block.deletedBelow(KEY, 8_192);
        block.truncated(StreamKey.of("ü"), 5, 6);

        byte[] bytes = JournalSamples.finish(block, 9);

        JournalBlockLayout.Prefix prefix = JournalBlockLayout.decode(littleEndian(bytes), 0, bytes.length);
        assertThat(prefix).isEqualTo(new JournalBlockLayout.Prefix(JournalSamples.JOURNAL_ID, 9, bytes.length));
        assertThat(JournalBlockLayout.isWhole(littleEndian(bytes), 0, bytes.length)).isTrue();
        assertThat(decode(bytes)).containsExactly("segment 3 " + HEADER, "bytes 3 112 0102030405060708", "bytes 3 4096 ",
                "deleted sensor/a 8192", "truncated ü 5 6");
    }

    private static JournalBlock golden() {
        JournalBlock block = new JournalBlock(ByteBuffer.allocateDirect(4_096));
        block.deletedBelow(StreamKey.of("a"), 1);
        block.truncated(StreamKey.of("sensor/b"), 0x1122, 0x3344);
        return block;
    }

    @Test
    void finish_theGoldenBlock_isTheOneInTheDocument() throws IOException {
        String document = Files.readString(Path.of(System.getProperty("basedir", ".")).resolve("../docs/format.md"));
        int start = document.indexOf("### A block, byte by byte");
        String dump = document.substring(start, document.indexOf("\n## ", start));
        StringBuilder hex = new StringBuilder();
        Pattern.compile("(?m)^[0-9a-f]{8}  ([0-9a-f ]+?) +\\|").matcher(dump).results()
                .forEach(line -> hex.append(line.group(1).replace(" ", "")));

        assertThat(hex.toString()).isEqualTo(HexFormat.of().formatHex(JournalSamples.finish(golden(), 5)));
    }

    @Test
    void finish_theGoldenBlock_givesTheseBytes() {
        byte[] golden = HexFormat.of().parseHex(""
                + "5354524d4a524e31" + "efcdab8967452301" + "0500000000000000" + "58000000" + "54bb40d4"
                + "03000000" + "09000000" + "0100000000000000" + "6100000000000000"
                + "04000000" + "18000000" + "2211000000000000" + "4433000000000000" + "73656e736f722f62");

        assertThat(JournalSamples.finish(golden(), 5)).isEqualTo(golden);
    }

    @Test
    void finish_memoryUsedBefore_leavesNothingOfItInThePadding() {
        JournalBlock block = new JournalBlock(ByteBuffer.allocateDirect(4_096));
        while (block.hasRoomFor(JournalEntryLayout.bytesPayloadBytes(8))) {
            JournalSamples.bytes(block, -1, 2_048, new byte[] {-1, -1, -1, -1, -1, -1, -1, -1});
        }
        JournalSamples.finish(block, 1);
        block.start(4_096);
        fillSmall(block);
        JournalBlock fresh = new JournalBlock(ByteBuffer.allocateDirect(4_096));
        fillSmall(fresh);

        assertThat(JournalSamples.finish(block, 2)).isEqualTo(JournalSamples.finish(fresh, 2));
    }

    private static void fillSmall(JournalBlock block) {
        block.deletedBelow(StreamKey.of("a"), 1);
        JournalSamples.segment(block, 3, JournalSamples.header("abc", 8, 1));
        block.truncated(StreamKey.of("abcdefg"), 1, 2);
    }

    @Test
    void hasRoomFor_untilItSaysNo_everyEntryFitsAndTheNextDoesNot() {
        JournalBlock block = new JournalBlock(ByteBuffer.allocateDirect(256));
        int entries = 0;
        for (; block.hasRoomFor(JournalEntryLayout.deletedBelowPayloadBytes(KEY)); entries++) {
            block.deletedBelow(KEY, entries);
        }
        assertThat(entries).isEqualTo((256 - 32) / 24);
        assertThat(block.room()).isEqualTo(256 - 32 - entries * 24);
        assertThatIllegalStateException().isThrownBy(() -> block.deletedBelow(KEY, 1)).withMessageContaining("doesn't fit");
    }

    @Test
    void reset_toAMark_takesBackWhatCameAfterIt() throws FormatException, IOException {
        JournalBlock block = new JournalBlock(ByteBuffer.allocateDirect(256));
        block.deletedBelow(KEY, 1);
        int mark = block.mark();
        block.deletedBelow(KEY, 2);
        block.deletedBelow(KEY, 3);
        block.reset(mark);
        block.deletedBelow(KEY, 4);

        assertThat(decode(JournalSamples.finish(block, 1))).containsExactly("deleted sensor/a 1", "deleted sensor/a 4");
        block.start(256);
        assertThat(block.isEmpty()).isTrue();
        assertThatIllegalArgumentException().isThrownBy(() -> block.reset(mark));
    }

    @Test
    void finish_withoutEntriesOrSequence_isRefused() {
        JournalBlock block = new JournalBlock(ByteBuffer.allocateDirect(256));
        assertThatIllegalStateException().isThrownBy(() -> block.finish(1, 1));
        block.deletedBelow(KEY, 1);
        assertThatIllegalStateException().isThrownBy(() -> block.finish(1, 0));
    }

    @Test
    void bytes_unalignedOrTooFar_areRefused() {
        JournalBlock block = new JournalBlock(ByteBuffer.allocateDirect(256));
        assertThatIllegalArgumentException().isThrownBy(() -> block.bytes(1, 112, 7));
        assertThatIllegalArgumentException().isThrownBy(() -> block.bytes(1, 113, 8));
        assertThatIllegalArgumentException().isThrownBy(() -> block.bytes(1, 0, 8));
        assertThatIllegalArgumentException().isThrownBy(() -> block.bytes(1, Integer.MAX_VALUE - 7, 8));
        assertThatIllegalArgumentException().isThrownBy(() -> block.deletedBelow(KEY, -1));
        assertThatIllegalArgumentException().isThrownBy(() -> block.truncated(KEY, 2, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> block.segment(1, ByteBuffer.allocate(8)));
        assertThat(block.isEmpty()).isTrue();
    }

    @Test
    void decode_everyLengthThatCannotBe_findsNoPrefix() {
        JournalBlock block = new JournalBlock(ByteBuffer.allocateDirect(256));
        block.deletedBelow(KEY, 1);
        byte[] bytes = JournalSamples.finish(block, 1);
        for (int length : new int[] {-8, 0, 8, 32, 57, 64, Integer.MAX_VALUE, Integer.MIN_VALUE, JournalBlockLayout.MAX_BYTES + 8}) {
            ByteBuffer changed = littleEndian(bytes.clone()).putInt(JournalBlockLayout.LENGTH, length);
            long available = length > JournalBlockLayout.MAX_BYTES ? Long.MAX_VALUE : bytes.length;
            assertThat(JournalBlockLayout.decode(changed, 0, available)).as("length %d", length).isNull();
        }
        assertThat(JournalBlockLayout.decode(littleEndian(bytes), 0, bytes.length)).isNotNull();
        assertThat(JournalBlockLayout.decode(littleEndian(bytes.clone()).putLong(JournalBlockLayout.SEQUENCE,
                0), 0, bytes.length)).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 0x80})
    void forEachEntry_ofAKindFromTheFuture_isUnsupported(int kind) {
        JournalBlock block = new JournalBlock(ByteBuffer.allocateDirect(256));
        block.deletedBelow(KEY, 1);
        byte[] bytes = JournalSamples.finish(block, 1);
        bytes[JournalBlockLayout.PREFIX_BYTES] = (byte) kind;

        assertThatThrownBy(() -> decode(bytes)).isInstanceOfSatisfying(FormatException.class, e -> assertThat(e.isUnsupported()).isTrue());
    }

    @Test
    void forEachEntry_anyByteOfItsEntriesChanged_givesEntriesOrSaysWhyNot() throws IOException {
        JournalBlock block = new JournalBlock(ByteBuffer.allocateDirect(4_096));
        JournalSamples.segment(block, 3, HEADER);
        JournalSamples.bytes(block, 3, 112, JournalSamples.frames(1, 64));
        block.deletedBelow(KEY, 8_192);
        block.truncated(KEY, 5, 6);
        byte[] bytes = JournalSamples.finish(block, 9);
        int refused = 0;
        for (int i = JournalBlockLayout.PREFIX_BYTES; i < bytes.length; i++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] changed = bytes.clone();
                changed[i] ^= (byte) (1 << bit);
                try {
                    decode(changed);
                } catch (FormatException e) {
                    refused++;
                }
            }
        }
        assertThat(refused).isPositive();
    }

    @Test
    void forEachEntry_randomBytes_endsWithoutAnotherException() throws IOException {
        Random random = new Random(5);
        for (int i = 0; i < 100_000; i++) {
            byte[] bytes = new byte[JournalBlockLayout.PREFIX_BYTES + 8 * random.nextInt(12)];
            random.nextBytes(bytes);
            for (int at = JournalBlockLayout.PREFIX_BYTES; at < bytes.length; at += 8) {
                if (random.nextBoolean()) {
                    Arrays.fill(bytes, at, at + 8, (byte) 0);
                    bytes[at] = (byte) (1 + random.nextInt(4));
                    bytes[at + 4] = (byte) random.nextInt(64);
                }
            }
            try {
                decode(bytes);
            } catch (FormatException e) {
                assertThat(e).hasMessageContaining("=");
            }
        }
    }
}
