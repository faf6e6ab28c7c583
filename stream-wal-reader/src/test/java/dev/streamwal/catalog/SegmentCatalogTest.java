package dev.streamwal.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.Segment;
import dev.streamwal.tier.TierReads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentCatalogTest {

    private static final int MAX_GCS = 1_000;

    @TempDir
    private Path folder;

    private final ChannelCache channels = new ChannelCache(4);

    private SegmentCatalog catalog(Path directory) {
        return catalog(directory, PackCatalog.none(directory));
    }

    private SegmentCatalog catalog(Path directory, PackCatalog packs) {
        return new SegmentCatalog(StreamKey.of("k"), () -> directory, Object::new, channels, new FooterCache(), packs, null, System::nanoTime);
    }

    private void touch(String name) throws IOException {
        Files.write(folder.resolve(name), new byte[0]);
    }

    @Test
    void refresh_noDirectory_isEmpty() throws IOException {
        ListedSegments chain = catalog(folder.resolve("nothing")).refresh();
        assertThat(chain.size()).isZero();
        assertThat(chain.floor(0)).isEqualTo(-1);
        assertThat(chain.after(0)).isNull();
    }

    /** There may be a catalog for each of 100,000 streams, listed at times of their own, while packs come and go each second. */
    @Test
    void refresh_keepsNoManifestInMemory() throws IOException, InterruptedException {
        AtomicReference<Manifest> manifest = new AtomicReference<>(Manifest.EMPTY.packedBelow(8));
        PackCatalog packs = new PackCatalog(folder, channels, new FooterCache(), 0, manifest::get, TierReads.refusing(folder));
        SegmentCatalog catalog = catalog(folder, packs);
        touch("0000000000000000_1.seg");
        assertThat(catalog.refresh().size()).isEqualTo(1);
        WeakReference<Manifest> listed = new WeakReference<>(manifest.get());
        manifest.set(manifest.get().packedBelow(16));
        assertThat(packs.manifest()).isEqualTo(manifest.get());
        for (int i = 0; i < MAX_GCS && listed.get() != null; i++) {
            System.gc();
            Thread.sleep(1);
        }
        assertThat(listed.get()).isNull();
        assertThat(catalog.refresh().size()).isEqualTo(1);
    }

    @Test
    void refresh_foreignFiles_areIgnored() throws IOException {
        touch("0000000000000000_1.seg");
        for (String foreign : new String[] {"0000000000000000_01.seg", "000000000000000G_1.seg", "0000000000000001_1.SEG", "x.seg", ".seg",
            ".0000000000000002.seg.tmp", "0000000000000003_1.seg~", "notes.txt"}) {
            touch(foreign);
        }
        assertThat(catalog(folder).refresh().size()).isEqualTo(1);
    }

    @Test
    void floor_everyPosition_isTheLastThatBeginsThereOrBefore() throws IOException {
        for (long base : new long[] {16, 32, 4_096}) {
            touch(String.format("%016x_9.seg", base));
        }
        ListedSegments chain = catalog(folder).refresh();
        for (long position = 0; position < 5_000; position++) {
            int expected = position < 16 ? -1 : position < 32 ? 0 : position < 4_096 ? 1 : 2;
            assertThat(chain.floor(position)).isEqualTo(expected);
            Segment after = chain.after(position);
            assertThat(after == null ? 3 : chain.floor(after.basePosition())).isEqualTo(expected + 1);
        }
        assertThat(chain.floor(Long.MAX_VALUE)).isEqualTo(2);
        assertThat(chain.nextBase(0)).isEqualTo(32);
        assertThat(chain.nextBase(2)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void refresh_segmentsComeAndGo_keepsWhatItKnows() throws IOException {
        touch("0000000000000000_1.seg");
        touch("0000000000000100_1.seg");
        SegmentCatalog catalog = catalog(folder);
        Segment second = catalog.refresh().get(1);
        Files.delete(folder.resolve("0000000000000000_1.seg"));
        touch("0000000000000200_1.seg");
        assertThat(catalog.chain().size()).as("until it is refreshed").isEqualTo(2);
        ListedSegments chain = catalog.refresh();
        assertThat(chain.size()).isEqualTo(2);
        assertThat(chain.get(0)).isSameAs(second);
    }

    @Test
    void refresh_directoryUnchangedForLong_isNotListedAgain() throws IOException {
        long[] now = {0};
        SegmentCatalog catalog = new SegmentCatalog(StreamKey.of("k"), () -> folder, Object::new, channels, new FooterCache(), PackCatalog.none(folder),
                null, () -> now[0]);
        touch("0000000000000000_1.seg");
        FileTime unchanged = Files.getLastModifiedTime(folder);
        assertThat(catalog.refresh().size()).isOne();
        touch("0000000000000100_1.seg");
        Files.setLastModifiedTime(folder, unchanged);
        assertThat(catalog.refresh().size()).as("it may have changed within the clock's granularity").isEqualTo(2);
        now[0] = 2_000_000_000L;
        assertThat(catalog.refresh().size()).isEqualTo(2);
        touch("0000000000000200_1.seg");
        Files.setLastModifiedTime(folder, unchanged);
        assertThat(catalog.refresh().size()).as("nothing says that it has changed").isEqualTo(2);
        Files.setLastModifiedTime(folder, FileTime.fromMillis(0));
        assertThat(catalog.refresh().size()).isEqualTo(3);
    }

    @Test
    void refresh_missingDirectoryInAFolderThatIsUnchanged_isNotLookedForAgain() throws IOException {
        Object[] state = {"as it was"};
        Path directory = folder.resolve("k");
        SegmentCatalog catalog = new SegmentCatalog(StreamKey.of("k"), () -> directory, () -> state[0], channels, new FooterCache(),
                PackCatalog.none(folder), null, System::nanoTime);
        assertThat(catalog.refresh().size()).isZero();
        Files.createDirectory(directory);
        touch("k/0000000000000000_1.seg");
        assertThat(catalog.refresh().size()).as("nothing says that the folder has changed").isZero();
        state[0] = "changed";
        assertThat(catalog.refresh().size()).isOne();
        Files.delete(directory.resolve("0000000000000000_1.seg"));
        Files.delete(directory);
        assertThat(catalog.refresh().size()).as("a directory that was there is always looked for").isZero();
        Files.createDirectory(directory);
        touch("k/0000000000000100_1.seg");
        assertThat(catalog.refresh().size()).as("the folder was not asked before it was found missing").isOne();
    }

    @Test
    void refresh_directoryComesWhileItIsLookedFor_isFoundNext() throws IOException {
        StreamDirectory streams = new StreamDirectory(folder, channels);
        Path directory = folder.resolve(StreamDirectory.NAME).resolve("k");
        Files.createDirectory(directory.getParent());
        SegmentCatalog catalog = new SegmentCatalog(StreamKey.of("k"), streams, channels, new FooterCache(), PackCatalog.none(folder), null);
        for (int i = 0; i < 20; i++) {
            assertThat(catalog.refresh().size()).isZero();
            Files.createDirectory(directory);
            touch("segments/k/0000000000000000_1.seg");
            assertThat(catalog.refresh().size()).isOne();
            Files.delete(directory.resolve("0000000000000000_1.seg"));
            Files.delete(directory);
        }
    }

    @Test
    void refresh_whileSegmentsAreMade_neverLosesOneInTheMiddle() throws Exception {
        SegmentCatalog catalog = catalog(folder);
        AtomicInteger made = new AtomicInteger();
        Thread maker = new Thread(() -> {
            try {
                for (int i = 0; i < 1_500; i++) {
                    touch(String.format("%016x_9.seg", (long) i * 8));
                    made.incrementAndGet();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }, "maker of segments");
        maker.start();
        while (maker.isAlive()) {
            int before = made.get();
            ListedSegments chain = catalog.refresh();
            assertThat(chain.size()).as("what was there before is listed").isGreaterThanOrEqualTo(before);
            int whole = 0;
            while (whole < chain.size() && chain.get(whole).basePosition() == whole * 8L) {
                whole++;
            }
            assertThat(whole).as("segments up to the first that is missing").isEqualTo(chain.size());
        }
        maker.join();
        assertThat(catalog.refresh().size()).isEqualTo(1_500);
    }

    @Test
    void refresh_deletedSegment_closesItsFile() throws IOException {
        touch("0000000000000000_1.seg");
        SegmentCatalog catalog = catalog(folder);
        Path file = catalog.refresh().get(0).file();
        channels.acquire(file).close();
        assertThat(channels.openFiles()).isEqualTo(1);
        Files.delete(file);
        catalog.refresh();
        assertThat(channels.openFiles()).isZero();
    }
}
