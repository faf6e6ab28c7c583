package dev.streamwal.segment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.SegmentWriterForTests.Written;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SegmentScanTest {

    private final SegmentWriterForTests segment = SegmentWriterForTests.first(Path.of("unused"), "host/cpu");

    private long bytesRead;

    private SegmentScan scan() throws IOException {
        return scan(segment.bytes());
    }

    private SegmentScan scan(byte[] file) throws IOException {
        return scan(file, false);
    }

    private SegmentScan scan(byte[] file, boolean isVerified) throws IOException {
        return new SegmentScan(bytesOf(() -> file, isVerified), segment.header(), ReadSizes.large(4_096));
    }

    private SegmentBytes bytesOf(Supplier<byte[]> now, boolean isVerified) {
        return new SegmentBytes() {
            @Override
            public boolean isVerified() {
                return isVerified;
            }

            @Override
            public int read(ByteBuffer target, long offset) {
                byte[] file = now.get();
                bytesRead += target.remaining();
                int length = (int) Math.max(0, Math.min(target.remaining(), file.length - offset));
                target.put(file, (int) Math.min(offset, file.length), length);
                return length;
            }

            @Override
            public long size() {
                return now.get().length;
            }
        };
    }

    private static List<Long> forwards(SegmentScan scan) throws IOException {
        List<Long> positions = new ArrayList<>();
        while (scan.nextShown()) {
            positions.add(scan.position());
        }
        return positions;
    }

    private static List<Long> backwards(SegmentScan scan) throws IOException {
        List<Long> positions = new ArrayList<>();
        while (scan.previousShown()) {
            positions.add(scan.position());
        }
        Collections.reverse(positions);
        return positions;
    }

    private List<Long> written() {
        return segment.written().stream().map(Written::position).toList();
    }

    /** Thousands of tails of busy streams would hold a buffer of the largest size each. */
    @Test
    void next_atTheEndOfAFileThatGrows_readsLittleEachTime() throws IOException {
        AtomicReference<byte[]> file = new AtomicReference<>();
        segment.append(1, "first");
        file.set(segment.bytes());
        try (SegmentScan scan = new SegmentScan(bytesOf(file::get, false), segment.header(), ReadSizes.large(1 << 20))) {
            assertThat(forwards(scan)).hasSize(1);
            int before = scan.bufferBytes();
            for (int i = 0; i < 100; i++) {
                segment.append(2, "next");
                file.set(segment.bytes());
                assertThat(forwards(scan)).hasSize(1);
            }
            assertThat(scan.bufferBytes()).isEqualTo(before);
            segment.fill(20_000, 100, 10);
            file.set(segment.bytes());
            assertThat(forwards(scan)).hasSize(20_000);
            assertThat(scan.bufferBytes()).as("reads of much in sequence get larger").isEqualTo(1 << 20);
        }
    }

    @Test
    void next_recordsPaddingAndBatches_handsOutEachOnce() throws IOException {
        segment.append(1, "one");
        segment.padding(64).appendBatch(2, "two", "three", "");
        segment.fill(200, 100, 10).append(5, new byte[300], new byte[9_000]);
        segment.prepare(4_096);
        try (SegmentScan scan = scan()) {
            assertThat(forwards(scan)).isEqualTo(written());
            assertThat(scan.judge()).isEqualTo(ScanStop.CLEAN_END);
            assertThat(scan.offset()).isEqualTo(segment.tail());
        }
    }

    @Test
    void next_fileEndsWithTheData_endsCleanly() throws IOException {
        segment.fill(3, 8, 0);
        try (SegmentScan scan = scan()) {
            assertThat(forwards(scan)).hasSize(3);
            assertThat(scan.judge()).isEqualTo(ScanStop.CLEAN_END);
            assertThat(scan.isEnd()).isTrue();
        }
    }

    /** As recovery writes it in place of a large damaged stretch. */
    @Test
    void nextAndPrevious_paddingLargerThanAnyRecord_isPassedInPieces() throws IOException {
        int frameBytes = RecordLayout.MAX_FRAME_BYTES + (4 << 10);
        segment.append(1, "before");
        int padding = segment.tail();
        segment.padding(frameBytes).append(2, "behind");
        segment.prepare(4_096);
        byte[] bytes = segment.bytes();
        try (SegmentScan scan = scan(bytes)) {
            assertThat(forwards(scan)).isEqualTo(written()).hasSize(2);
            assertThat(backwards(scan)).isEqualTo(written());
            assertThat(scan.bufferBytes()).isLessThan(1 << 20);
        }
        for (int at : new int[] {padding + RecordLayout.PREFIX_BYTES, padding + frameBytes / 2, padding + frameBytes - 1}) {
            bytes[at]++;
            try (SegmentScan scan = scan(bytes)) {
                assertThat(forwards(scan)).as("byte %d", at).hasSize(1);
            }
            bytes[at]--;
        }
    }

    @Test
    void previous_fromTheEnd_isForwardsReversed() throws IOException {
        segment.fill(300, 50, 0).appendBatch(2, "two", "three", "four");
        segment.padding(40).append(3, new byte[0], new byte[20_000]);
        segment.fill(100, 500, 7).prepare(4_096);
        try (SegmentScan scan = scan()) {
            assertThat(forwards(scan)).isEqualTo(written());
            assertThat(backwards(scan)).isEqualTo(written());
            assertThat(scan.isAtFirst()).isTrue();
        }
    }

    @Test
    void previous_sizeLeadsToNoStartOrPastOne_saysThatTheSizeIsWrong() throws IOException {
        segment.fill(2, 50, 0);
        int before = segment.tail();
        segment.fill(2, 50, 0);
        int bothRecords = segment.tail() - before;
        try (SegmentScan scan = scan()) {
            for (int size : new int[] {bothRecords, segment.tail() + 8, -8}) {
                scan.seekBehind(segment.tail(), size);
                assertThat(scan.previous()).as("size %d", size).isFalse();
                assertThat(scan.fault()).isEqualTo("previous size doesn't lead to the start of a record");
            }
        }
    }

    @Test
    void next_atAFooter_ends() throws IOException {
        segment.fill(2, 50, 0).seal();
        try (SegmentScan scan = scan()) {
            assertThat(forwards(scan)).isEqualTo(written());
            assertThat(scan.isEnd()).isTrue();
            assertThat(scan.offset()).isEqualTo(segment.tail());
            assertThat(scan.judge()).isEqualTo(ScanStop.CLEAN_END);
            scan.skip();
            assertThat(scan.nextOffset()).isEqualTo(segment.bytes().length);
        }
    }

    @Test
    void previous_behindAFooter_walksBack() throws IOException {
        segment.fill(50, 50, 0).seal();
        try (SegmentScan scan = scan()) {
            scan.seekBehind(segment.tail(), segment.written().get(49).ref().size());
            assertThat(backwards(scan)).isEqualTo(written());
        }
    }

    @Test
    void previous_thenNext_comesBack() throws IOException {
        segment.fill(3, 8, 0).prepare(64);
        try (SegmentScan scan = scan()) {
            forwards(scan);
            assertThat(scan.previous()).isTrue();
            assertThat(scan.position()).isEqualTo(written().get(2));
            assertThat(scan.previous()).isTrue();
            assertThat(scan.next()).isTrue();
            assertThat(scan.position()).isEqualTo(written().get(2));
            assertThat(scan.next()).isFalse();
        }
    }

    @Test
    void seek_ontoAMember_findsItsBatch() throws IOException {
        segment.append(1, "one");
        List<Written> members = segment.appendBatch(2, "two", "three", "four");
        segment.append(3, "five");
        try (SegmentScan scan = scan()) {
            scan.seek(segment.header().offsetOf(members.get(2).position()));
            assertThat(scan.next()).isTrue();
            assertThat(scan.position()).isEqualTo(members.get(2).position());
            assertThat(scan.next()).isTrue();
            assertThat(RecordLayout.isMember(scan.flags())).isFalse();
        }
    }

    @Test
    void next_batchWithADamagedMember_isNotHandedOutInPart() throws IOException {
        segment.append(1, "one");
        List<Written> members = segment.appendBatch(2, "two", "three", "four");
        long last = segment.append(3, "five").position();
        segment.flip((int) segment.header().offsetOf(members.get(1).position()) + 33, 1);
        try (SegmentScan scan = scan()) {
            assertThat(forwards(scan)).hasSize(1);
            assertThat(scan.judge()).isEqualTo(ScanStop.CORRUPT);
            assertThat(segment.header().positionAt(scan.nextValid())).isEqualTo(last);
            scan.seek(segment.header().offsetOf(members.get(2).position()));
            assertThat(scan.next()).as("a member without its batch").isFalse();
            scan.seek(segment.header().offsetOf(last));
            assertThat(scan.next()).isTrue();
            assertThat(scan.previous()).as("the last member, backwards").isFalse();
            assertThat(scan.isAtFirst()).isFalse();
        }
    }

    @Test
    void judge_holeWithRecordsBehind_isAHole() throws IOException {
        segment.fill(2, 8, 0).hole(64).append(3, "behind");
        segment.prepare(100);
        try (SegmentScan scan = scan()) {
            assertThat(forwards(scan)).hasSize(2);
            assertThat(scan.judge()).isEqualTo(ScanStop.HOLE);
            scan.seek(scan.nextValid());
            assertThat(forwards(scan)).containsExactly(written().get(2));
        }
    }

    @Test
    void judge_halfARecordAtTheEnd_isATornTail() throws IOException {
        segment.fill(2, 8, 0).append(3, new byte[0], new byte[500]);
        for (int at = segment.tail() - 100; at < segment.tail(); at++) {
            segment.flip(at, 0x55);
        }
        segment.prepare(100);
        try (SegmentScan scan = scan()) {
            assertThat(forwards(scan)).hasSize(2);
            assertThat(scan.judge()).isEqualTo(ScanStop.TORN_TAIL);
            assertThat(scan.nextValid()).isEqualTo(-1);
        }
    }

    @Test
    void next_unknownDataFlags_isTooNewAndCanBeSkipped() throws IOException {
        segment.append(1, "one");
        segment.append(2, new byte[0], new byte[8], RecordLayout.COMPRESSED);
        segment.append(3, "three");
        try (SegmentScan scan = scan()) {
            assertThat(forwards(scan)).hasSize(1);
            assertThat(scan.judge()).isEqualTo(ScanStop.TOO_NEW);
            scan.skip();
            assertThat(forwards(scan)).containsExactly(written().get(2));
        }
    }

    @Test
    void next_contentThatLooksLikeARecord_isNotFoundPastDamage() throws IOException {
        SegmentWriterForTests other = SegmentWriterForTests.first(Path.of("unused"), "host/cpu");
        other.append(1, "forged");
        byte[] forged = new byte[other.tail() - other.header().headerLength()];
        System.arraycopy(other.bytes(), other.header().headerLength(), forged, 0, forged.length);
        segment.append(1, new byte[0], forged);
        long behind = segment.append(2, "behind").position();
        segment.flip(segment.header().headerLength() + 24, 1);
        try (SegmentScan scan = scan()) {
            assertThat(forwards(scan)).isEmpty();
            assertThat(scan.judge()).isEqualTo(ScanStop.CORRUPT);
            assertThat(segment.header().positionAt(scan.nextValid())).isEqualTo(behind);
        }
    }

    /** A scan that goes from frame to frame compares no checksum there. Anywhere else it does, as a record's content may look like a frame. */
    @Test
    void next_bytesThatAreVerified_areBelievedOnlyWhereAFrameIsKnownToBegin() throws IOException {
        segment.append(1, "first");
        segment.append(2, "second");
        Written outer = segment.append(3, new byte[0], forged());
        segment.append(4, "last");
        byte[] file = segment.bytes();
        int inSecond = (int) segment.header().offsetOf(written().get(1)) + 32;
        file[inSecond] ^= 1;
        try (SegmentScan scan = scan(file, true)) {
            assertThat(forwards(scan)).as("one behind the other").isEqualTo(written());
            assertThat(scan.verifies(segment.header().offsetOf(written().get(1)))).isFalse();
            long inContent = segment.header().offsetOf(outer.position()) + 32;
            scan.seek(inContent);
            assertThat(scan.next()).as("in a content").isFalse();
            scan.seek(segment.header().offsetOf(written().get(1)));
            assertThat(scan.next()).as("anywhere else").isFalse();
            scan.seek(segment.header().offsetOf(written().get(0)));
            assertThat(forwards(scan)).as("from the header on").isEqualTo(written());
            scan.seek(segment.header().offsetOf(written().get(0)));
            for (int record = 0; record < 3; record++) {
                assertThat(scan.next()).isTrue();
            }
            assertThat(scan.previous()).as("backwards").isFalse();
            scan.seekBehind(inContent + forged().length, forged().length);
            assertThat(scan.previous()).as("backwards, into a content").isFalse();
        }
        try (SegmentScan scan = scan(file, false)) {
            assertThat(forwards(scan)).containsExactly(written().get(0));
        }
    }

    /** A frame whose checksum alone is wrong, wherever it stands. */
    private static byte[] forged() {
        SegmentWriterForTests other = SegmentWriterForTests.first(Path.of("unused"), "host/cpu");
        other.append(1, "forged");
        return Arrays.copyOfRange(other.bytes(), other.header().headerLength(), other.tail());
    }

    @Test
    void next_bytesWrittenSinceTheyWereRead_areSeen() throws IOException {
        segment.fill(2, 8, 0).prepare(4_096);
        byte[] live = segment.bytes();
        try (SegmentScan scan = scan(live)) {
            assertThat(forwards(scan)).hasSize(2);
            segment.append(9, "later");
            System.arraycopy(segment.bytes(), 0, live, 0, live.length);
            assertThat(forwards(scan)).containsExactly(written().get(2));
        }
    }

    @Test
    void findValid_manyRecords_findsEachFromTheByteBehindTheLast() throws IOException {
        segment.fill(20, 24, 0);
        try (SegmentScan scan = scan()) {
            long from = segment.header().headerLength() + 8L;
            for (int i = 1; i < 20; i++) {
                long found = scan.findValid(from, Long.MAX_VALUE);
                assertThat(segment.header().positionAt(found)).isEqualTo(written().get(i));
                from = found + 8;
            }
            assertThat(scan.findValid(from, Long.MAX_VALUE)).isEqualTo(-1);
        }
    }

    // ---- bytes that were made to look like records

    /** What a search may read, per byte of the file, and on top. */
    private void assertWorkIsBounded(long fileBytes) {
        assertThat(bytesRead).isLessThan(8 * fileBytes + (64 << 20));
    }

    @Test
    @Timeout(300)
    void judge_manyFakeRecordsBehindDamage_givesUpAndSaysCorrupt() throws IOException {
        segment.append(1, "one");
        int damaged = segment.tail();
        segment.append(2, "damaged");
        int large = segment.tail();
        segment.append(3, new byte[0], FakeRecords.payload(16 << 20));
        segment.append(4, "valid, and never found");
        segment.flip(damaged + RecordLayout.CHECKSUM, 1).flip(large + RecordLayout.CHECKSUM, 1);
        try (SegmentScan scan = scan()) {
            assertThat(forwards(scan)).hasSize(1);
            assertThat(scan.judge()).isEqualTo(ScanStop.CORRUPT);
            assertThat(scan.nextValid()).isEqualTo(-1);
            assertThat(scan.offset()).isEqualTo(damaged);
        }
        assertWorkIsBounded(segment.tail());
    }

    @Test
    @Timeout(300)
    void judge_manyFakeRecordsAndNothingElse_doesNotSayThatNothingIsBehind() throws IOException {
        segment.append(1, "one");
        int torn = segment.tail();
        segment.append(2, new byte[0], FakeRecords.payload(1 << 20));
        segment.prepare(4_096);
        byte[] file = segment.bytes();
        file[torn + RecordLayout.CHECKSUM] ^= 1;
        try (SegmentScan scan = scan(file)) {
            assertThat(forwards(scan)).hasSize(1);
            assertThat(scan.judge()).as("torn").isEqualTo(ScanStop.CORRUPT);
            assertThat(scan.nextValid()).isEqualTo(-1);
        }
        Arrays.fill(file, torn, torn + 8, (byte) 0);
        try (SegmentScan scan = scan(file)) {
            assertThat(forwards(scan)).hasSize(1);
            assertThat(scan.judge()).as("a slot that is not published").isEqualTo(ScanStop.CORRUPT);
            assertThat(scan.nextValid()).isEqualTo(-1);
        }
    }

    @Test
    void judge_copyOfASegmentInsideOneInsideOne_isSearchedToItsEnd() throws IOException {
        Random random = new Random(5);
        SegmentWriterForTests other = SegmentWriterForTests.first(Path.of("unused"), "host/cpu");
        while (other.tail() < 4 << 20) {
            other.append(1, new byte[0], new byte[100 + random.nextInt(100)]);
        }
        SegmentWriterForTests outer = new SegmentWriterForTests(Path.of("unused"), "host/cpu", 64, 0);
        outer.append(1, new byte[0], other.bytes());
        int torn = segment.tail();
        segment.append(1, new byte[0], outer.bytes());
        segment.flip(torn + RecordLayout.CHECKSUM, 1).prepare(4_096);
        try (SegmentScan scan = scan()) {
            assertThat(forwards(scan)).isEmpty();
            assertThat(scan.judge()).isEqualTo(ScanStop.TORN_TAIL);
        }
        segment.prepare(0);
        long behind = segment.append(2, "behind").position();
        try (SegmentScan scan = scan()) {
            assertThat(forwards(scan)).isEmpty();
            assertThat(scan.judge()).isEqualTo(ScanStop.CORRUPT);
            assertThat(segment.header().positionAt(scan.nextValid())).isEqualTo(behind);
        }
    }

    @Test
    void next_memberWithUnknownFlags_isTooNewAlsoWithinItsBatch() throws IOException {
        List<Written> members = segment.appendBatch(1, "one", "two");
        segment.flags(members.get(1), RecordLayout.MEMBER | RecordLayout.COMPRESSED);
        try (SegmentScan scan = scan()) {
            assertThat(forwards(scan)).containsExactly(members.get(0).position());
            assertThat(scan.judge()).isEqualTo(ScanStop.TOO_NEW);
            scan.seek(segment.header().offsetOf(members.get(1).position()));
            assertThat(scan.next()).isFalse();
            assertThat(scan.isTooNew()).isTrue();
        }
    }
}
