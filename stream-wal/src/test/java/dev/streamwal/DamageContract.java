package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.VerifyReport;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files that are not what they were: whoever opens the log, with a reader or as its writer, finds every record as it was, or is told.
 * Never a wrong record, never one less without an error; and no damage costs a record that it didn't touch.
 */
abstract class DamageContract extends LogContract {

    private static final int HEADER_BYTES = 104;
    /** Behind header, records, and what a footer says. */
    private static final int FOOTERS_PADDING = 700;
    /** More than any of these streams has records and damages. */
    private static final int MANY_STEPS = 200;

    /** Every so many bytes one is changed; 1 takes a while. */
    private final int stride;

    DamageContract(LogHome home, int stride) {
        super(home);
        this.stride = stride * Scale.everyNth();
    }

    /** Which file of a stream of three segments is damaged. */
    enum Which { SEALED_FIRST, SEALED_MIDDLE, OPEN_LAST }

    /** A closed log with a stream that has two sealed segments and one that isn't, and one that must never suffer. */
    private final class Sample {
        final List<List<Written>> segments = new ArrayList<>();
        final List<Written> other;
        final Map<Path, byte[]> files = new HashMap<>();
        final Path positions = root.resolve(PositionsLayout.FILE_NAME);

        Sample() throws IOException {
            try (StreamWal wal = open()) {
                WalStream stream = wal.stream("s");
                for (int w = 0; w < 3; w++) {
                    List<Written> some = appendSome(stream, 2, 20);
                    List<WriteEntry> batch = List.of(
                            WriteEntry.of(bytes("h"), bytes("one of a batch"), NOW), WriteEntry.of(bytes("the other"), NOW + w));
                    List<EntryRef> refs = stream.appendBatch(batch);
                    some.add(Written.of(refs.get(0), NOW, bytes("h"), bytes("one of a batch")));
                    some.add(Written.of(refs.get(1), NOW + w, bytes("the other")));
                    some.addAll(appendSome(stream, 1, 13));
                    segments.add(some);
                    if (w < 2) {
                        clock.advance(WINDOW);
                    }
                }
                other = appendSome(wal.stream("other"), 3);
            }
            assertThat(segmentsOf("s")).hasSize(3);
            for (Path file : segmentsOf("s")) {
                files.put(file, Files.readAllBytes(file));
            }
            files.put(positions, Files.readAllBytes(positions));
        }

        Path file(Which which) {
            return segmentsOf("s").get(which.ordinal());
        }

        byte[] bytesOf(Which which) {
            return files.get(file(which));
        }

        List<Written> all() {
            return segments.stream().flatMap(List::stream).toList();
        }

        List<Written> allBut(Which which) {
            List<Written> rest = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                if (i != which.ordinal()) {
                    rest.addAll(segments.get(i));
                }
            }
            return rest;
        }

        /** As the log was when it was closed. */
        void restore() throws IOException {
            for (Path file : segmentsOf("s")) {
                if (!files.containsKey(file)) {
                    Files.delete(file);
                }
            }
            for (Map.Entry<Path, byte[]> file : files.entrySet()) {
                if (!Files.exists(file.getKey()) || !Arrays.equals(Files.readAllBytes(file.getKey()), file.getValue())) {
                    Files.write(file.getKey(), file.getValue());
                }
            }
            if (Files.exists(root.resolve("quarantine"))) {
                LogHome.deleteTree(root.resolve("quarantine"));
            }
        }
    }

    /** What a scan to the end gave. */
    private record Scanned(List<Written> records, List<WalException> errors) {}

    private static Scanned scan(WalReader reader) {
        List<Written> records = new ArrayList<>();
        List<WalException> errors = new ArrayList<>();
        try (EntryCursor cursor = reader.scan("s")) {
            for (int step = 0; step < MANY_STEPS; step++) {
                try {
                    if (!cursor.next()) {
                        return new Scanned(records, errors);
                    }
                    records.add(Written.of(cursor));
                } catch (WalException e) {
                    errors.add(e);
                }
            }
        }
        throw new AssertionError("a scan ends: " + errors);
    }

    /** Exactly what was written, or an error instead of what is missing. */
    private static Scanned assertNothingWrongNorMissing(WalReader reader, List<Written> written, String what) {
        Scanned scanned = scan(reader);
        assertThat(written).as("%s: scan, with errors %s", what, scanned.errors).containsSubsequence(scanned.records);
        if (scanned.records.size() < written.size()) {
            assertThat(scanned.errors).as("%s: %s of %s records are missing", what, written.size() - scanned.records.size(),
                    written.size()).isNotEmpty();
        }
        for (WalException error : scanned.errors) {
            assertTells(error, what);
        }
        try (EntryBatch batch = reader.readBatch(Written.refs(written))) {
            for (int i = 0; i < batch.size(); i++) {
                if (batch.status(i) == EntryBatch.Status.FOUND) {
                    assertThat(Written.of(batch.get(i))).as(what).isEqualTo(written.get(i));
                } else {
                    assertThat(batch.status(i)).as("%s: %s", what, written.get(i).ref()).isEqualTo(EntryBatch.Status.CORRUPT);
                    int index = i;
                    assertThatThrownBy(() -> batch.get(index)).isInstanceOfSatisfying(WalException.class, e -> assertTells(e, what));
                }
            }
        }
        VerifyReport report = reader.verify("s");
        assertThat(report.damage().isEmpty()).as("%s: verify tells of the same", what).isEqualTo(scanned.errors.isEmpty());
        return scanned;
    }

    private static void assertTells(WalException error, String what) {
        assertThat(error).as(what).isInstanceOfAny(CorruptSegmentException.class, UnsupportedFormatException.class);
        assertThat(error.getMessage()).as(what).containsPattern("stream=s|ref=s@").contains("file=", "offset=");
        assertThat(error.key()).isEqualTo("s");
        assertThat(error.file()).isNotNull();
    }

    /** As a reader finds it, then as a writer does, who is allowed to refuse and to go on. */
    private void assertToldOrWhole(Sample sample, String what) throws IOException {
        try (WalReader reader = WalReader.open(root)) {
            assertNothingWrongNorMissing(reader, sample.all(), what);
            assertThat(Written.drain(reader.scan("other"))).as(what).isEqualTo(sample.other);
        }
        List<Written> expected = new ArrayList<>(sample.all());
        try (StreamWal wal = open()) {
            try (WalReader reader = wal.reader()) {
                assertNothingWrongNorMissing(reader, expected, what + ", in the writer");
            }
            try {
                byte[] content = bytes("more");
                expected.add(Written.of(wal.stream("s").append(content), clock.millis(), content));
            } catch (WalException e) {
                assertTells(e, what);
            }
            try (WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
                assertNothingWrongNorMissing(within, expected, what + ", in the writer after an append");
                assertNothingWrongNorMissing(without, expected, what + ", beside the writer after an append");
                assertThat(Written.drain(within.scan("other"))).as(what).isEqualTo(sample.other);
            }
        }
        try (WalReader reader = WalReader.open(root)) {
            assertNothingWrongNorMissing(reader, expected, what + ", after the writer");
        }
    }

    // ---------------------------------------------------------------- one byte

    @ParameterizedTest
    @EnumSource(Which.class)
    void anyByteChanged_everyRecordIsAsItWasOrAnErrorTells(Which which) throws IOException {
        expectFailures();
        Sample sample = new Sample();
        Path file = sample.file(which);
        byte[] whole = sample.bytesOf(which);
        for (int offset = 0; offset < whole.length; offset += step(offset, whole.length)) {
            // all the bits, or one of them, in turn
            int step = offset / stride;
            int change = (step & 1) == 0 ? 0xFF : 1 << (step >> 1 & 7);
            byte[] changed = whole.clone();
            changed[offset] ^= (byte) change;
            Files.write(file, changed);
            assertToldOrWhole(sample, which + ", byte " + offset + " changed by " + change);
            sample.restore();
        }
    }

    /** What pads a footer to a page is 3 KB of the same; less of that. */
    private int step(int offset, int length) {
        return offset < FOOTERS_PADDING || offset > length - 16 * stride ? stride : Math.max(stride, 29);
    }

    @ParameterizedTest
    @EnumSource(Which.class)
    void anyByteOfARecordChanged_thatRecordIsToldOfAndNoOtherIsLost(Which which) throws IOException {
        Sample sample = new Sample();
        byte[] whole = sample.bytesOf(which);
        List<Written> records = sample.segments.get(which.ordinal());
        long base = records.get(0).ref().position();
        for (int r : new int[] {0, 1, 4}) {
            Written hit = records.get(r);
            int start = HEADER_BYTES + (int) (hit.ref().position() - base);
            // the padding behind the content is not covered by the checksum, and is nobody's
            for (int at = start; at < start + 32 + 13; at += Math.min(stride, 5)) {
                byte[] changed = whole.clone();
                changed[at] ^= 0x10;
                Files.write(sample.file(which), changed);
                List<Written> left = new ArrayList<>(sample.all());
                left.remove(hit);
                try (WalReader reader = WalReader.open(root)) {
                    Scanned scanned = scan(reader);
                    assertThat(scanned.records).as("record " + r + ", byte " + (at - start)).isEqualTo(left);
                    assertThat(scanned.errors).hasSize(1);
                    CorruptSegmentException error = (CorruptSegmentException) scanned.errors.get(0);
                    assertThat(error.file()).isEqualTo(sample.file(which));
                    assertThat(error.offset()).isEqualTo(start);
                    assertThat(error.position()).isEqualTo(hit.ref().position());
                    assertThat(reader.verify("s").damage()).hasSize(1);
                    assertThat(reader.verify("s").records()).isEqualTo(left.size());
                }
            }
        }
    }

    // ---------------------------------------------------------------- cut and extended

    @ParameterizedTest
    @EnumSource(Which.class)
    void cutAtAnyLength_everyRecordIsThereOrAnErrorTells(Which which) throws IOException {
        expectFailures();
        Sample sample = new Sample();
        byte[] whole = sample.bytesOf(which);
        long base = sample.segments.get(which.ordinal()).get(0).ref().position();
        int dataEnd = HEADER_BYTES + (int) (sample.segments.get(which.ordinal()).get(4).ref().end() - base);
        for (int length = 0; length < whole.length; length += length < dataEnd ? Math.min(stride, 11) : stride * 16) {
            Files.write(sample.file(which), Arrays.copyOf(whole, length));
            if (length < HEADER_BYTES) {
                try (WalReader reader = WalReader.open(root)) {
                    assertThat(scan(reader).records).isEqualTo(sample.allBut(which));
                }
            }
            assertToldOrWhole(sample, which + ", cut to " + length);
            sample.restore();
        }
    }

    @ParameterizedTest
    @EnumSource(Which.class)
    void extended_everyRecordIsThere(Which which) throws IOException {
        expectFailures();
        Sample sample = new Sample();
        byte[] whole = sample.bytesOf(which);
        for (byte filler : new byte[] {0, 0x55, -1}) {
            for (int more : new int[] {1, 8, 31, 40, 5_000}) {
                byte[] longer = Arrays.copyOf(whole, whole.length + more);
                Arrays.fill(longer, whole.length, longer.length, filler);
                Files.write(sample.file(which), longer);
                assertToldOrWhole(sample, which + ", " + more + " bytes of " + filler + " more");
                sample.restore();
            }
        }
    }

    // ---------------------------------------------------------------- absurd and newer

    private static void put(byte[] file, int offset, Consumer<ByteBuffer> change) {
        change.accept(ByteBuffer.wrap(file, offset, file.length - offset).slice().order(ByteOrder.LITTLE_ENDIAN));
    }

    /** As somebody writes it who knows the format. */
    private static byte[] withHeaderChecksum(byte[] file) {
        byte[] header = Arrays.copyOf(file, HEADER_BYTES);
        Arrays.fill(header, SegmentHeaderLayout.HEADER_CHECKSUM, SegmentHeaderLayout.HEADER_CHECKSUM + 4, (byte) 0);
        Arrays.fill(header, SegmentHeaderLayout.MARK, SegmentHeaderLayout.MARK + 4, (byte) 0);
        CRC32C crc = new CRC32C();
        crc.update(header);
        put(file, SegmentHeaderLayout.HEADER_CHECKSUM, at -> at.putInt((int) crc.getValue()));
        return file;
    }

    @ParameterizedTest
    @EnumSource(Which.class)
    void absurdLengths_areToldOfAndNothingHugeIsAllocated(Which which) throws IOException {
        expectFailures();
        Sample sample = new Sample();
        byte[] whole = sample.bytesOf(which);
        for (int absurd : new int[] {Integer.MAX_VALUE, -1, Integer.MIN_VALUE, 32 << 20, 0x7FFF_FFF8, 1 << 16}) {
            byte[] content = whole.clone();
            put(content, HEADER_BYTES + 8, at -> at.putInt(absurd));
            Files.write(sample.file(which), content);
            assertToldOrWhole(sample, which + ", content length " + absurd);
            sample.restore();
            byte[] previous = whole.clone();
            put(previous, HEADER_BYTES + 56 + 20, at -> at.putInt(absurd));
            Files.write(sample.file(which), previous);
            assertToldOrWhole(sample, which + ", previous size " + absurd);
            sample.restore();
        }
        for (int headerLength : new int[] {0, 8, 96, 103, 112, 1_128, 0xFFF8, 0xFFFF}) {
            byte[] changed = whole.clone();
            put(changed, SegmentHeaderLayout.HEADER_LENGTH, at -> at.putShort((short) headerLength));
            Files.write(sample.file(which), changed);
            assertToldOrWhole(sample, which + ", header length " + headerLength);
            sample.restore();
        }
        for (int offset : new int[] {SegmentHeaderLayout.CAPACITY, SegmentHeaderLayout.KEY_LENGTH, SegmentHeaderLayout.BASE_POSITION,
                SegmentHeaderLayout.PREVIOUS_END, SegmentHeaderLayout.WINDOW_END, SegmentHeaderLayout.INCARNATION}) {
            byte[] changed = whole.clone();
            put(changed, offset, at -> at.putInt(-1));
            Files.write(sample.file(which), changed);
            assertToldOrWhole(sample, which + ", header field at " + offset);
            sample.restore();
        }
        if (which != Which.OPEN_LAST) {
            for (long footerSize : new long[] {0, 1, 8, -1, Long.MAX_VALUE, 1L << 31, whole.length, whole.length + 8}) {
                byte[] changed = whole.clone();
                put(changed, whole.length - 8, at -> at.putLong(footerSize));
                Files.write(sample.file(which), changed);
                assertToldOrWhole(sample, which + ", footer size " + footerSize);
                sample.restore();
            }
        }
        for (int mark : new int[] {1, 8, HEADER_BYTES, HEADER_BYTES + 8, whole.length, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
            byte[] changed = whole.clone();
            put(changed, SegmentHeaderLayout.MARK, at -> at.putInt(mark));
            Files.write(sample.file(which), changed);
            assertToldOrWhole(sample, which + ", mark " + mark);
            sample.restore();
        }
    }

    @ParameterizedTest
    @EnumSource(Which.class)
    void newerFormat_isSaidSoAndTheOtherSegmentsAreRead(Which which) throws IOException {
        expectFailures();
        Sample sample = new Sample();
        byte[] newer = sample.bytesOf(which).clone();
        newer[SegmentHeaderLayout.EXTENSION_MAGIC + 5] = '3';
        byte[] feature = sample.bytesOf(which).clone();
        put(feature, SegmentHeaderLayout.FEATURE_FLAGS, at -> at.putInt(0x8000));
        for (byte[] changed : List.of(withHeaderChecksum(newer), withHeaderChecksum(feature))) {
            Files.write(sample.file(which), changed);
            try (WalReader reader = WalReader.open(root)) {
                Scanned scanned = scan(reader);
                assertThat(scanned.records).isEqualTo(sample.allBut(which));
                assertThat(scanned.errors).hasSize(1);
                assertThat(scanned.errors.get(0)).isInstanceOf(UnsupportedFormatException.class);
            }
            assertToldOrWhole(sample, "newer");
            assertThat(Files.readAllBytes(sample.file(which))).as("it is left alone").isEqualTo(changed);
            sample.restore();
        }
    }

    @Test
    void unknownFeatureThatMayBeIgnored_isIgnored() throws IOException {
        Sample sample = new Sample();
        for (Which which : List.of(Which.OPEN_LAST)) {
            byte[] changed = sample.bytesOf(which).clone();
            put(changed, SegmentHeaderLayout.FEATURE_FLAGS, at -> at.putInt(0x8000_0000));
            Files.write(sample.file(which), withHeaderChecksum(changed));
        }
        Written.assertHolds(reader(), "s", sample.all());
        StreamWal wal = open();
        appendSome(wal.stream("s"), 1);
    }

    // ---------------------------------------------------------------- files that don't belong there

    @Test
    void foreignFiles_areLeftAlone() throws IOException {
        Sample sample = new Sample();
        Path streams = root.resolve("segments");
        List<Path> foreign = new ArrayList<>();
        for (Path directory : List.of(root, streams, streams.resolve("s"), streams.resolve("other"))) {
            for (String name : List.of("notes.txt", ".DS_Store", "0000000000000000.seg", "x_1.seg", "0000000000000000_1.seg.bak",
                    "ffffffffffffffff_1.seg", "metrics_1767225600000.seg")) {
                foreign.add(Files.write(directory.resolve(name), bytes("mine")));
            }
        }
        foreign.add(Files.write(Files.createDirectory(streams.resolve("NotAKey")).resolve("0000000000000000_1.seg"), bytes("mine")));
        foreign.add(Files.write(Files.createDirectory(streams.resolve("no-segments")).resolve("readme"), bytes("mine")));
        foreign.add(Files.createDirectory(streams.resolve("s").resolve("directory")));
        foreign.add(Files.createDirectory(streams.resolve("empty")));

        StreamWal wal = open();
        assertThat(wal.keys()).containsExactly("other", "s");
        assertThat(reader().keys()).containsExactly("other", "s");
        List<Written> written = joined(sample.all(), appendSome(wal.stream("s"), 2));
        assertHoldsNow(wal, "s", written);
        wal.checkpoint(home.place("copy"));
        clock.advance(WINDOW.plus(RETENTION));
        assertThat(wal.sweep().failedSegments()).isZero();
        wal.close();
        open().close();
        for (Path file : foreign) {
            assertThat(file).exists();
            if (Files.isRegularFile(file)) {
                assertThat(file).hasContent("mine");
            }
        }
    }

    @Test
    void segmentOfAnotherStream_isToldOfAndHidesNothing() throws IOException {
        expectFailures();
        Sample sample = new Sample();
        Path stranger = segmentsOf("other").get(0);
        Files.write(sample.file(Which.SEALED_MIDDLE), Files.readAllBytes(stranger));
        try (WalReader reader = WalReader.open(root)) {
            Scanned scanned = scan(reader);
            assertThat(scanned.records).isEqualTo(sample.allBut(Which.SEALED_MIDDLE));
            assertThat(scanned.errors).hasSize(1);
            assertThat(scanned.errors.get(0)).hasMessageContaining("key=other");
        }
        assertToldOrWhole(sample, "another stream's segment");
    }

    // ---------------------------------------------------------------- refs that point elsewhere

    @ParameterizedTest
    @ValueSource(ints = {1, MANY})
    void refs_thatNameNoRecord_areNotFoundAndTheOthersAre(int each) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> first = appendSome(stream, each);
        List<EntryRef> batch = stream.appendBatch(List.of(WriteEntry.of(bytes("a")), WriteEntry.of(bytes("b"))));
        appendSome(stream, 2);
        clock.advance(WINDOW);
        List<Written> second = appendSome(stream, each);
        appendSome(wal.stream("other"), each, 30);
        awaitSealed(1);
        List<EntryRef> wrong = new ArrayList<>();
        for (List<Written> records : List.of(first, second)) {
            EntryRef right = records.get(records.size() - 1).ref();
            wrong.addAll(List.of(
                    new EntryRef("nobody", right.position(), right.size()),
                    new EntryRef("other", right.position(), right.size()),
                    new EntryRef("s", right.position() + 8, right.size()),
                    new EntryRef("s", right.position() + 8, right.size() - 8),
                    new EntryRef("s", right.position() + 1, right.size()),
                    new EntryRef("s", right.position(), right.size() - 8),
                    new EntryRef("s", right.position(), right.size() + 8),
                    new EntryRef("s", right.position(), 32),
                    new EntryRef("s", right.position(), (32 << 20) - 8)));
        }
        long end = stream.endPosition();
        wrong.addAll(List.of(
                new EntryRef("s", end, 40),
                new EntryRef("s", end + 8, 40),
                new EntryRef("s", end + SEGMENT_BYTES, 40),
                new EntryRef("s", end + (1L << 40), 40),
                new EntryRef("s", Long.MAX_VALUE - 40, 40),
                new EntryRef("s", batch.get(0).position() - 40, 40),
                new EntryRef("s", batch.get(0).position() - 40, 120)));
        for (WalReader reader : List.of(readerOf(wal), reader())) {
            assertNotFound(reader, wrong, joined(first, second));
        }
        wal.close();
        assertNotFound(reader(), wrong, joined(first, second));
    }

    private static void assertNotFound(WalReader reader, List<EntryRef> wrong, List<Written> right) {
        List<EntryRef> mixed = new ArrayList<>();
        for (int i = 0; i < wrong.size(); i++) {
            mixed.add(wrong.get(i));
            mixed.add(right.get(i % right.size()).ref());
        }
        try (EntryBatch batch = reader.readBatch(mixed)) {
            for (int i = 0; i < wrong.size(); i++) {
                int at = 2 * i;
                assertThat(batch.status(at)).as(mixed.get(at).toString()).isEqualTo(EntryBatch.Status.NOT_FOUND);
                assertThatThrownBy(() -> batch.get(at)).isInstanceOf(EntryNotFoundException.class)
                        .hasMessageContaining("ref=" + mixed.get(at));
                assertThat(Written.of(batch.get(at + 1))).isEqualTo(right.get(i % right.size()));
            }
        }
        for (EntryRef ref : wrong) {
            assertThat(reader.find(ref)).as(ref.toString()).isEmpty();
        }
    }

    @Test
    void scanFrom_inTheMiddleOfARecordOrPastTheEnd_isRefused() {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 3);
        long end = written.get(2).ref().end();
        for (int reopened = 0; reopened < 2; reopened++) {
            for (WalReader reader : List.of(readerOf(wal), reader())) {
                for (long wrong : new long[] {8, 1, written.get(1).ref().position() + 32, end + 8, end + (1L << 40)}) {
                    assertThatThrownBy(() -> reader.scanFrom("s", wrong)).as("position " + wrong)
                            .isInstanceOf(EntryNotFoundException.class)
                            .hasMessageContaining("stream=s").hasMessageContaining("position=" + wrong).hasMessageContaining("file=");
                }
            }
            wal.close();
            wal = open();
        }
    }
}
