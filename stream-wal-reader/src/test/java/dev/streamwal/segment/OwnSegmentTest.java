package dev.streamwal.segment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.Footer;
import dev.streamwal.io.ChannelCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which footer counts when another file takes a segment's name, as when records are erased. */
class OwnSegmentTest {

    private static final long LAST_MILLIS = 300;
    private static final long LEFT_MILLIS = 200;

    @TempDir
    private Path root;

    private final ChannelCache channels = new ChannelCache(4);
    private Path file;
    private OwnSegment segment;

    @BeforeEach
    void write() {
        SegmentWriterForTests whole = sealed(LAST_MILLIS).write();
        file = whole.file();
        segment = new OwnSegment(whole.header().key(), whole.header().name(), file, new FooterCache());
    }

    private SegmentWriterForTests sealed(long lastMillis) {
        SegmentWriterForTests written = SegmentWriterForTests.first(root, "k");
        written.append(100, "a");
        written.append(lastMillis, "b");
        return written.seal();
    }

    private static long largestMillis(SegmentReader reader) throws IOException {
        return reader.footer().map(Footer::index).orElseThrow().largestTimestampMillis();
    }

    private long largestMillis() throws IOException {
        try (SegmentReader reader = segment.open(channels)) {
            return largestMillis(reader);
        }
    }

    private void replaceByCopyWithoutTheLast() throws IOException {
        Path copy = Files.write(file.resolveSibling("copy"), sealed(LEFT_MILLIS).bytes());
        Files.move(copy, file, StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void footer_anotherFileHasTheName_isTheOther() throws IOException {
        assertThat(largestMillis()).isEqualTo(LAST_MILLIS);
        replaceByCopyWithoutTheLast();
        assertThat(largestMillis()).isEqualTo(LEFT_MILLIS);
    }

    /** A file system may give a file the key of one that was deleted, once nobody has that one open any more. */
    @Test
    void footer_anotherFileHasTheNameAndTheSameKey_isTheOther() throws IOException {
        assertThat(largestMillis()).isEqualTo(LAST_MILLIS);
        channels.forget(file);
        FileTime before = Files.getLastModifiedTime(file);
        SegmentWriterForTests unused = sealed(LEFT_MILLIS).write();
        Files.setLastModifiedTime(file, FileTime.fromMillis(before.toMillis() + 1_000));
        assertThat(largestMillis()).isEqualTo(LEFT_MILLIS);
    }

    @Test
    void footer_readOfAFileThatHasLostTheName_isNotKept() throws IOException {
        try (SegmentReader early = segment.open(channels)) {
            replaceByCopyWithoutTheLast();
            try (SegmentReader late = segment.open(channels)) {
                assertThat(late.segment()).isSameAs(segment);
            }
            assertThat(largestMillis(early)).isEqualTo(LAST_MILLIS);
        }
        assertThat(largestMillis()).isEqualTo(LEFT_MILLIS);
    }
}
