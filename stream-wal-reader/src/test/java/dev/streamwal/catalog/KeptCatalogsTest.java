package dev.streamwal.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SharedFile;
import dev.streamwal.segment.ReadSettingsForTests;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentWriterForTests;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptCatalogsTest {

    private static final int MAX_SEGMENTS = 50;
    private static final int MAX_GCS = 100;

    @TempDir
    private Path root;

    private SegmentWriterForTests segment(SegmentWriterForTests segment) {
        segment.append(1, "x");
        return segment.seal().write();
    }

    private SegmentCatalog listed(LogSource log, String key) throws IOException {
        SegmentCatalog catalog = log.emptyCatalog(StreamKey.of(key));
        assertThat(catalog.refresh().size()).isPositive();
        return catalog;
    }

    @Test
    void keep_ofManyStreams_dropsOthers_andClosesTheirFiles() throws IOException {
        try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null)) {
            KeptCatalogs kept = new KeptCatalogs(MAX_SEGMENTS);
            for (int i = 0; i < 10 * MAX_SEGMENTS; i++) {
                String key = "s" + i;
                segment(segment(SegmentWriterForTests.first(root, key)).successor());
                SegmentCatalog catalog = listed(log, key);
                try (SharedFile read = log.channels().acquire(catalog.chain().get(0).file())) {
                    assertThat(read.size()).isPositive();
                }
                assertThat(kept.keep(catalog)).isSameAs(catalog);
                assertThat(kept.segments()).isLessThanOrEqualTo(MAX_SEGMENTS);
                assertThat(log.channels().openFiles()).isLessThanOrEqualTo(kept.size());
            }
            assertThat(kept.size()).isPositive();
        }
    }

    @Test
    void listed_ofStreamsThatGrow_dropsOthers() throws IOException {
        try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null)) {
            KeptCatalogs kept = new KeptCatalogs(MAX_SEGMENTS);
            List<SegmentWriterForTests> last = new ArrayList<>();
            for (int i = 0; i < MAX_SEGMENTS / 5; i++) {
                last.add(segment(SegmentWriterForTests.first(root, "s" + i)));
                assertThat(kept.keep(listed(log, "s" + i)).chain().size()).isEqualTo(1);
            }
            int before = kept.size();
            assertThat(before).isEqualTo(last.size());
            for (int round = 0; round < 2 * MAX_SEGMENTS; round++) {
                String key = "s" + (last.size() - 1);
                SegmentWriterForTests next = segment(last.remove(last.size() - 1).successor());
                last.add(next);
                SegmentCatalog grown = kept.get(key);
                if (grown != null) {
                    assertThat(grown.refresh().get(round + 1).basePosition()).isEqualTo(next.header().basePosition());
                    kept.listed(grown);
                }
                assertThat(kept.segments()).isLessThanOrEqualTo(MAX_SEGMENTS);
            }
            assertThat(kept.size()).as("a stream that has more than all may have isn't kept").isZero();
        }
    }

    @Test
    void remove_thenKeep_countsOnce() throws IOException {
        try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null)) {
            KeptCatalogs kept = new KeptCatalogs(MAX_SEGMENTS);
            segment(SegmentWriterForTests.first(root, "s"));
            SegmentCatalog first = kept.keep(listed(log, "s"));
            long once = kept.segments();
            SegmentCatalog second = listed(log, "s");
            assertThat(kept.keep(second)).as("there is one").isSameAs(first);
            kept.remove("s");
            kept.remove("s");
            assertThat(kept.segments()).isZero();
            kept.listed(first);
            assertThat(kept.keep(second)).isSameAs(second);
            assertThat(kept.segments()).isEqualTo(once);
        }
    }

    @Test
    void keepInstead_ofOtherPacks_replaces() throws IOException {
        try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null)) {
            KeptCatalogs kept = new KeptCatalogs(MAX_SEGMENTS);
            segment(SegmentWriterForTests.first(root, "s"));
            SegmentCatalog first = listed(log, "s");
            SegmentCatalog same = listed(log, "s");
            kept.keepInstead(first);
            kept.keepInstead(same);
            assertThat(kept.get("s")).isSameAs(first);
            // nothing listed yet, and so of no manifest
            SegmentCatalog other = log.emptyCatalog(StreamKey.of("s"));
            kept.keepInstead(other);
            assertThat(kept.get("s")).isSameAs(other);
            kept.remove("s");
            assertThat(kept.segments()).isZero();
        }
    }

    /** Its place among those that are dropped in turn stays for a while. */
    @Test
    void remove_keepsNothingOfTheCatalog() throws IOException, InterruptedException {
        try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null)) {
            KeptCatalogs kept = new KeptCatalogs(MAX_SEGMENTS);
            segment(SegmentWriterForTests.first(root, "s"));
            WeakReference<SegmentCatalog> weak = new WeakReference<>(kept.keep(listed(log, "s")));
            kept.remove("s");
            assertIsCollected(weak);
            assertThat(kept.size()).isZero();
        }
    }

    private static void assertIsCollected(WeakReference<?> weak) throws InterruptedException {
        for (int i = 0; i < MAX_GCS && weak.get() != null; i++) {
            System.gc();
            Thread.sleep(1);
        }
        assertThat(weak.get()).isNull();
    }

    /** Many walks that rest have a segment each. */
    @Test
    void segmentAlone_doesNotKeepItsCatalog() throws IOException, InterruptedException {
        try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null)) {
            segment(SegmentWriterForTests.first(root, "s"));
            SegmentCatalog catalog = listed(log, "s");
            Segment segment = catalog.chain().get(0);
            WeakReference<SegmentCatalog> weak = new WeakReference<>(catalog);
            catalog = null;
            assertIsCollected(weak);
            assertThat(segment.key().text()).isEqualTo("s");
        }
    }

    @Test
    void keeps_asManyStreamsAsThereIsRoomFor() {
        KeptCatalogs kept = new KeptCatalogs(30);
        assertThat(kept.keeps(10)).isTrue();
        assertThat(kept.keeps(11)).isFalse();
    }
}
