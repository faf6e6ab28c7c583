package dev.streamwal.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.segment.ReadSettingsForTests;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentWriterForTests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a log that is read keeps of its streams. */
class LogSourceTest {

    private static final int KEYS = 100;

    @TempDir
    private Path root;

    private final List<SegmentWriterForTests> lasting = new ArrayList<>();

    @BeforeEach
    void write() {
        for (int i = 0; i < KEYS; i++) {
            lasting.add(segment("lasting" + i));
        }
    }

    private SegmentWriterForTests segment(String key) {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, key);
        segment.append(1, "x");
        return segment.write();
    }

    private static void delete(SegmentWriterForTests segment) throws IOException {
        segment.delete();
        Files.delete(segment.file().getParent());
    }

    @Test
    void catalog_ofKeysThatComeAndGo_isKeptForFewMoreThanThereAre() throws IOException {
        try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null)) {
            List<SegmentCatalog> kept = new ArrayList<>();
            for (SegmentWriterForTests segment : lasting) {
                kept.add(log.catalog(segment.key()));
            }
            for (int generation = 0; generation < 20; generation++) {
                List<SegmentWriterForTests> passing = new ArrayList<>();
                for (int i = 0; i < KEYS; i++) {
                    SegmentWriterForTests segment = segment("passing" + generation + "/" + i);
                    passing.add(segment);
                    try (SegmentReader reader = log.freshCatalog(segment.key()).chain().get(0).open(log.channels())) {
                        assertThat(reader.header().key().text()).isEqualTo(segment.key());
                    }
                }
                for (SegmentWriterForTests segment : passing) {
                    delete(segment);
                }
                assertThat(log.catalogs()).isLessThanOrEqualTo(2 * 2 * KEYS);
            }
            assertThat(log.channels().openFiles()).as("of deleted files").isLessThanOrEqualTo(2 * KEYS);
            for (int i = 0; i < KEYS; i++) {
                assertThat(log.catalog(lasting.get(i).key())).as("what is there is kept").isSameAs(kept.get(i));
            }
        }
    }

    @Test
    void catalog_ofAStreamThatCameAgain_isListedAnew() throws IOException {
        try (LogSource log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null)) {
            SegmentWriterForTests gone = segment("again");
            SegmentCatalog first = log.catalog("again");
            delete(gone);
            for (SegmentWriterForTests segment : lasting) {
                assertThat(log.catalog(segment.key()).chain().size()).isEqualTo(1);
            }
            SegmentWriterForTests again = segment("again");
            assertThat(log.catalog("again")).isNotSameAs(first);
            assertThat(log.catalog("again").chain().get(0).file()).isEqualTo(again.file());
        }
    }
}
