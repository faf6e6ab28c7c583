package dev.streamwal.catalog;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.pack.CatalogedPack;
import dev.streamwal.pack.CatalogedSegment;
import dev.streamwal.pack.CoveredPack;
import dev.streamwal.pack.KeyCatalogWriter;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackFacts;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackFooter;
import dev.streamwal.pack.PackHeader;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PacksForTests;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.tier.TierReads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class PackCatalogTest {

    private static final int PACKS = 50;

    @TempDir
    private Path root;

    private volatile Manifest manifest = Manifest.EMPTY;

    private ListedPack write(long number) throws IOException {
        PackFooter footer = PacksForTests.write(PackFiles.pack(root, number), number, List.of(PacksForTests.Sample.of("k", 8 * number, 1, "x")));
        return new ListedPack(number, PacksForTests.WINDOW, 2_000_000, ListedPack.OTHER_OPTIONS, 0, false, footer.fileLength(), 1, 1);
    }

    private PackCatalog catalog(ChannelCache channels) {
        return new PackCatalog(root, channels, new FooterCache(), 0, () -> manifest, TierReads.refusing(root));
    }

    /** Lists the key "k" with its segment in a pack. */
    private void writeKeys(ListedPack pack, PackFacts facts, PackEntry entry) throws IOException {
        CoveredPack covered = new CoveredPack(pack.number(), pack.bytes(), pack.segments());
        try (KeyCatalogWriter keys = KeyCatalogWriter.create(root, List.of(new CatalogedPack(covered, facts)), manifest.edits())) {
            assertThat(keys.add("k".getBytes(UTF_8), List.of(new CatalogedSegment(0, entry.basePosition(), entry.dataBytes(), entry.spread(), 0)))).isTrue();
            keys.finish();
        }
    }

    private static Segment only(PackCatalog catalog, Manifest manifest) throws IOException {
        List<Segment> segments = catalog.segments(StreamKey.of("k"), manifest, PackCatalog.Listed.NOTHING).counting();
        assertThat(segments).hasSize(1);
        return segments.get(0);
    }

    /** Two places are read of a pack whose segments are in the catalogue; who needs its second header finds the damage, each time. */
    @Test
    @Timeout(300)
    void reader_ofAPackWhoseSecondHeaderIsDamaged_itsSegmentsAreReadByTheCatalogueAndItsTableIsDamaged() throws IOException {
        Files.createDirectory(PackFiles.directory(root));
        ListedPack pack = write(1);
        manifest = manifest.with(List.of(pack));
        try (ChannelCache channels = new ChannelCache(4)) {
            PackReader whole = catalog(channels).reader(pack);
            writeKeys(pack, whole.facts(), whole.find(StreamKey.of("k")).get(0));
        }
        Path file = PackFiles.pack(root, 1);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 150] ^= 1;
        Files.write(file, bytes);
        try (ChannelCache channels = new ChannelCache(4)) {
            PackCatalog catalog = catalog(channels);
            try (SegmentReader segment = only(catalog, manifest).open(channels)) {
                assertThat(segment.footer()).isPresent();
            }
            for (int i = 0; i < 2; i++) {
                assertThat(catalog.damagedTables()).hasSize(1);
                assertThatThrownBy(() -> catalog.reader(pack)).isInstanceOf(CorruptSegmentException.class).hasMessageContaining("checksum mismatch of a pack's header");
            }
        }
    }

    /** As after files were put back from several copies: the catalogue is a cache, and the pack is right. */
    @Test
    void segment_ofWhichTheCatalogueIsWrong_isFoundByThePacksTable() throws IOException {
        Files.createDirectory(PackFiles.directory(root));
        ListedPack pack = write(1);
        manifest = manifest.with(List.of(pack));
        PackFacts right;
        PackEntry entry;
        try (ChannelCache channels = new ChannelCache(4)) {
            PackReader whole = catalog(channels).reader(pack);
            right = whole.facts();
            entry = whole.find(StreamKey.of("k")).get(0);
        }
        PackHeader other = new PackHeader(1, PacksForTests.WINDOW, 2_000_000, 0, 0, 9, 1);
        for (PackFacts wrong : List.of(new PackFacts(right.header(), right.tableOffset() - 8, right.indexOffset()),
                new PackFacts(right.header(), right.tableOffset(), right.indexOffset() - 8), new PackFacts(other, 88, 104))) {
            writeKeys(pack, wrong, entry);
            try (ChannelCache channels = new ChannelCache(4)) {
                PackCatalog catalog = catalog(channels);
                Segment segment = only(catalog, manifest);
                assertThat(segment.header(channels).createdMillis()).isEqualTo(entry.createdMillis());
                assertThat(only(catalog, manifest).header(channels).createdMillis()).isEqualTo(entry.createdMillis());
                assertThat(catalog.damagedTables()).isEmpty();
                assertThat(catalog.reader(pack).facts()).isEqualTo(right);
            }
        }
    }

    /** A process that reads a log for months sees many more packs than there ever are at a time. */
    @Test
    void reader_packsComeAndGo_keepsThoseThatAreThere() throws IOException {
        Files.createDirectory(PackFiles.directory(root));
        try (ChannelCache channels = new ChannelCache(4)) {
            PackCatalog catalog = catalog(channels);
            for (long number = 1; number <= PACKS; number++) {
                List<Long> gone = number <= 2 ? List.of() : List.of(number - 2);
                manifest = manifest.replaced(List.of(write(number)), gone, manifest);
                for (ListedPack pack : manifest.packsInOrder()) {
                    assertThat(catalog.reader(pack).find(StreamKey.of("k"))).hasSize(1);
                }
                assertThat(catalog.readers()).isEqualTo(manifest.packsInOrder().size());
            }
        }
    }
}
