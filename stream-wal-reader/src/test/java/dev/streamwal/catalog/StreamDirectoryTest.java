package dev.streamwal.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.SegmentName;
import dev.streamwal.io.ChannelCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StreamDirectoryTest {

    @TempDir
    private Path root;

    private final long[] now = {0};

    @Test
    void state_unchangedForLong_isEqual() throws IOException {
        Path folder = Files.createDirectory(root.resolve(StreamDirectory.NAME));
        StreamDirectory streams = new StreamDirectory(root, new ChannelCache(1), () -> now[0]);
        Object first = streams.state();
        assertThat(streams.state()).as("it may have changed within the clock's granularity").isNotEqualTo(first);
        now[0] = ListingAge.SETTLING_NANOS;
        Object settled = streams.state();
        assertThat(streams.state()).isEqualTo(settled);
        Files.createDirectory(folder.resolve("k"));
        Files.setLastModifiedTime(folder, FileTime.fromMillis(5));
        assertThat(streams.state()).isNotEqualTo(settled);
    }

    @Test
    void state_noFolder_isNeverEqual() throws IOException {
        StreamDirectory streams = new StreamDirectory(root, new ChannelCache(1), () -> now[0]);
        Object first = streams.state();
        now[0] = ListingAge.SETTLING_NANOS;
        assertThat(streams.state()).isNotEqualTo(first);
    }

    /** However it comes to know, it never denies a directory that is there. */
    @Test
    void isWithout_askedForManyNames_knowsThoseThatAreMissing() throws IOException {
        Path folder = Files.createDirectory(root.resolve(StreamDirectory.NAME));
        Files.createDirectory(folder.resolve("k"));
        StreamDirectory streams = new StreamDirectory(root, new ChannelCache(1), () -> now[0]);
        Object unsettled = streams.state();
        now[0] = ListingAge.SETTLING_NANOS;
        Object settled = streams.state();
        for (int i = 1; i < StreamDirectory.ASKED_BEFORE_LISTING; i++) {
            assertThat(streams.isWithout(folder.resolve("missing" + i), settled)).isFalse();
        }
        assertThat(streams.isWithout(folder.resolve("missing"), settled)).isTrue();
        assertThat(streams.isWithout(folder.resolve("k"), settled)).isFalse();
        assertThat(streams.isWithout(folder.resolve("missing"), unsettled)).as("of another state").isFalse();
        assertThat(streams.isWithout(root.resolve(StreamDirectory.EARLIER_NAME).resolve("missing"), settled)).as("in another folder").isFalse();

        Files.createDirectory(folder.resolve("missing"));
        Files.setLastModifiedTime(folder, FileTime.fromMillis(5));
        Object changed = streams.state();
        assertThat(changed).isNotEqualTo(settled);
        assertThat(streams.isWithout(folder.resolve("missing"), changed)).isFalse();
        assertThat(streams.isWithout(folder.resolve("other"), settled)).as("of a state that is over").isFalse();
    }

    /** Each state that isn't settled is another one: what is known of it isn't of the next. */
    @Test
    void isWithout_directoryComesWithinTheClocksGranularity_isNotDenied() throws IOException {
        Path folder = Files.createDirectory(root.resolve(StreamDirectory.NAME));
        FileTime time = Files.getLastModifiedTime(folder);
        StreamDirectory streams = new StreamDirectory(root, new ChannelCache(1), () -> now[0]);
        for (int i = 0; i < 2 * StreamDirectory.ASKED_BEFORE_LISTING; i++) {
            assertThat(streams.isWithout(folder.resolve("k"), streams.state())).isFalse();
        }
        Object before = streams.state();
        for (int i = 0; i < 2 * StreamDirectory.ASKED_BEFORE_LISTING; i++) {
            boolean unused = streams.isWithout(folder.resolve("k"), before);
        }
        Files.createDirectory(folder.resolve("k"));
        Files.setLastModifiedTime(folder, time);
        assertThat(streams.isWithout(folder.resolve("k"), streams.state())).isFalse();
    }

    @Test
    void isWithout_moreNamesThanAreKept_isNotKnown() throws IOException {
        Path folder = Files.createDirectory(root.resolve(StreamDirectory.NAME));
        for (int i = 0; i <= StreamDirectory.MAX_NAMES; i++) {
            Files.createFile(folder.resolve("k" + i));
        }
        StreamDirectory streams = new StreamDirectory(root, new ChannelCache(1), () -> now[0]);
        Object unused = streams.state();
        now[0] = ListingAge.SETTLING_NANOS;
        Object settled = streams.state();
        for (int i = 0; i < 2 * StreamDirectory.ASKED_BEFORE_LISTING; i++) {
            assertThat(streams.isWithout(folder.resolve("missing"), settled)).isFalse();
        }
    }

    /** A directory that comes without changing the folder's time shows whether the folder was listed. */
    @Test
    void names_folderUnchangedForLong_areKept() throws IOException {
        Path folder = Files.createDirectory(root.resolve(StreamDirectory.NAME));
        Files.createDirectory(folder.resolve("k"));
        FileTime time = Files.getLastModifiedTime(folder);
        StreamDirectory streams = new StreamDirectory(root, new ChannelCache(1), () -> now[0]);
        assertThat(streams.names()).containsExactly("k");
        Files.createDirectory(folder.resolve("soon"));
        Files.setLastModifiedTime(folder, time);
        assertThat(streams.names()).as("within the clock's granularity").containsExactlyInAnyOrder("k", "soon");
        now[0] = ListingAge.SETTLING_NANOS;
        assertThat(streams.names()).containsExactlyInAnyOrder("k", "soon");
        Files.createDirectory(folder.resolve("late"));
        Files.setLastModifiedTime(folder, time);
        assertThat(streams.names()).as("not listed").containsExactlyInAnyOrder("k", "soon");
        Files.setLastModifiedTime(folder, FileTime.fromMillis(5));
        assertThat(streams.names()).containsExactlyInAnyOrder("k", "soon", "late");
    }

    @Test
    void keys_namesAreKept_areThoseWithASegmentNow() throws IOException {
        Path folder = Files.createDirectory(root.resolve(StreamDirectory.NAME));
        Path directory = Files.createDirectory(folder.resolve("k"));
        StreamDirectory streams = new StreamDirectory(root, new ChannelCache(1), () -> now[0]);
        assertThat(streams.keys(any -> true)).isEmpty();
        now[0] = ListingAge.SETTLING_NANOS;
        assertThat(streams.keys(any -> true)).isEmpty();
        Path segment = Files.createFile(directory.resolve(new SegmentName(0, 1).fileName()));
        assertThat(streams.keys(any -> true)).containsExactly("k");
        assertThat(streams.keys("j"::equals)).isEmpty();
        Files.delete(segment);
        assertThat(streams.keys(any -> true)).isEmpty();
    }

    @Test
    void keys_moreNamesThanAreKept_areAllListed() throws IOException {
        Path folder = Files.createDirectory(root.resolve(StreamDirectory.NAME));
        for (int i = 0; i <= StreamDirectory.MAX_NAMES; i++) {
            Files.createFile(Files.createDirectory(folder.resolve("k" + i)).resolve(new SegmentName(0, 1).fileName()));
        }
        StreamDirectory streams = new StreamDirectory(root, new ChannelCache(1), () -> now[0]);
        for (int i = 0; i < 3; i++) {
            assertThat(streams.keys(any -> true)).hasSize(StreamDirectory.MAX_NAMES + 1);
            assertThat(streams.names()).hasSize(StreamDirectory.MAX_NAMES + 1);
            now[0] += ListingAge.SETTLING_NANOS;
        }
    }
}
