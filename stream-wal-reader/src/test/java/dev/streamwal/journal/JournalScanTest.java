package dev.streamwal.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.journal.JournalEnd.Place;
import dev.streamwal.samples.JournalSamples;
import dev.streamwal.samples.WrittenJournal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalScanTest {

    private static final int FILE_BYTES = 4_096;
    private static final SegmentHeader A = JournalSamples.header("a", 0, 1);
    private static final SegmentHeader B = JournalSamples.header("b", 0, 2);

    private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
    private Path root;
    private WrittenJournal journal;

    @BeforeEach
    void makeJournal() throws IOException {
        root = Files.createDirectory(memory.getPath("/log"));
        journal = new WrittenJournal(root).file(0, FILE_BYTES);
    }

    @AfterEach
    void close() throws IOException {
        memory.close();
    }

    /** What was visited, as text. */
    private static final class Seen implements JournalVisitor {
        final List<String> entries = new ArrayList<>();
        final List<JournalDamage> damages = new ArrayList<>();
        final boolean skips;

        Seen(boolean skips) {
            this.skips = skips;
        }

        @Override
        public void bytes(SegmentHeader segment, int offset, ByteBuffer frames) {
            assertThat(frames.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
            entries.add(segment.key() + "@" + offset + "+" + frames.remaining());
        }

        @Override
        public void deletedBelow(StreamKey key, long position) {
            entries.add(key + "<" + position);
        }

        @Override
        public void truncated(StreamKey key, long from, long to) {
            entries.add(key + "[" + from + "," + to);
        }

        @Override
        public boolean damaged(JournalDamage damage) {
            damages.add(damage);
            entries.add("damage " + damage.file().getFileName() + "@" + damage.offset() + "+" + damage.length());
            return skips;
        }
    }

    private final Seen seen = new Seen(false);
    private final Seen skipping = new Seen(true);

    private JournalEnd scan(Seen visitor) throws IOException {
        return new JournalScan(root, FrontierFile.load(root).orElseThrow()).scan(visitor);
    }

    private Place place(int file, long offset) {
        return new Place(journal.path(file), offset);
    }

    /** A block that says which it is. */
    private int block() {
        return journal.deletedBelow("s", journal.nextSequence()).commit();
    }

    private void blocks(int count) {
        for (int i = 0; i < count; i++) {
            block();
        }
    }

    private void spoil(int file, int offset) throws IOException {
        byte[] bytes = Files.readAllBytes(journal.path(file));
        bytes[offset] ^= 1;
        Files.write(journal.path(file), bytes);
    }

    private static List<String> marks(int from, int to) {
        List<String> marks = new ArrayList<>();
        for (int i = from; i <= to; i++) {
            marks.add("s<" + i);
        }
        return marks;
    }

    @Test
    void scan_aNewJournal_endsBeforeTheFirstBlock() throws IOException {
        JournalEnd end = scan(seen);

        assertThat(end).isEqualTo(new JournalEnd(1, Optional.empty(), Optional.empty(),
                List.of(new JournalFile(journal.path(0), FILE_BYTES, 0, 0, false)), 0, 0));
        assertThat(seen.damages).isEmpty();
        Files.delete(journal.path(0));
        assertThat(scan(seen).files()).isEmpty();
    }

    @Test
    void scan_entriesOfEveryKind_areHandedOutInOrder() throws IOException {
        journal.bytes(A, 104, new byte[8]).bytes(B, 200, new byte[16]).deletedBelow("c", 5).commit();
        int last = journal.bytes(A, 112, new byte[8]).truncated("d", 1, 2).commit();

        JournalEnd end = scan(seen);

        assertThat(seen.entries).containsExactly("a@104+8", "b@200+16", "c<5", "a@112+8", "d[1,2");
        assertThat(end.nextSequence()).isEqualTo(3);
        assertThat(end.last()).contains(new JournalEnd.Block(place(0, last).file(), last, journal.offset() - last));
        assertThat(end.next()).contains(place(0, journal.offset()));
        assertThat(end.blocks()).isEqualTo(2);
        assertThat(end.bytes()).isEqualTo(journal.offset());
    }

    @Test
    void scan_severalFiles_followsTheSequencesNotTheNumbers() throws IOException {
        blocks(2);
        journal.file(7, FILE_BYTES);
        blocks(3);
        journal.file(3, FILE_BYTES);
        blocks(1);

        JournalEnd end = scan(seen);

        assertThat(seen.entries).isEqualTo(marks(1, 6));
        assertThat(end.next()).contains(place(3, journal.offset()));
        assertThat(end.files()).containsExactly(new JournalFile(journal.path(0), FILE_BYTES, 1, 2, false),
                new JournalFile(journal.path(3), FILE_BYTES, 6, 6, false), new JournalFile(journal.path(7), FILE_BYTES, 3, 5, false));
    }

    /** The disk couldn't read the older ones once, so that a writer went on without them; then it could. */
    @Test
    void scan_numbersThatWereGivenAgain_countInTheFileThatBeginsWithThem() throws IOException {
        blocks(2);
        journal.deletedBelow("old", 3).commit();
        journal.deletedBelow("old", 4).commit();
        journal.file(1, FILE_BYTES).sequence(3);
        blocks(3);

        JournalEnd end = scan(seen);

        assertThat(seen.entries).isEqualTo(marks(1, 5));
        assertThat(end.next()).contains(place(1, journal.offset()));
    }

    @Test
    void scan_aFileUsedAgain_leavesItsOldBlocksOut() throws IOException {
        blocks(9);
        journal.file(1, FILE_BYTES);
        blocks(3);
        journal.frontier(10, List.of());
        journal.file(0, FILE_BYTES);
        blocks(2);

        JournalEnd end = scan(seen);

        assertThat(seen.entries).isEqualTo(marks(10, 14));
        assertThat(end.next()).contains(place(0, journal.offset()));
    }

    @Test
    void scan_allBlocksNotNeeded_endsBehindThem() throws IOException {
        blocks(4);
        journal.frontier(5, List.of());

        JournalEnd end = scan(seen);

        assertThat(seen.entries).isEmpty();
        assertThat(end.nextSequence()).isEqualTo(5);
        assertThat(end.last()).isEmpty();
        assertThat(end.next()).contains(place(0, journal.offset()));
        assertThat(end.files()).noneMatch(JournalFile::isLive);
    }

    @Test
    void scan_fromTheMiddleOfAFile_knowsTheSegmentsNamedBefore() throws IOException {
        journal.bytes(A, 104, new byte[8]).deletedBelow("x", 1).commit();
        journal.bytes(A, 112, new byte[8]).commit();
        journal.bytes(A, 120, new byte[8]).commit();
        journal.frontier(3, List.of());

        scan(seen);

        assertThat(seen.entries).containsExactly("a@120+8");
    }

    @Test
    void scan_damageInWhatIsNotNeeded_isPassedOver() throws IOException {
        blocks(5);
        spoil(0, 40);
        spoil(0, 60);
        journal.frontier(4, List.of());

        scan(seen);
        assertThat(seen.entries).isEqualTo(marks(4, 5));
        spoil(0, 0);
        assertThat(scan(skipping).nextSequence()).isEqualTo(6);
    }

    @Test
    void scan_aNumberGivenAgain_meansTheSegmentNamedLast() throws IOException {
        journal.segment(4, A).bytesOf(4, 104, new byte[8]).segment(4, B).bytesOf(4, 104, new byte[8]).commit();
        journal.bytesOf(4, 112, new byte[8]).segment(4, A).bytesOf(4, 112, new byte[8]).commit();

        scan(seen);

        assertThat(seen.entries).containsExactly("a@104+8", "b@104+8", "b@112+8", "a@112+8");
    }

    @Test
    void scan_aNumberOfAnotherFile_isDamage() throws IOException {
        journal.segment(4, A).commit();
        journal.file(1, FILE_BYTES);
        int at = journal.bytesOf(4, 104, new byte[8]).deletedBelow("b", 1).commit();

        scan(seen);
        scan(skipping);

        assertThat(seen.entries).hasSize(1).first().asString().startsWith("damage 00000001.journal@" + at);
        assertThat(skipping.entries).hasSize(2).contains("b<1");
    }

    @Test
    void scan_framesOutsideOfTheirSegment_areDamage() throws IOException {
        SegmentHeader longKey = JournalSamples.header("k".repeat(100), 0, 1);
        journal.segment(0, longKey).bytesOf(0, 104, new byte[8]).commit();
        journal.segment(0, longKey).bytesOf(0, longKey.capacity(), new byte[8]).commit();
        journal.segment(0, longKey).bytesOf(0, longKey.capacity() - 8, new byte[8]).commit();

        scan(skipping);

        assertThat(skipping.damages).hasSize(2).allMatch(damage -> damage.what().contains("capacity"));
        assertThat(skipping.entries).contains(longKey.key() + "@" + (longKey.capacity() - 8) + "+8").hasSize(3);
    }

    @Test
    void scan_aTornLastBlock_endsBeforeIt() throws IOException {
        blocks(3);
        int at = block();
        for (int length = 1; length < journal.offset() - at; length++) {
            byte[] whole = Files.readAllBytes(journal.path(0));
            byte[] torn = whole.clone();
            Arrays.fill(torn, at + length, journal.offset(), (byte) 0);
            if (!Arrays.equals(torn, whole)) {
                Files.write(journal.path(0), torn);
                JournalEnd end = scan(seen);
                assertThat(end.nextSequence()).isEqualTo(4);
                assertThat(end.next()).contains(place(0, at));
                assertThat(seen.damages).isEmpty();
                Files.write(journal.path(0), whole);
            }
        }
    }

    @Test
    void scan_aTornFirstBlockOfAFile_endsBehindTheFileBefore() throws IOException {
        blocks(3);
        int behind = journal.offset();
        journal.file(1, FILE_BYTES);
        block();
        spoil(1, 50);

        JournalEnd end = scan(seen);

        assertThat(seen.damages).isEmpty();
        assertThat(end.nextSequence()).isEqualTo(4);
        assertThat(end.next()).contains(place(0, behind));
        journal.file(0, FILE_BYTES).at(behind).sequence(4);
        block();
        assertThat(scan(skipping).nextSequence()).isEqualTo(5);
    }

    @Test
    void scan_aTornBlockInAFileUsedAgain_endsBeforeIt() throws IOException {
        blocks(20);
        journal.file(1, FILE_BYTES);
        blocks(1);
        journal.frontier(21, List.of());
        journal.file(0, FILE_BYTES);
        int at = block();
        spoil(0, at + 33);

        JournalEnd end = scan(seen);

        assertThat(seen.damages).isEmpty();
        assertThat(end.nextSequence()).isEqualTo(22);
        assertThat(end.next().orElseThrow().file()).isEqualTo(journal.path(1));
    }

    @Test
    void scan_aBadBlockBeforeAGoodOne_isDamage() throws IOException {
        block();
        int bad = block();
        int good = block();
        blocks(2);
        spoil(0, bad + 35);

        JournalEnd stopped = scan(seen);
        JournalEnd end = scan(skipping);

        String damage = "damage 00000000.journal@" + bad + "+" + (good - bad);
        assertThat(seen.entries).containsExactly("s<1", damage);
        assertThat(stopped.nextSequence()).isEqualTo(2);
        assertThat(skipping.entries).containsExactly("s<1", damage, "s<3", "s<4", "s<5");
        assertThat(end.next()).contains(place(0, journal.offset()));
    }

    @Test
    void scan_aBadBlockAndOnlyOtherFilesGoOn_isDamage() throws IOException {
        block();
        int bad = block();
        journal.file(1, FILE_BYTES);
        blocks(2);
        spoil(0, bad);

        scan(skipping);

        assertThat(skipping.entries).containsExactly("s<1", "damage 00000000.journal@" + bad + "+" + (FILE_BYTES - bad), "s<3", "s<4");
    }

    @Test
    void scan_aFileThatBeginsBadly_isDamageInThatFile() throws IOException {
        blocks(2);
        journal.file(1, FILE_BYTES);
        block();
        int good = block();
        block();
        spoil(1, 0);

        scan(skipping);

        assertThat(skipping.entries).containsExactly("s<1", "s<2", "damage 00000001.journal@0+" + good, "s<4", "s<5");
    }

    @Test
    void scan_aMissingFile_isDamage() throws IOException {
        block();
        journal.file(1, FILE_BYTES);
        blocks(2);
        journal.file(2, FILE_BYTES);
        blocks(2);
        Files.delete(journal.path(1));

        scan(seen);
        scan(skipping);

        assertThat(seen.damages).hasSize(1);
        assertThat(skipping.entries).hasSize(4).startsWith("s<1").endsWith("s<4", "s<5");
    }

    @Test
    void scan_blocksOfAnotherJournal_areNone() throws IOException {
        blocks(3);
        FrontierFile.write(root, new Frontier(JournalSamples.JOURNAL_ID + 1, 1, List.of()));

        JournalEnd end = scan(seen);

        assertThat(seen.entries).isEmpty();
        assertThat(end.nextSequence()).isOne();
        assertThat(JournalScan.usedFiles(root)).containsExactly(journal.path(0));
    }

    @Test
    void scan_anEntryOfALaterVersion_isUnsupported() throws IOException {
        int at = block();
        byte[] bytes = Files.readAllBytes(journal.path(0));
        bytes[at + JournalBlockLayout.PREFIX_BYTES] = 9;
        checksumAgain(bytes, at, journal.offset() - at);
        Files.write(journal.path(0), bytes);

        assertThatThrownBy(() -> scan(skipping)).isInstanceOf(UnsupportedFormatException.class).hasMessageContaining("kind=9");
    }

    @Test
    void scan_aWholeBlockWithAnAbsurdEntry_isDamage() throws IOException {
        int at = block();
        block();
        byte[] bytes = Files.readAllBytes(journal.path(0));
        bytes[at + JournalBlockLayout.PREFIX_BYTES + JournalEntryLayout.PAYLOAD_LENGTH + 3] = 0x7F;
        checksumAgain(bytes, at, (journal.offset() - at) / 2);
        Files.write(journal.path(0), bytes);

        scan(seen);
        scan(skipping);

        assertThat(seen.entries).hasSize(1);
        assertThat(skipping.damages).singleElement().satisfies(damage -> assertThat(damage.what()).contains("payload"));
        assertThat(skipping.entries).hasSize(2).endsWith("s<2");
    }

    private static void checksumAgain(byte[] file, int at, int length) {
        CRC32C crc = new CRC32C();
        crc.update(file, at, JournalBlockLayout.CHECKSUM);
        crc.update(file, at + JournalBlockLayout.PREFIX_BYTES, length - JournalBlockLayout.PREFIX_BYTES);
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(at + JournalBlockLayout.CHECKSUM, (int) crc.getValue());
    }

    @Test
    void scan_blocksLargerThanTheWindow_areReadWhole(@TempDir Path disk) throws IOException {
        root = disk;
        journal = new WrittenJournal(disk).file(0, 8 << 20);
        SegmentHeader large = new SegmentHeader(A.key(), A.window(), A.expirationMillis(), 0, 0, 1, 1, 0, 16 << 20, 0, 0);
        block();
        int at = journal.bytes(large, 104, JournalSamples.frames(1, 3 << 20)).commit();
        block();
        journal.bytes(large, 104, JournalSamples.frames(1, JournalReader.WINDOW_BYTES)).commit();

        JournalEnd end = scan(seen);

        assertThat(seen.entries).containsExactly("s<1", "a@104+" + (3 << 20), "s<3", "a@104+" + JournalReader.WINDOW_BYTES);
        assertThat(end.next()).contains(place(0, journal.offset()));
        spoil(0, at + (2 << 20));
        scan(skipping);
        assertThat(skipping.entries).hasSize(4).contains("damage 00000000.journal@" + at + "+" + (2 * (3 << 20) - (3 << 20) + 168));
    }

    @Test
    void scan_fakePrefixesWithoutEnd_givesTheSearchUp(@TempDir Path disk) throws IOException {
        root = disk;
        int length = 4 << 20;
        journal = new WrittenJournal(disk).file(0, length);
        block();
        ByteBuffer fake = ByteBuffer.wrap(Files.readAllBytes(journal.path(0))).order(ByteOrder.LITTLE_ENDIAN);
        int prefixes = 0;
        for (int at = journal.offset(); at + 2 * 32 <= length; at += 32, prefixes++) {
            fake.putLong(at, JournalBlockLayout.MAGIC_VALUE).putLong(at + 8, JournalSamples.JOURNAL_ID).putLong(at + 16, 99)
                    .putInt(at + 24, length - at & -8);
        }
        Files.write(journal.path(0), fake.array());
        assertThat(prefixes).isGreaterThan(100_000);

        scan(seen);

        assertThat(seen.damages).singleElement().satisfies(damage -> assertThat(damage.what()).contains("given up"));
        assertThat(scan(skipping).nextSequence()).isEqualTo(2);
    }
}
