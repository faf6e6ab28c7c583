package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.WriteEntry;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.segment.ReadSettings;
import dev.streamwal.segment.Segment;
import dev.streamwal.shared.SharedEnds;
import dev.streamwal.shared.SharedPart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ends of streams are what the parts of the shared segments say, which have every record. */
class SharedEndsTest {

    private static final int STREAMS = 300;
    private static final int APPENDS = 6_000;
    private static final long WINDOW_MILLIS = 60_000;

    private final ChannelCache channels = new ChannelCache(4);
    private final Random random = new Random(5);
    private long nowMillis = Instant.parse("2026-03-01T00:00:00Z").toEpochMilli();

    @TempDir
    Path root;

    /** Some streams stop long before others, and some begin late. */
    @BeforeEach
    void append() {
        WalOptions options = WalOptions.builder().window(Duration.ofMillis(WINDOW_MILLIS)).segmentBytes(32 << 10).ownSegments(0)
                .sweepInterval(Duration.ZERO).clock(() -> Instant.ofEpochMilli(nowMillis)).build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            for (int i = 0; i < APPENDS; i++) {
                int first = i / 40;
                WalStream stream = wal.stream("s/" + (first + random.nextInt(STREAMS - first)));
                byte[] content = new byte[random.nextInt(300)];
                if (random.nextInt(10) == 0) {
                    List<?> unused = stream.appendBatch(Collections.nCopies(1 + random.nextInt(4), WriteEntry.of(content, nowMillis)));
                } else {
                    long unused = stream.append(nowMillis, content).position();
                }
                nowMillis += random.nextInt((int) (6 * WINDOW_MILLIS / APPENDS));
            }
        }
    }

    /** A stream's end, and in which segment that is. */
    private record Last(long base, long position, long windowStartMillis, long segment) {}

    private void assertAreThoseOfTheParts() throws IOException {
        try (LogSource log = new LogSource(root, new ReadSettings(1 << 20, 16, 4 << 10, 64 << 10, 1 << 20, false, InstantSource.system()), null)) {
            List<Segment> segments = log.shared().unpacked(Manifest.EMPTY);
            assertThat(segments).hasSizeGreaterThan(20);
            SharedEnds ends = new SharedEnds();
            assertThat(ends.isEmpty()).isTrue();
            for (Segment segment : segments) {
                ends.add(segment, channels);
            }
            assertThat(ends.isEmpty()).isFalse();
            Map<StreamKey, Last> expected = new HashMap<>();
            for (int i = 0; i < STREAMS; i++) {
                StreamKey key = StreamKey.of("s/" + i);
                List<SharedPart> parts = log.shared().parts(key, Manifest.EMPTY);
                if (!parts.isEmpty()) {
                    SharedPart last = parts.get(parts.size() - 1);
                    expected.put(key, new Last(parts.get(0).basePosition(), last.endPosition(), last.window().startMillis(), base(segments, last.file())));
                }
            }
            assertThat(expected.values().stream().map(Last::segment).distinct().count()).isGreaterThan(10);
            for (Segment from : segments) {
                expected.values().removeIf(last -> last.segment() < from.basePosition());
                assertThat(ends.keys(from.basePosition())).containsExactlyInAnyOrderElementsOf(expected.keySet());
                for (int i = 0; i < STREAMS; i++) {
                    StreamKey key = StreamKey.of("s/" + i);
                    Last last = expected.get(key);
                    SharedEnds.End end = ends.find(key, from.basePosition());
                    assertThat(end).isEqualTo(last == null ? null : new SharedEnds.End(end == null ? 0 : end.base(), last.position(), last.windowStartMillis()));
                    // a batch begins before its first record
                    assertThat(end == null || (last.base() <= end.base() && end.base() <= last.base() + BatchLayout.FRAME_BYTES)).isTrue();
                }
            }
        }
    }

    private static long base(List<Segment> segments, Path file) {
        return segments.stream().filter(segment -> segment.file().equals(file)).mapToLong(Segment::basePosition).findFirst().orElseThrow();
    }

    @Test
    void find_everySegmentIsWhole() throws IOException {
        assertAreThoseOfTheParts();
    }

    @Test
    void find_damagedSegments_whatVerifiesCounts() throws IOException {
        try (LogSource log = new LogSource(root, new ReadSettings(1 << 20, 16, 4 << 10, 64 << 10, 1 << 20, false, InstantSource.system()), null)) {
            List<Segment> segments = log.shared().unpacked(Manifest.EMPTY);
            for (int i = 3; i < segments.size(); i += 4) {
                Path file = segments.get(i).file();
                byte[] bytes = Files.readAllBytes(file);
                // of one the header, of others some records
                int from = i == 3 ? 0 : 1_000;
                for (int at = from; at < bytes.length; at += 5_000) {
                    bytes[at] ^= 1;
                }
                Path unused = Files.write(file, bytes);
            }
        }
        assertAreThoseOfTheParts();
    }
}
