package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.catalog.WriterView;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.segment.SegmentWriterForTests;
import dev.streamwal.segment.SegmentWriterForTests.Written;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Reading backwards is reading forwards reversed, whatever is in the stream and whatever is wrong with it. */
class ScanBackwardTest {

    private static final String KEY = "k";
    private static final int STREAMS = 30;

    private static final int RECORDS = 4_000;
    private static final int DAMAGED = 400;
    /** A block of the index, forwards, and what is read again behind it. */
    private static final long MAX_BYTES_A_DAMAGE = 256 << 10;

    private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
    private Path root;

    @BeforeEach
    void createRoot() throws IOException {
        root = Files.createDirectory(memory.getPath("/log"));
    }

    @AfterEach
    void closeMemory() throws IOException {
        memory.close();
    }

    /** What a cursor gives: the records, and what it throws. */
    private static final class Walk {
        final List<EntryRef> refs = new ArrayList<>();
        final List<byte[]> contents = new ArrayList<>();
        final List<WalException> errors = new ArrayList<>();

        Walk(EntryCursor cursor) {
            try (cursor) {
                while (advance(cursor)) {
                    refs.add(cursor.ref());
                    contents.add(cursor.copy().contentBytes());
                }
            }
        }

        private boolean advance(EntryCursor cursor) {
            while (true) {
                try {
                    return cursor.next();
                } catch (CorruptSegmentException | UnsupportedFormatException e) {
                    errors.add(e);
                    assertThat(errors).hasSizeLessThan(1_000);
                }
            }
        }

        List<EntryRef> reversed() {
            List<EntryRef> reversed = new ArrayList<>(refs);
            Collections.reverse(reversed);
            return reversed;
        }
    }

    private Walk backward(WalReader reader, long position) {
        return new Walk(reader.scanBackward(KEY, position));
    }

    // ---- sound streams

    /** Segments of random records, batches, late records and given-up slots, sealed or not, with a gap here and there. */
    private List<SegmentWriterForTests> randomStream(Random random) {
        List<SegmentWriterForTests> segments = new ArrayList<>();
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            fill(segment, random);
            boolean sealed = random.nextBoolean();
            if (random.nextBoolean()) {
                segment.markLast();
            }
            if (sealed) {
                segment.seal();
            } else {
                segment.prepare(random.nextInt(3) * 64);
            }
            segments.add(segment.write());
            segment = random.nextInt(3) == 0
                    ? new SegmentWriterForTests(root, KEY, segment.end() + 4_096, segment.end())
                    : segment.successor();
        }
        return segments;
    }

    private static void fill(SegmentWriterForTests segment, Random random) {
        int records = 1 + random.nextInt(6);
        for (int i = 0; i < records; i++) {
            switch (random.nextInt(6)) {
                case 0 -> segment.padding(32 + 8 * random.nextInt(4));
                case 1 -> segment.appendBatch(random.nextInt(900), "a", "bb", "");
                case 2 -> segment.append(random.nextInt(900), new byte[random.nextInt(9)], new byte[random.nextInt(9_000)]);
                default -> segment.append(random.nextInt(900), new byte[random.nextInt(9)], new byte[random.nextInt(90)]);
            }
        }
    }

    @Tag("exhaustive")
    @Test
    void next_anyStreamFromAnyPosition_isForwardReversed() throws IOException {
        for (int seed = 0; seed < STREAMS; seed++) {
            root = Files.createDirectory(memory.getPath("/log" + seed));
            List<SegmentWriterForTests> segments = randomStream(new Random(seed));
            try (WalReader reader = WalReader.open(root)) {
                List<EntryRef> all = new Walk(reader.scan(KEY)).refs;
                assertThat(all).hasSize(segments.stream().mapToInt(s -> s.written().size()).sum());
                assertThat(backward(reader, Long.MAX_VALUE).reversed()).as("seed %s", seed).isEqualTo(all);
                long end = segments.get(segments.size() - 1).end();
                for (long position = 0; position <= end + 16; position += position % 64 == 0 ? 4 : 4 + (position & 4)) {
                    isForwardReversed(reader, all, position, "seed " + seed + " position " + position);
                }
            }
        }
    }

    /** And it is refused exactly where a scan forwards is. */
    private void isForwardReversed(WalReader reader, List<EntryRef> all, long position, String what) {
        try {
            reader.scanFrom(KEY, position).close();
        } catch (EntryNotFoundException e) {
            assertThatThrownBy(() -> backward(reader, position)).as(what).isInstanceOf(EntryNotFoundException.class);
            return;
        }
        Walk walk = backward(reader, position);
        assertThat(walk.errors).as(what).isEmpty();
        assertThat(walk.reversed()).as(what).isEqualTo(all.stream().filter(ref -> ref.end() <= position).toList());
    }

    @Test
    void nextPosition_afterEveryRecord_goesOnThere() throws IOException {
        List<SegmentWriterForTests> segments = randomStream(new Random(1_000));
        List<EntryRef> all = segments.stream().flatMap(segment -> segment.refs().stream()).toList();
        try (WalReader reader = WalReader.open(root)) {
            List<EntryRef> found = new ArrayList<>();
            long position = Long.MAX_VALUE;
            while (true) {
                try (EntryCursor cursor = reader.scanBackward(KEY, position)) {
                    if (!cursor.next()) {
                        break;
                    }
                    found.add(cursor.ref());
                    position = cursor.nextPosition();
                    assertThat(position).isEqualTo(cursor.position());
                }
            }
            Collections.reverse(found);
            assertThat(found).isEqualTo(all);
        }
    }

    @Test
    void next_contentsAndHeaders_areWhatWasWritten() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        segment.append(5, new byte[] {1, 2}, new byte[] {3});
        segment.append(4, new byte[0], new byte[200_000]);
        segment.seal().write();
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scanBackward(KEY, Long.MAX_VALUE)) {
            for (int i = 1; i >= 0; i--) {
                Written written = segment.written().get(i);
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.ref()).isEqualTo(written.ref());
                assertThat(cursor.timestampMillis()).isEqualTo(written.timestampMillis());
                assertThat(cursor.copy().headerBytes()).isEqualTo(written.header());
                assertThat(cursor.copy().contentBytes()).isEqualTo(written.content());
            }
            assertThat(cursor.next()).isFalse();
            assertThat(cursor.next()).isFalse();
        }
    }

    @Test
    void scanBackward_noStreamOrArgumentsThatCanNeverBeRight_isEmptyOrRefused() {
        try (WalReader reader = WalReader.open(root)) {
            assertThat(backward(reader, Long.MAX_VALUE).refs).isEmpty();
            assertThat(backward(reader, 40).refs).isEmpty();
            assertThatThrownBy(() -> reader.scanBackward(KEY, -1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> reader.scanBackward("", 0)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    // ---- damage

    private static void small(SegmentWriterForTests segment) {
        segment.append(1, new byte[] {1, 2, 3}, new byte[] {4, 5});
        segment.appendBatch(2, "b1", "b2");
        segment.padding(40).append(3, new byte[0], new byte[50]);
        segment.append(4, "last");
    }

    /** A sealed segment, one that isn't though it has a successor, and one that is appended to. */
    private List<SegmentWriterForTests> three() {
        SegmentWriterForTests sealed = SegmentWriterForTests.first(root, KEY);
        small(sealed);
        SegmentWriterForTests unsealed = sealed.seal().write().successor();
        small(unsealed);
        SegmentWriterForTests open = unsealed.markLast().prepare(64).write().successor();
        small(open);
        open.markLast().prepare(64).write();
        return List.of(sealed, unsealed, open);
    }

    private void isForwardReversedAndTellsAll(String what, List<EntryRef> all) {
        try (WalReader reader = WalReader.open(root)) {
            Walk forward = new Walk(reader.scan(KEY));
            Walk back = backward(reader, Long.MAX_VALUE);
            assertThat(all).as(what).containsAll(back.refs);
            assertThat(back.reversed()).as(what).isEqualTo(forward.refs);
            if (back.refs.size() < all.size()) {
                assertThat(back.errors).as(what).isNotEmpty();
            }
            assertThat(back.errors).as(what).hasSizeLessThanOrEqualTo(Math.max(1, forward.errors.size()));
            for (int i = 0; i < back.refs.size(); i++) {
                int at = forward.refs.size() - 1 - i;
                assertThat(back.contents.get(i)).as(what).isEqualTo(forward.contents.get(at));
            }
        }
    }

    @Tag("exhaustive")
    @Test
    void next_anyByteChanged_isForwardReversedAndTellsAllDamage() {
        List<SegmentWriterForTests> segments = three();
        List<EntryRef> all = segments.stream().flatMap(segment -> segment.refs().stream()).toList();
        for (SegmentWriterForTests segment : segments) {
            byte[] sound = segment.bytes();
            boolean sealed = segment == segments.get(0);
            for (int at = 0; at < sound.length; at += sealed && at > segment.tail() + 300 && at < sound.length - 16 ? 61 : 1) {
                for (int mask : new int[] {1 << at % 8, 0xFF}) {
                    byte[] changed = sound.clone();
                    changed[at] ^= (byte) mask;
                    segment.write(changed);
                    isForwardReversedAndTellsAll("segment " + segments.indexOf(segment) + " offset " + at + " mask " + mask, all);
                }
            }
            segment.write(sound);
        }
    }

    @Tag("exhaustive")
    @Test
    void next_cutAtAnyLength_isForwardReversedAndTellsAllDamage() {
        List<SegmentWriterForTests> segments = three();
        List<EntryRef> all = segments.stream().flatMap(segment -> segment.refs().stream()).toList();
        for (SegmentWriterForTests segment : segments) {
            byte[] sound = segment.bytes();
            for (int length = sound.length - 1; length >= 0; length -= length > segment.tail() + 64 ? 61 : 1) {
                segment.write(Arrays.copyOf(sound, length));
                isForwardReversedAndTellsAll("segment " + segments.indexOf(segment) + " cut to " + length, all);
            }
            segment.write(sound);
        }
    }

    @Test
    void next_recordOfALaterVersion_isToldOnceAndPassed() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        segment.append(1, "before");
        segment.append(2, new byte[0], new byte[8], RecordLayout.COMPRESSED);
        segment.append(3, "behind");
        segment.prepare(64).write();
        try (WalReader reader = WalReader.open(root)) {
            Walk walk = backward(reader, Long.MAX_VALUE);
            assertThat(walk.reversed()).containsExactly(segment.refs().get(0), segment.refs().get(2));
            assertThat(walk.errors).hasSize(1).first().isInstanceOf(UnsupportedFormatException.class);
        }
    }

    @Test
    void next_everyTenthRecordDamagedWithoutAFooter_walksForwardsByBlocks() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY).fill(RECORDS, 468, 0);
        for (int i = 5; i < RECORDS; i += 10) {
            segment.flip((int) segment.header().offsetOf(segment.refs().get(i).position()) + 100, 1);
        }
        // an old mark, as a killed writer leaves it
        segment.mark((int) segment.header().offsetOf(segment.refs().get(10).position())).prepare(64).write();
        try (WalReader reader = WalReader.open(root)) {
            Walk walk = backward(reader, Long.MAX_VALUE);
            assertThat(walk.refs).hasSize(RECORDS - DAMAGED);
            assertThat(walk.errors).hasSize(DAMAGED);
            assertThat(reader.readBytes()).isLessThan(10L * segment.tail() + DAMAGED * MAX_BYTES_A_DAMAGE);
        }
    }

    // ---- while the stream is written and swept

    private List<SegmentWriterForTests> threeSealed() {
        SegmentWriterForTests one = SegmentWriterForTests.first(root, KEY).fill(3, 8, 0).seal().write();
        SegmentWriterForTests two = one.successor().fill(3, 8, 0).seal().write();
        return List.of(one, two, two.successor().fill(3, 8, 0).seal().write());
    }

    @Test
    void next_olderSegmentsExpire_isToldOnceAndEnds() {
        List<SegmentWriterForTests> segments = threeSealed();
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scanBackward(KEY, Long.MAX_VALUE)) {
            assertThat(cursor.next()).isTrue();
            segments.get(0).delete();
            segments.get(1).delete();
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.next()).isTrue();
            assertThatThrownBy(cursor::next).isInstanceOfSatisfying(EntryExpiredException.class, e -> {
                assertThat(e.from()).isZero();
                assertThat(e.to()).isEqualTo(segments.get(1).end());
            });
            assertThat(cursor.next()).isFalse();
            assertThat(backward(reader, cursor.nextPosition()).refs).isEmpty();
            assertThat(backward(reader, Long.MAX_VALUE).reversed()).isEqualTo(segments.get(2).refs());
        }
    }

    @Test
    void next_everythingIsCutOffMeanwhile_goesOnWithWhatIsLeft() {
        List<SegmentWriterForTests> segments = threeSealed();
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scanBackward(KEY, Long.MAX_VALUE)) {
            assertThat(cursor.next()).isTrue();
            segments.get(2).delete();
            segments.get(1).delete();
            SegmentWriterForTests one = segments.get(0);
            one.write(Arrays.copyOf(one.bytes(), (int) one.header().offsetOf(one.refs().get(1).end())));
            List<EntryRef> found = new Walk(cursor).refs;
            assertThat(found.subList(found.size() - 2, found.size())).containsExactly(one.refs().get(1), one.refs().get(0));
        }
    }

    @Test
    void next_slotNotPublishedInAnotherProcess_isTheEndOrPassed() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY).fill(2, 8, 0).markLast();
        segment.hole(64).append(3, "behind");
        segment.prepare(64).write();
        try (WalReader reader = WalReader.open(root)) {
            assertThat(reader.latest(KEY).orElseThrow().ref()).isEqualTo(segment.refs().get(1));
            Walk before = backward(reader, Long.MAX_VALUE);
            assertThat(before.reversed()).isEqualTo(segment.refs().subList(0, 2));
            segment.markLast().write();
            assertThat(reader.latest(KEY).orElseThrow().ref()).isEqualTo(segment.refs().get(2));
            Walk behind = backward(reader, Long.MAX_VALUE);
            assertThat(behind.reversed()).isEqualTo(segment.refs());
            assertThat(behind.errors).isEmpty();
            assertThat(backward(reader, segment.refs().get(2).position()).reversed()).isEqualTo(segment.refs().subList(0, 2));
        }
    }

    /** A writer of this process: what it has reserved, and what of that it has given up. */
    private record Reserved(long end, long abandoned) implements WriterView {
        @Override
        public OptionalLong reservedEnd(String key) {
            return OptionalLong.of(end);
        }

        @Override
        public boolean abandoned(String key, long position) {
            return position == abandoned;
        }

        @Override
        public boolean unfinished(String key, long position) {
            return true;
        }
    }

    private WalReader reader(long reservedEnd, long abandoned) {
        return WalReader.open(root, ReaderOptions.builder().build(), new Reserved(reservedEnd, abandoned));
    }

    @Test
    void next_reservedSlotInTheWritingProcess_isWaitedFor() throws Exception {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY).fill(2, 8, 0);
        int slot = segment.tail();
        segment.append(3, "slow");
        segment.append(4, "behind");
        segment.markLast().prepare(64);
        long word = segment.raw().getLong(slot);
        segment.raw().putLong(slot, 0);
        segment.write();
        try (WalReader reader = reader(segment.end(), -1)) {
            EntryCursor cursor = reader.scanBackward(KEY, Long.MAX_VALUE);
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.ref()).isEqualTo(segment.refs().get(3));
            CompletableFuture<Boolean> waiting = CompletableFuture.supplyAsync(cursor::next);
            assertThatThrownBy(() -> waiting.get(50, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            segment.raw().putLong(slot, word);
            segment.write();
            assertThat(waiting.get(300, TimeUnit.SECONDS)).isTrue();
            assertThat(cursor.ref()).isEqualTo(segment.refs().get(2));
            assertThat(new Walk(cursor).reversed()).isEqualTo(segment.refs().subList(0, 2));
        }
    }

    /** As by a scan: such a slot has no record. */
    @Test
    void anyQuestion_slotGivenUpInTheWritingProcess_isPassed() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY).fill(2, 8, 0);
        long slot = segment.end();
        segment.hole(64).append(3, "behind");
        segment.markLast().prepare(64).write();
        try (WalReader reader = reader(segment.end(), slot);
                EntryTail tail = reader.follow(KEY, ReadFrom.time(Instant.ofEpochMilli(3)))) {
            assertThat(reader.describe(KEY).orElseThrow().endPosition()).isEqualTo(segment.end());
            assertThat(reader.verify(KEY).records()).isEqualTo(3);
            assertThat(reader.verify(KEY).damage()).isEmpty();
            assertThat(reader.latestByTimestamp(KEY).orElseThrow().ref()).isEqualTo(segment.refs().get(2));
            assertThat(tail.next()).isTrue();
            assertThat(tail.ref()).isEqualTo(segment.refs().get(2));
        }
    }

    @Test
    void next_slotGivenUpInTheWritingProcess_isToldOnceAndPassed() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY).fill(2, 8, 0);
        long slot = segment.end();
        segment.hole(64).append(3, "behind");
        segment.markLast().prepare(64).write();
        try (WalReader reader = reader(segment.end(), slot); EntryCursor cursor = reader.scanBackward(KEY, Long.MAX_VALUE)) {
            assertThat(cursor.next()).isTrue();
            assertThatThrownBy(cursor::next).isInstanceOf(WalIOException.class).hasMessageContaining("never completed");
            assertThat(new Walk(cursor).reversed()).isEqualTo(segment.refs().subList(0, 2));
        }
    }
}
