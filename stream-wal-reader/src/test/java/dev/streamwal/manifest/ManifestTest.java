package dev.streamwal.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.pack.PackFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestTest {

    @TempDir
    Path root;

    private static ListedPack pack(long number) {
        return new ListedPack(number, new Window(number * 10, number * 10 + 10), number * 10 + 100, 7, 0, number % 2 == 0, 4_000 + number, 3, 5);
    }

    private static StreamKey key(int number) {
        return StreamKey.of("key-" + number);
    }

    /** What a manifest says, and what a list of all that was ever said says. */
    @Tag("exhaustive")
    @Test
    void edits_random_asAListOfAllOfThemSays() throws IOException {
        Random random = new Random(3);
        for (int run = 0; run < 30; run++) {
            Path log = Files.createDirectory(root.resolve("log" + run));
            ManifestWriter writer = ManifestWriter.open(log);
            TreeMap<Long, ListedPack> packs = new TreeMap<>();
            List<VoidRange> said = new ArrayList<>();
            long next = 1;
            for (int edit = 0; edit < 40; edit++) {
                if (random.nextInt(3) > 0) {
                    List<ListedPack> added = random.nextInt(4) > 0 ? List.of(pack(next++), pack(next++)) : List.of();
                    List<Long> removed = packs.keySet().stream().filter(number -> random.nextInt(5) == 0).toList();
                    if (random.nextBoolean() || added.isEmpty()) {
                        writer.change(before -> before.replaced(added, removed, before));
                        removed.forEach(packs::remove);
                        added.forEach(pack -> packs.put(pack.number(), pack));
                    } else {
                        ListedPack one = pack(next++);
                        VoidRange range = new VoidRange(key(random.nextInt(4)), random.nextInt(50), 50 + random.nextInt(50), one.number(), 0);
                        writer.change(before -> before.with(List.of(one)).voided(List.of(range)));
                        packs.put(one.number(), one);
                        said.add(range);
                    }
                } else {
                    VoidRange range = new VoidRange(key(random.nextInt(4)), random.nextInt(50), 50 + random.nextInt(50), next, 0);
                    writer.change(before -> before.voided(List.of(range)));
                    said.add(range);
                }
                check(writer.current(), packs, said);
                check(ManifestFile.read(log), packs, said);
            }
            assertThat(ManifestLayout.wholeBytes(Files.readAllBytes(ManifestFile.path(log)))).as("most were appended")
                    .isLessThan((int) Files.size(ManifestFile.path(log)));
            check(ManifestWriter.open(log).current(), packs, said);
        }
    }

    /** What has changed is appended until that is as long as the rest; then the file is as long as what there is. */
    @Test
    void change_manyTimes_writesWhatHasChanged() throws IOException {
        ManifestWriter writer = ManifestWriter.open(root);
        writer.change(before -> before.replaced(List.of(pack(1)), List.of(), before));
        int wholes = 0;
        long lengthBefore = Files.size(ManifestFile.path(root));
        for (int i = 0; i < 3_000; i++) {
            List<VoidRange> range = List.of(new VoidRange(key(i), 0, 80, 2, 0));
            writer.change(before -> before.voided(range));
            long bytes = Files.size(ManifestFile.path(root));
            assertThat(Files.size(ManifestFile.copy(root))).isEqualTo(bytes);
            boolean isWhole = ManifestLayout.wholeBytes(Files.readAllBytes(ManifestFile.path(root))) == bytes;
            wholes += isWhole ? 1 : 0;
            assertThat(isWhole || bytes - lengthBefore < 120).isTrue();
            lengthBefore = bytes;
        }
        assertThat(wholes).isBetween(1, 4);
        assertThat(ManifestFile.read(root).voidCount()).isEqualTo(3_000);
        assertThat(ManifestWriter.open(root).current().voidRanges()).containsExactlyInAnyOrderElementsOf(writer.current().voidRanges());
    }

    /** By one that was read, and goes on. */
    @Test
    void change_behindAnOpening_isAppended() throws IOException {
        Manifest expected = written();
        long length = Files.size(ManifestFile.path(root));
        ManifestWriter again = ManifestWriter.open(root);
        assertThat(again.current().edits()).isEqualTo(expected.edits());
        assertThat(ManifestFile.path(root)).hasSize(length);
        again.change(before -> before.voided(List.of(new VoidRange(key(2), 0, 80, 3, 0))));
        assertThat(Files.size(ManifestFile.path(root))).isBetween(length + 1, length + 120);
        assertThat(ManifestFile.copy(root)).hasSameBinaryContentAs(ManifestFile.path(root));
        assertThat(ManifestFile.read(root).voidRanges()).hasSize(2);
    }

    /** As it was written once: what is appended would be taken for a part of it. */
    @Test
    void change_fileDoesNotSayItsLength_isWrittenAnew() throws IOException {
        Manifest expected = written();
        for (Path path : List.of(ManifestFile.path(root), ManifestFile.copy(root))) {
            byte[] file = ManifestFile.bytes(expected);
            ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
            assertThat(bytes.getInt(20)).isEqualTo(file.length);
            bytes.putInt(20, 0);
            CRC32C crc = new CRC32C();
            crc.update(file, 12, file.length - 12);
            bytes.putInt(8, (int) crc.getValue());
            Files.write(path, file);
        }
        ManifestWriter again = ManifestWriter.open(root);
        assertThat(again.current().voidRanges()).hasSize(1);
        for (int i = 2; i < 5; i++) {
            List<VoidRange> range = List.of(new VoidRange(key(i), 0, 80, 3, 0));
            again.change(before -> before.voided(range));
            assertThat(ManifestFile.read(root).voidRanges()).hasSize(i);
            assertThat(ManifestFile.copy(root)).hasSameBinaryContentAs(ManifestFile.path(root));
        }
    }

    /** What is part of a change was never acknowledged, or the copy has it. */
    @Test
    void open_aPartOfAChangeWasAppended_goesOnFromTheCopy() throws IOException {
        Manifest expected = written();
        Files.write(ManifestFile.path(root), new byte[] {60, 0, 0, 0, 1}, StandardOpenOption.APPEND);
        assertThat(ManifestFile.read(root).toString()).isEqualTo(expected.toString());
        ManifestWriter again = ManifestWriter.open(root);
        again.change(before -> before.voided(List.of(new VoidRange(key(2), 0, 80, 3, 0))));
        assertThat(ManifestFile.read(root).voidRanges()).hasSize(2);
        Files.delete(ManifestFile.copy(root));
        assertThat(ManifestFile.read(root).voidRanges()).hasSize(2);
    }

    private static void check(Manifest manifest, TreeMap<Long, ListedPack> packs, List<VoidRange> said) {
        assertThat(manifest.packsInOrder()).containsExactlyElementsOf(packs.values());
        for (long number : packs.keySet()) {
            assertThat(manifest.pack(number)).contains(pack(number));
            for (int key = 0; key < 4; key++) {
                for (long base = 0; base < 110; base += 7) {
                    StreamKey stream = key(key);
                    long position = base;
                    boolean isVoid = said.stream().anyMatch(range -> range.key().equals(stream) && range.covers(position, number));
                    assertThat(manifest.isVoid(stream, base, number)).isEqualTo(isVoid);
                    assertThat(!isVoid || manifest.mayHaveVoids(number)).isTrue();
                }
            }
        }
        assertThat(manifest.voidRanges()).allMatch(range -> !packs.headMap(range.packsBelow()).isEmpty());
    }

    private Manifest written() throws IOException {
        ManifestWriter writer = ManifestWriter.open(root);
        writer.change(before -> before.replaced(List.of(pack(1), pack(2)), List.of(), before));
        writer.change(before -> before.voided(List.of(new VoidRange(key(1), 0, 80, 3, 0))));
        return writer.current();
    }

    /** Damage of one is read from the other, and never something else. */
    @Tag("exhaustive")
    @Test
    void read_everyBitAndEveryLength_theCopyOrAnError() throws IOException {
        Manifest written = written();
        String expected = written.toString();
        Path first = ManifestFile.path(root);
        Path copy = ManifestFile.copy(root);
        byte[] good = Files.readAllBytes(first);
        assertThat(Files.readAllBytes(copy)).isEqualTo(good);
        int wholeBytes = ManifestLayout.wholeBytes(good);
        assertThat(good.length).as("the last change was appended").isGreaterThan(wholeBytes);
        for (int bit = 0; bit < good.length * 8 + good.length; bit++) {
            byte[] bad = bit < good.length * 8 ? good.clone() : Arrays.copyOf(good, bit - good.length * 8);
            if (bit < good.length * 8) {
                bad[bit / 8] ^= (byte) (1 << bit % 8);
            }
            Files.write(first, bad);
            if (bit / 8 != 7 || bit >= good.length * 8) {
                assertThat(ManifestFile.read(root).toString()).isEqualTo(expected);
                Files.write(copy, bad);
                if (bad.length == wholeBytes) {
                    // cut between two changes, both of them: only this can't be told
                    assertThat(ManifestFile.read(root).edits()).isEqualTo(written.edits() - 1);
                } else {
                    assertThatThrownBy(() -> ManifestFile.read(root)).isInstanceOf(CorruptSegmentException.class).hasMessageContaining("manifest");
                }
                Files.write(copy, good);
            } else {
                // another version's
                assertThatThrownBy(() -> ManifestFile.read(root)).isInstanceOf(UnsupportedFormatException.class);
            }
        }
    }

    /** A pack's compression is 0 or 1; a file that verifies with another value was written by something else. */
    @Test
    void decode_compressionThatIsNeither_isDamage() throws IOException {
        byte[] file = ManifestLayout.encode(written()).array();
        int compression = 48 + 44;
        for (byte value : new byte[] {0, 1, 2, -1}) {
            file[compression] = value;
            CRC32C crc = new CRC32C();
            crc.update(file, 12, file.length - 12);
            ByteBuffer unused = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(8, (int) crc.getValue());
            if (value == 0 || value == 1) {
                assertThatCode(() -> ManifestLayout.decode(file)).doesNotThrowAnyException();
            } else {
                assertThatThrownBy(() -> ManifestLayout.decode(file)).isInstanceOf(FormatException.class)
                        .hasMessage("a pack's compression in the manifest is neither 0 nor 1: actual=" + (value & 0xFF));
            }
        }
    }

    /** It names all of its limits. */
    @Test
    void voidRange_whatNoneCanBe_isRefusedWithEachLimit() {
        assertThatThrownBy(() -> new VoidRange(key(1), 0, 80, 3, -1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("from=0, to=80, packsBelow=3, sharedBelow=-1");
    }

    @Test
    void open_oneIsDamagedOrMissing_isMadeAnew() throws IOException {
        Manifest expected = written();
        for (Path file : List.of(ManifestFile.path(root), ManifestFile.copy(root))) {
            byte[] good = Files.readAllBytes(file);
            Files.write(file, Arrays.copyOf(good, good.length - 1));
            assertIsMadeAnew(expected, file);
            Files.delete(file);
            assertIsMadeAnew(expected, file);
        }
    }

    /** The first may have had changes that nobody acknowledged, and readers have seen: no number of theirs is given again, now or after the next opening. */
    private void assertIsMadeAnew(Manifest expected, Path file) throws IOException {
        long before = ManifestFile.read(root).edits();
        Manifest found = ManifestWriter.open(root).current();
        assertThat(found.numbered(expected.edits()).toString()).isEqualTo(expected.toString());
        if (file.equals(ManifestFile.path(root))) {
            assertThat(found.edits()).isGreaterThan(before + 1_000);
        } else {
            assertThat(found.edits()).isEqualTo(before);
        }
        assertThat(Files.readAllBytes(ManifestFile.path(root))).isEqualTo(Files.readAllBytes(ManifestFile.copy(root)));
        assertThat(ManifestWriter.open(root).current().edits()).isEqualTo(found.edits());
    }

    @Test
    void open_noPacks_leavesNothing() throws IOException {
        assertThat(ManifestWriter.open(root).current()).isSameAs(Manifest.EMPTY);
        assertThat(root).isEmptyDirectory();
    }

    /** Else the packs would be taken for what a process has left that was killed while it wrote them, and be deleted. */
    @Test
    void open_bothAreMissingAndThereIsAPack_isToldOf() throws IOException {
        ManifestWriter.open(root).begin();
        assertThat(ManifestWriter.open(root).current().packsInOrder()).isEmpty();
        Files.createFile(PackFiles.pack(root, 1));
        assertThat(ManifestWriter.open(root).current().packsInOrder()).isEmpty();
        Files.delete(ManifestFile.path(root));
        Files.delete(ManifestFile.copy(root));
        assertThatThrownBy(() -> ManifestWriter.open(root)).isInstanceOf(CorruptSegmentException.class).hasMessageContaining("missing");
    }

    @Test
    void with_numberThatWasUsed_isRefused() {
        Manifest one = Manifest.EMPTY.with(List.of(pack(2)));
        assertThatThrownBy(() -> one.with(List.of(pack(2)))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> one.with(List.of(pack(1)))).isInstanceOf(IllegalArgumentException.class);
        Manifest none = one.replaced(List.of(), List.of(2L), one);
        assertThat(none.packsInOrder()).isEmpty();
        assertThat(none.highestNumber()).isEqualTo(2);
        assertThatThrownBy(() -> none.with(List.of(pack(2)))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void replaced_whatCantBe_isRefused() {
        Manifest packs = Manifest.EMPTY.with(List.of(pack(2), pack(5)));
        assertThatThrownBy(() -> packs.replaced(List.of(), List.of(1L), packs)).hasMessageContaining("not listed");
        assertThatThrownBy(() -> packs.replaced(List.of(pack(5)), List.of(2L), packs)).hasMessageContaining("used before");
        assertThatThrownBy(() -> packs.replaced(List.of(pack(2)), List.of(2L), packs)).hasMessageContaining("used before");
        assertThatThrownBy(() -> packs.replaced(List.of(pack(4)), List.of(5L), packs)).hasMessageContaining("used before");
    }

    /** A merge gets its number when it begins, and packs with higher ones are listed meanwhile. */
    @Test
    void replaced_byNumberBelowTheHighest_isListed() {
        Manifest packs = Manifest.EMPTY.with(List.of(pack(2), pack(5)));
        Manifest merged = packs.replaced(List.of(pack(3)), List.of(2L), packs);
        assertThat(merged.pack(3)).isPresent();
        assertThat(merged.pack(2)).isEmpty();
        assertThat(merged.highestNumber()).isEqualTo(5);
    }

    @Test
    void replaced_deletedSinceItWasCopied_isDeletedInWhatComesInstead() {
        StreamKey before = StreamKey.of("before");
        StreamKey since = StreamKey.of("since");
        Manifest copied = Manifest.EMPTY.with(List.of(pack(1), pack(2))).voided(List.of(new VoidRange(before, 0, 100, 3, 0)));
        Manifest now = copied.voided(List.of(new VoidRange(since, 0, 100, 3, 0)));
        Manifest replaced = now.replaced(List.of(pack(4)), List.of(1L), copied);
        assertThat(replaced.isVoid(since, 99, 4)).isTrue();
        assertThat(replaced.isVoid(since, 100, 4)).as("behind what was deleted").isFalse();
        assertThat(replaced.isVoid(since, 0, 5)).as("in a later pack").isFalse();
        assertThat(replaced.isVoid(before, 0, 4)).as("what was deleted before isn't in it").isFalse();
        assertThat(replaced.isVoid(before, 0, 2)).isTrue();
        // a cut has listed what it leaves in a pack of its own, which its range doesn't cover, and mustn't cover now
        Manifest cut = copied.with(List.of(pack(3))).voided(List.of(new VoidRange(since, 0, 100, 3, 0)));
        assertThatThrownBy(() -> cut.replaced(List.of(pack(4)), List.of(1L), copied)).hasMessageContaining("lower number");
        assertThat(cut.replaced(List.of(pack(4)), List.of(1L), cut).isVoid(since, 0, 3)).isFalse();
        // when nothing is left that they concern they go
        assertThat(replaced.replaced(List.of(), List.of(2L, 4L), replaced).voidRanges()).isEmpty();
    }
}
