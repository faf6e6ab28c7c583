package dev.streamwal.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.catalog.ListingAge;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.WriterView;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.segment.ReadSettingsForTests;
import dev.streamwal.segment.SegmentWriterForTests;
import dev.streamwal.walk.ReadMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Many streams, look by look: what comes at the wrong moment. */
@Timeout(300)
class FollowedStreamsTest {

    private static final int STREAMS = 400;
    /** Looked at in turn only after many looks. */
    private static final int LATE = 300;
    /** Many times as long as a look takes at all streams. */
    private static final long MAX_REST_NANOS = 60_000_000_000L;

    @TempDir
    private Path root;

    private final List<SegmentWriterForTests> segments = new ArrayList<>();
    private final Map<String, ScanBegin> all = new LinkedHashMap<>();

    @BeforeEach
    void write() throws IOException {
        for (int i = 0; i < STREAMS; i++) {
            SegmentWriterForTests segment = SegmentWriterForTests.first(root, "s" + i).prepare(4_096);
            segment.append(i, "first");
            segments.add(segment.write());
            all.put(segment.key(), new ScanBegin.Oldest());
        }
    }

    private LogSource log(@Nullable WriterView writer) {
        return new LogSource(root, ReadSettingsForTests.DEFAULTS, writer);
    }

    private FollowedStreams follow(LogSource log) throws IOException {
        return new FollowedStreams(log, KeyScope.of(all.keySet()), all, key -> new ScanBegin.Oldest());
    }

    private void append(int stream) {
        SegmentWriterForTests segment = segments.get(stream);
        segment.append(1, "more");
        segment.write();
    }

    /** Knows nothing, and does something when a scan that has come to the end of a stream asks, which was asked for first to be listed. */
    private record Asked(String key, Runnable then, AtomicInteger times) implements WriterView {
        @Override
        public OptionalLong reservedEnd(String asked) {
            if (asked.equals(key) && times.incrementAndGet() > 1) {
                then.run();
            }
            return OptionalLong.empty();
        }

        @Override
        public boolean abandoned(String asked, long position) {
            return false;
        }

        @Override
        public boolean unfinished(String asked, long position) {
            return true;
        }
    }

    @Test
    void mayHaveMore_appendedToBehindItsEndWhileOthersAreRead_isSeenByALaterLook() throws IOException {
        List<String> appended = new ArrayList<>();
        Asked writer = new Asked("s" + (STREAMS - 1), () -> {
            if (appended.isEmpty()) {
                appended.add("s" + LATE);
                append(LATE);
            }
        }, new AtomicInteger());
        try (LogSource log = log(writer); FollowedStreams followed = follow(log)) {
            List<String> found = new ArrayList<>();
            while (followed.next()) {
                found.add(followed.key());
            }
            // a look in between may have seen it already; and the next is only due after a rest
            long start = System.nanoTime();
            while (found.size() == STREAMS && System.nanoTime() - start < MAX_REST_NANOS) {
                if (followed.mayHaveMore() && followed.next()) {
                    found.add(followed.key());
                }
            }
            assertThat(found).hasSize(STREAMS + 1).endsWith("s" + LATE);
        }
    }

    @Test
    void mayHaveMore_againAtOnce_looksAtNoStreamOfItsOwn() throws IOException {
        try (LogSource log = log(null); FollowedStreams followed = follow(log)) {
            while (followed.next()) {
                assertThat(followed.key()).isNotEmpty();
            }
            int cheap = 0;
            for (int look = 0; look < 50; look++) {
                long before = log.channels().readCalls();
                assertThat(followed.mayHaveMore()).isFalse();
                cheap += log.channels().readCalls() - before < STREAMS / 2 ? 1 : 0;
            }
            // a look at all of them is due after a rest of many times what it takes
            assertThat(cheap).isGreaterThan(40);
        }
    }

    /** Four, as each look in between covers a quarter of the directories. */
    @Test
    void mayHaveMore_streamsWereDeletedAndCameAgain_areSeenByTheNextLookAtStreams() throws IOException {
        List<String> again = new ArrayList<>();
        try (LogSource log = log(null); FollowedStreams followed = follow(log)) {
            while (followed.next()) {
                assertThat(followed.key()).isNotEmpty();
            }
            for (SegmentWriterForTests before : segments.subList(STREAMS - 4, STREAMS)) {
                before.delete();
                Files.delete(before.file().getParent());
                SegmentWriterForTests behind = new SegmentWriterForTests(root, before.key(), before.end() + 64, before.end());
                behind.append(1, "again");
                behind.write();
                again.add(behind.key());
            }
            long before;
            do {
                before = log.channels().readCalls();
                boolean unused = followed.mayHaveMore();
            } while (log.channels().readCalls() - before < STREAMS / 2);
            List<String> found = new ArrayList<>();
            while (followed.next()) {
                found.add(followed.key());
            }
            assertThat(found).containsExactlyInAnyOrderElementsOf(again);
        }
    }

    @Test
    void mayHaveMore_segmentWithinTheSameTickOfItsDirectory_isSeenWhenTheTimeIsOldEnough() throws IOException {
        SegmentWriterForTests segment = segments.get(0);
        Path directory = segment.file().getParent();
        FileTime tick = FileTime.fromMillis(1_000_000);
        Files.setLastModifiedTime(directory, tick);
        try (LogSource log = log(null)) {
            FollowedStream stream = new FollowedStream("s0", () -> true, new ReadMemory(1 << 20, 1));
            long before = System.nanoTime();
            stream.wake(log, key -> new ScanBegin.Oldest());
            assertThat(stream.scan().next()).isTrue();
            assertThat(stream.scan().next()).isFalse();
            long after = System.nanoTime();
            assertThat(stream.sleep()).isTrue();
            SegmentWriterForTests successor = segment.successor();
            successor.append(1, "second");
            successor.write();
            Files.setLastModifiedTime(directory, tick);
            assertThat(stream.mayHaveMore(log, before + ListingAge.settlingNanos(tick) - 1, 0)).isFalse();
            assertThat(stream.mayHaveMore(log, after + ListingAge.settlingNanos(tick), 0)).isTrue();
            stream.wake(log, key -> new ScanBegin.Oldest());
            assertThat(stream.scan().next()).isTrue();
            assertThat(stream.scan().record().position()).isEqualTo(successor.header().basePosition());
            stream.close();
        }
    }

    /** The look began long before it came to this stream, as on a machine that has much to do; the directory has changed in between. */
    @Test
    void mayHaveMore_theLookWasHeldUp_theDirectorysTimeIsAsYoungAsItIs() throws IOException {
        SegmentWriterForTests segment = segments.get(0);
        Path directory = segment.file().getParent();
        FileTime tick = FileTime.fromMillis(1_000_000);
        long settling = ListingAge.settlingNanos(tick);
        try (LogSource log = log(null)) {
            FollowedStream stream = new FollowedStream("s0", () -> true, new ReadMemory(1 << 20, 1));
            stream.wake(log, key -> new ScanBegin.Oldest());
            assertThat(stream.scan().next()).isTrue();
            assertThat(stream.scan().next()).isFalse();
            Files.setLastModifiedTime(directory, tick);
            assertThat(stream.mayHaveMore(log, System.nanoTime() - settling, 0)).isTrue();
            assertThat(stream.scan().next()).isFalse();
            assertThat(stream.sleep()).isTrue();
            stream.hasNames = false;
            assertThat(stream.mayHaveMore(log, System.nanoTime(), 0)).isFalse();
            SegmentWriterForTests successor = segment.successor();
            successor.append(1, "second");
            successor.write();
            Files.setLastModifiedTime(directory, tick);
            assertThat(stream.mayHaveMore(log, System.nanoTime() + settling, 0)).isTrue();
            stream.close();
        }
    }

    /** Behind the first record, of 5 bytes, too. */
    static List<ScanBegin> beginnings() {
        long behind = RecordLayout.frameBytes(0, 5);
        return List.of(new ScanBegin.Oldest(), new ScanBegin.At(0), new ScanBegin.At(behind), new ScanBegin.Committed(behind, "consumer"));
    }

    @ParameterizedTest
    @MethodSource("beginnings")
    void next_oneStreamCannotBeRead_isToldAndTheOthersGoOn(ScanBegin beginning) throws IOException {
        Path folder = segments.get(0).file().getParent().getParent();
        Path bad = folder.resolve("bad");
        Files.createSymbolicLink(bad, bad);
        all.put("bad", beginning);
        try (LogSource log = log(null); FollowedStreams followed = follow(log)) {
            assertThat(followed.positions()).containsEntry("bad", beginning.reached().orElse(0));
            int failures = 0;
            int found = 0;
            for (int stream = 0; found < STREAMS + 20; stream++) {
                try {
                    found += followed.next() || (followed.mayHaveMore() && followed.next()) ? 1 : 0;
                } catch (WalIOException e) {
                    failures++;
                }
                if (found >= STREAMS) {
                    append(stream % STREAMS);
                }
            }
            assertThat(failures).isPositive();
            assertThat(followed.positions()).containsEntry("bad", beginning.reached().orElse(0));
            Files.delete(bad);
            SegmentWriterForTests mended = SegmentWriterForTests.first(root, "bad");
            mended.append(1, "first");
            mended.append(2, "at last");
            mended.write();
            do {
                assertThat(followed.next() || (followed.mayHaveMore() && followed.next())).isTrue();
            } while (!followed.key().equals("bad"));
            assertThat(followed.onRecord().record().position()).isEqualTo(beginning.reached().orElse(0));
        }
    }
}
