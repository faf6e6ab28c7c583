package dev.streamwal.segment;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.PackCatalog;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FooterCacheTest {

    private static final int BLOCKS = 84;
    /** With what a footer takes beside its blocks, 100 each. */
    private static final int ROOM_FOR = 5;

    private static Footer footer() {
        SegmentIndex index = new SegmentIndex();
        for (int block = 0; block < BLOCKS; block++) {
            index.add(block * SegmentIndex.BLOCK_BYTES + 100, block);
        }
        return new Footer(BLOCKS * SegmentIndex.BLOCK_BYTES, 40, index);
    }

    private static List<Segment> segments(int count) throws IOException {
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            Path root = Files.createDirectory(memory.getPath("/log"));
            SegmentWriterForTests segment = SegmentWriterForTests.first(root, "k");
            for (int i = 0; i < count; i++) {
                segment.append(i, "x");
                segment = segment.write().successor();
            }
            ChannelCache channels = new ChannelCache(1);
            StreamKey key = StreamKey.of("k");
            StreamDirectory streams = new StreamDirectory(root, channels);
            ListedSegments chain = new SegmentCatalog(key, streams, channels, new FooterCache(), PackCatalog.none(root), null).refresh();
            List<Segment> segments = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                segments.add(chain.get(i));
            }
            return segments;
        }
    }

    @Test
    void keep_moreThanThereIsRoomFor_forgetsTheEldest() throws IOException {
        FooterCache cache = new FooterCache(ROOM_FOR * 100);
        List<Segment> segments = segments(8);
        segments.forEach(segment -> cache.keep(segment, footer()));
        for (int i = 0; i < 8; i++) {
            assertThat(segments.get(i).knownFooter() != null).as("segment %s", i).isEqualTo(i >= 8 - ROOM_FOR);
        }
    }

    @Test
    void keep_foundAgain_isNotForgottenForTheOldOne() throws IOException {
        FooterCache cache = new FooterCache(ROOM_FOR * 100);
        List<Segment> segments = segments(6);
        cache.keep(segments.get(0), footer());
        Footer again = footer();
        cache.keep(segments.get(0), again);
        segments.subList(1, 5).forEach(segment -> cache.keep(segment, footer()));
        assertThat(segments.get(0).knownFooter()).isSameAs(again);
        cache.keep(segments.get(5), footer());
        assertThat(segments.get(0).knownFooter()).isNull();
    }

    @Test
    void keep_oneThatIsLargerThanAllTheRoom_isKeptAlone() throws IOException {
        FooterCache cache = new FooterCache(10);
        List<Segment> segments = segments(2);
        segments.forEach(segment -> cache.keep(segment, footer()));
        assertThat(segments.get(0).knownFooter()).isNull();
        assertThat(segments.get(1).knownFooter()).isNotNull();
    }

    @Test
    void keep_aSegmentThatNothingElseHolds_isNotHeldByItsFooter() throws IOException {
        FooterCache cache = new FooterCache(ROOM_FOR * 100);
        List<Segment> segments = segments(1);
        cache.keep(segments.get(0), footer());
        WeakReference<Segment> gone = new WeakReference<>(segments.get(0));
        segments.clear();
        for (int i = 0; gone.get() != null && i < 100; i++) {
            System.gc();
        }
        assertThat(gone.get()).isNull();
        segments(8).forEach(segment -> cache.keep(segment, footer()));
    }
}
