package dev.streamwal.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackFooter;
import dev.streamwal.pack.PacksForTests;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.tier.TierReads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
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

    /** A process that reads a log for months sees many more packs than there ever are at a time. */
    @Test
    void reader_packsComeAndGo_keepsThoseThatAreThere() throws IOException {
        Files.createDirectory(PackFiles.directory(root));
        try (ChannelCache channels = new ChannelCache(4)) {
            PackCatalog catalog = new PackCatalog(root, channels, new FooterCache(), 0, () -> manifest, TierReads.refusing(root), false);
            for (long number = 1; number <= PACKS; number++) {
                List<Long> gone = number <= 2 ? List.of() : List.of(number - 2);
                manifest = manifest.replaced(List.of(write(number)), gone);
                for (ListedPack pack : manifest.packsInOrder()) {
                    assertThat(catalog.reader(pack).find(StreamKey.of("k"))).hasSize(1);
                }
                assertThat(catalog.readers()).isEqualTo(manifest.packsInOrder().size());
            }
        }
    }
}
