package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.streamwal.RecoveryReport.Sums;
import dev.streamwal.engine.Environment;
import dev.streamwal.engine.RecoverySettings;
import dev.streamwal.engine.Storages;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import dev.streamwal.recovery.DamagePolicy;
import dev.streamwal.recovery.KnownDurable;
import dev.streamwal.recovery.Quarantine;
import dev.streamwal.recovery.RecoveryDecision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What recovery does with damage and with what a restart of the machine left: durable or not, under either policy, once or in two goes. */
abstract class RecoveryContract extends LogContract {

    private static final int HEADER_BYTES = 104;

    /** {@link #NEXT_BOOT}, and the last writer has closed the log. */
    private static final Supplier<Optional<String>> STILL_NEXT_BOOT = () -> NEXT_BOOT.get();

    private static final RecoverySettings STOP = settings(DamagePolicy.STOP_AT_FIRST_ERROR);
    private static final RecoverySettings SKIP = settings(DamagePolicy.SKIP_BAD_RECORDS);

    /** Without a journal. */
    private static RecoverySettings settings(DamagePolicy policy) {
        return new RecoverySettings(KnownDurable.NOTHING, policy, true, true, Quarantine.MAX_BYTES);
    }

    RecoveryContract(LogHome home) {
        super(home);
    }

    /** With another boot id than {@link #THIS_BOOT} as after a crash: no writer before has closed the log. */
    private StreamWal open(RecoverySettings settings, Supplier<Optional<String>> bootId) {
        if (!bootId.equals(THIS_BOOT) && !bootId.equals(STILL_NEXT_BOOT)) {
            forgetThatItWasClosed();
        }
        opening(settings, bootId);
        return open(settings, bootId, new Storages(home.storage().kind()));
    }

    /** For who wants to look at each of the logs that are recovered here. */
    void opening(RecoverySettings settings, Supplier<Optional<String>> bootId) {}

    private StreamWal open(RecoverySettings settings, Supplier<Optional<String>> bootId, Storages storages) {
        return closing(StreamWal.open(
                root, options().build(), new Environment(bootId, storages, new SecureRandom()::nextLong, true).withRecovery(found -> settings)));
    }

    /** A closed log with one stream of one segment. */
    private List<Written> closedWith(int records) {
        try (StreamWal wal = open()) {
            return appendSome(wal.stream("s"), records);
        }
    }

    private Path segment(int index) {
        return segmentsOf("s").get(index);
    }

    private static int offsetOf(Written record) {
        return HEADER_BYTES + (int) record.ref().position();
    }

    private interface Change {
        void in(byte[] file);
    }

    private static void change(Path file, Change change) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        change.in(bytes);
        Files.write(file, bytes);
    }

    /** Changes a record's content, so that it doesn't verify. */
    private static void damage(Path file, Written record) throws IOException {
        change(file, bytes -> bytes[offsetOf(record) + 40] ^= 0x55);
    }

    private static void forgetMark(Path file) throws IOException {
        change(file, bytes -> Arrays.fill(bytes, SegmentHeaderLayout.MARK, SegmentHeaderLayout.MARK + 4, (byte) 0));
    }

    private static List<Written> without(List<Written> all, Written... gone) {
        List<Written> left = new ArrayList<>(all);
        left.removeAll(List.of(gone));
        return left;
    }

    private List<Path> quarantined() throws IOException {
        Path quarantine = root.resolve("quarantine");
        if (!Files.isDirectory(quarantine)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(quarantine)) {
            return files.sorted().toList();
        }
    }

    private String lastDecision() {
        List<RecoveryReport.StreamFindings> recovered = heard().recovered;
        return Events.last(recovered.get(recovered.size() - 1)).decision();
    }

    private void assertRefused(RecoverySettings settings, Supplier<Optional<String>> bootId, String... said) throws IOException {
        Map<Path, byte[]> before = files();
        try (StreamWal wal = open(settings, bootId)) {
            assertThatThrownBy(() -> wal.stream("s").append(bytes("x"))).isInstanceOf(CorruptSegmentException.class)
                    .hasMessageContainingAll(said).hasMessageContainingAll("stream=s", "file=", "offset=");
        }
        assertSame(files(), before);
    }

    private Map<Path, byte[]> files() throws IOException {
        Map<Path, byte[]> files = new HashMap<>();
        for (Path file : segmentsOf("s")) {
            files.put(file, Files.readAllBytes(file));
        }
        return files;
    }

    private static void assertSame(Map<Path, byte[]> found, Map<Path, byte[]> expected) {
        assertThat(found).containsOnlyKeys(expected.keySet());
        found.forEach((file, bytes) -> assertThat(bytes).as(file.toString()).isEqualTo(expected.get(file)));
    }

    private static void assertNotFound(WalReader reader, List<Written> gone) {
        try (EntryBatch batch = reader.readBatch(Written.refs(gone))) {
            for (int i = 0; i < gone.size(); i++) {
                assertThat(batch.status(i)).as(gone.get(i).ref().toString())
                        .isIn(EntryBatch.Status.NOT_FOUND, EntryBatch.Status.EXPIRED);
            }
        }
    }

    /** As {@link #assertHoldsEverywhere}, in the run of the machine that {@code bootId} says. */
    private void assertHoldsAndIsInOrder(
            StreamWal wal, List<Written> expected, RecoverySettings settings, Supplier<Optional<String>> bootId) {
        assertHoldsNow(wal, "s", expected);
        wal.close();
        int told = heard().recovered.size();
        try (StreamWal again = open(settings, bootId)) {
            List<Written> more = joined(expected, appendSome(again.stream("s"), 1));
            assertHoldsNow(again, "s", more);
            assertThat(heard().recovered).as("the second recovery finds nothing to do").hasSize(told);
        }
    }

    // ---------------------------------------------------------------- damage, the machine stayed up

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 8})
    void damageInTheMiddle_skipped_costsThatRecordAndNothingElse(int index) throws IOException {
        List<Written> written = closedWith(10);
        Written hit = written.get(index);
        damage(segment(0), hit);
        byte[] damaged = Arrays.copyOfRange(Files.readAllBytes(segment(0)), offsetOf(hit), offsetOf(hit) + hit.ref().size());
        assertRefused(STOP, THIS_BOOT, "SKIP_BAD_RECORDS", "offset=" + offsetOf(hit));
        assertThat(quarantined()).isEmpty();

        StreamWal wal = open(SKIP, THIS_BOOT);
        List<Written> left = without(written, hit);
        List<Written> more = appendSome(wal.stream("s"), 2);
        assertThat(more.get(0).ref().position()).isEqualTo(written.get(9).ref().end());
        assertThat(lastDecision()).isEqualTo(RecoveryDecision.SKIP_DAMAGE.meaning());
        assertThat(quarantined()).singleElement().satisfies(copy -> assertThat(copy).hasBinaryContent(damaged));
        assertNotFound(readerOf(wal), List.of(hit));
        assertHoldsAndIsInOrder(wal, joined(left, more), STOP, THIS_BOOT);
    }

    @Test
    void damagedMemberOfABatch_skipped_costsTheBatch() throws IOException {
        StreamWal first = open();
        List<Written> written = appendSome(first.stream("s"), 3);
        List<EntryRef> batch = first.stream("s").appendBatch(List.of(WriteEntry.of(bytes(50, 1)), WriteEntry.of(bytes(70, 2))));
        written.addAll(appendSome(first.stream("s"), 3));
        first.close();
        damage(segment(0), Written.of(batch.get(1), NOW, bytes(70, 2)));
        StreamWal wal = open(SKIP, THIS_BOOT);
        written.addAll(appendSome(wal.stream("s"), 1));
        try (EntryBatch read = readerOf(wal).readBatch(batch)) {
            assertThat(read.status(0)).isEqualTo(EntryBatch.Status.NOT_FOUND);
            assertThat(read.status(1)).isEqualTo(EntryBatch.Status.NOT_FOUND);
        }
        assertHoldsAndIsInOrder(wal, written, STOP, THIS_BOOT);
    }

    /** The header's mark says that the last record was there. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void endDamagedOrGone_skipped_itsPositionsAreNotGivenAgain(boolean gone) throws IOException {
        List<Written> written = closedWith(10);
        Written last = written.get(9);
        if (gone) {
            Files.write(segment(0), Arrays.copyOf(Files.readAllBytes(segment(0)), offsetOf(last)));
        } else {
            damage(segment(0), last);
        }
        assertRefused(STOP, THIS_BOOT, "SKIP_BAD_RECORDS", "offset=" + offsetOf(last));

        StreamWal wal = open(SKIP, THIS_BOOT);
        List<Written> more = appendSome(wal.stream("s"), 2);
        assertThat(more.get(0).ref().position()).isGreaterThanOrEqualTo(last.ref().end());
        assertThat(lastDecision()).isEqualTo((gone ? RecoveryDecision.KEEP_WHAT_IS_LEFT : RecoveryDecision.PAD_DAMAGED_END).meaning());
        assertThat(quarantined()).hasSize(gone ? 0 : 1);
        assertNotFound(readerOf(wal), List.of(last));
        assertHoldsAndIsInOrder(wal, joined(without(written, last), more), STOP, THIS_BOOT);
    }

    /** A middle segment that was cut gets the length that its successor knows. */
    @Test
    void segmentCutBeforeItsSuccessor_skipped_theSuccessorKeepsItsPlace() throws IOException {
        List<List<Written>> segments = unsealedSegments(3);
        Path middle = segment(1);
        Written lost = segments.get(1).get(4);
        int cut = HEADER_BYTES + (int) (lost.ref().position() - segments.get(1).get(0).ref().position());
        Files.write(middle, Arrays.copyOf(Files.readAllBytes(middle), cut + 7));
        assertRefused(STOP, THIS_BOOT, "offset=" + cut);
        StreamWal wal = open(SKIP, THIS_BOOT);
        List<Written> expected = without(segments.stream().flatMap(List::stream).toList(), lost);
        expected.addAll(appendSome(wal.stream("s"), 1));
        assertHoldsAndIsInOrder(wal, expected, STOP, THIS_BOOT);
    }

    // ---------------------------------------------------------------- damage, the machine was restarted

    @Test
    void restartAndDamageBelowTheFrontier_isDamage_aboveItIsTorn() throws IOException {
        List<Written> written = closedWith(10);
        damage(segment(0), written.get(3));
        damage(segment(0), written.get(8));
        KnownDurable frontier = Frontier.at(written.get(6));
        assertRefused(STOP.with(frontier), NEXT_BOOT, "durable", "offset=" + offsetOf(written.get(3)));

        StreamWal wal = open(SKIP.with(frontier), NEXT_BOOT);
        List<Written> expected = without(written.subList(0, 8), written.get(3));
        assertHoldsNow(wal, "s", expected);
        expected.addAll(appendSome(wal.stream("s"), 2));
        assertThat(expected.get(7).ref().position()).isGreaterThan(written.get(9).ref().end());
        assertThat(lastDecision()).isEqualTo(RecoveryDecision.CUT_TORN_TAIL.meaning());
        assertThat(quarantined()).hasSize(2);
        assertHoldsAndIsInOrder(wal, expected, STOP.with(frontier), NEXT_BOOT);
    }

    @Test
    void restartAndDamageAcrossTheFrontier_padsToIt_andEndsThere() throws IOException {
        List<Written> written = closedWith(10);
        for (int i = 4; i < 8; i++) {
            damage(segment(0), written.get(i));
        }
        KnownDurable frontier = Frontier.at(written.get(5));
        StreamWal wal = open(SKIP.with(frontier), NEXT_BOOT);
        List<Written> expected = new ArrayList<>(written.subList(0, 4));
        assertThat(wal.stream("s").endPosition()).isEqualTo(written.get(5).ref().end());
        expected.addAll(appendSome(wal.stream("s"), 2));
        assertNotFound(readerOf(wal), written.subList(4, 10));
        assertHoldsAndIsInOrder(wal, expected, STOP.with(frontier), NEXT_BOOT);
    }

    @Test
    void restartAndAllAboveTheFrontierLost_nothingIsDamaged() throws IOException {
        List<Written> written = closedWith(10);
        change(segment(0), bytes -> Arrays.fill(bytes, offsetOf(written.get(6)), bytes.length, (byte) 0));
        StreamWal wal = open(STOP.with(Frontier.at(written.get(5))), NEXT_BOOT);
        List<Written> expected = new ArrayList<>(written.subList(0, 6));
        expected.addAll(appendSome(wal.stream("s"), 2));
        assertHoldsAndIsInOrder(wal, expected, STOP, NEXT_BOOT);
        assertThat(heard().recovered).isEmpty();
    }

    /** A zero commit word, a file that ends, bytes that don't verify: below the frontier each of them is damage. */
    @ParameterizedTest
    @ValueSource(strings = {"zeros", "end", "garbage"})
    void restartAndTheEndBelowTheFrontierIsGone_isDamage(String what) throws IOException {
        List<Written> written = closedWith(10);
        int at = offsetOf(written.get(8));
        switch (what) {
            case "zeros" -> change(segment(0), bytes -> Arrays.fill(bytes, at, bytes.length, (byte) 0));
            case "end" -> Files.write(segment(0), Arrays.copyOf(Files.readAllBytes(segment(0)), at));
            default -> change(segment(0), bytes -> Arrays.fill(bytes, at, bytes.length, (byte) 0x55));
        }
        KnownDurable frontier = Frontier.at(written.get(9));
        assertRefused(STOP.with(frontier), NEXT_BOOT, "durable", "offset=" + at);
        StreamWal wal = open(SKIP.with(frontier), NEXT_BOOT);
        List<Written> expected = new ArrayList<>(written.subList(0, 8));
        expected.addAll(appendSome(wal.stream("s"), 2));
        assertThat(heard().recovered).hasSize(1);
        assertThat(quarantined()).hasSize(what.equals("garbage") ? 1 : 0);
        assertHoldsAndIsInOrder(wal, expected, STOP.with(frontier), NEXT_BOOT);
    }

    @Test
    void aSlotBelowTheFrontierThatIsEmpty_isNoHoleButDamage() throws IOException {
        List<Written> written = closedWith(10);
        change(segment(0), bytes -> Arrays.fill(bytes, offsetOf(written.get(2)), offsetOf(written.get(2)) + 8, (byte) 0));
        assertRefused(STOP.with(Frontier.at(written.get(9))), THIS_BOOT, "durable");
        forgetThatItWasClosed();
        StreamWal wal = open(STOP, THIS_BOOT);
        assertHoldsAndIsInOrder(wal, joined(without(written, written.get(2)), appendSome(wal.stream("s"), 1)), STOP, THIS_BOOT);
    }

    /** What was cut by a recovery in this run of the machine, and what was appended since, is not torn by the next recovery. */
    @Test
    void restartThenDamageInWhatWasRecoveredSince_isDamage() throws IOException {
        List<Written> written = closedWith(6);
        List<Written> more;
        try (StreamWal wal = open(STOP, NEXT_BOOT)) {
            more = appendSome(wal.stream("s"), 3);
        }
        // as killed before the sealer was there
        Path old = segment(0);
        Files.write(old, Arrays.copyOf(Files.readAllBytes(old), HEADER_BYTES + (int) written.get(5).ref().end()));
        damage(old, written.get(3));
        assertRefused(STOP, STILL_NEXT_BOOT, "offset=" + offsetOf(written.get(3)));
        StreamWal wal = open(SKIP, STILL_NEXT_BOOT);
        List<Written> expected = joined(joined(without(written, written.get(3)), more), appendSome(wal.stream("s"), 1));
        assertHoldsAndIsInOrder(wal, expected, STOP, NEXT_BOOT);
    }

    // ---------------------------------------------------------------- the chain of segments

    /** A closed log with segments of five records, none with a footer. */
    private List<List<Written>> unsealedSegments(int count) throws IOException {
        List<List<Written>> segments = new ArrayList<>();
        try (StreamWal wal = open()) {
            for (int i = 0; i < count; i++) {
                segments.add(appendSome(wal.stream("s"), 5));
                if (i < count - 1) {
                    clock.advance(WINDOW);
                }
            }
        }
        for (int i = 0; i < count; i++) {
            loseFooter(i, segments.get(i));
        }
        return segments;
    }

    private void loseFooter(int index, List<Written> records) throws IOException {
        long length = records.get(records.size() - 1).ref().end() - records.get(0).ref().position();
        Files.write(segment(index), Arrays.copyOf(Files.readAllBytes(segment(index)), HEADER_BYTES + (int) length));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void restartAndASegmentInTheMiddleIsGone_whatIsBehindIsSetAside(boolean firstHasFooter) throws IOException {
        List<List<Written>> segments;
        if (firstHasFooter) {
            segments = sealedThenUnsealed();
        } else {
            segments = unsealedSegments(3);
        }
        byte[] behind = Files.readAllBytes(segment(2));
        Files.delete(segment(1));
        StreamWal wal = open(STOP, NEXT_BOOT);
        List<Written> expected = joined(segments.get(0), appendSome(wal.stream("s"), 2));
        assertThat(lastDecision()).isEqualTo(RecoveryDecision.SET_ASIDE_BEHIND.meaning());
        assertThat(quarantined()).singleElement().satisfies(copy -> assertThat(copy).hasBinaryContent(behind));
        assertNotFound(readerOf(wal), segments.get(2));
        assertHoldsAndIsInOrder(wal, expected, STOP, NEXT_BOOT);
    }

    private List<List<Written>> sealedThenUnsealed() throws IOException {
        List<List<Written>> segments = new ArrayList<>();
        try (StreamWal wal = open()) {
            for (int i = 0; i < 3; i++) {
                segments.add(appendSome(wal.stream("s"), 5));
                if (i < 2) {
                    clock.advance(WINDOW);
                }
            }
        }
        loseFooter(1, segments.get(1));
        return segments;
    }

    @Test
    void restartAndTheSegmentBeforeWasTorn_whatIsBehindIsSetAside() throws IOException {
        List<List<Written>> segments = unsealedSegments(4);
        damage(segment(1), Written.of(new EntryRef("s", segments.get(0).get(3).ref().position(), 88), NOW, bytes("any")));
        StreamWal wal = open(STOP, NEXT_BOOT);
        List<Written> expected = joined(segments.get(0), segments.get(1).subList(0, 3));
        expected = joined(expected, appendSome(wal.stream("s"), 1));
        assertThat(quarantined()).hasSize(3);
        assertHoldsAndIsInOrder(wal, expected, STOP, NEXT_BOOT);
    }

    /** What was acknowledged proves that all before it was durable: it is not torn. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void restartAndTheSegmentBeforeIsDamagedOrGone_durableBehind_isDamage(boolean gone) throws IOException {
        List<List<Written>> segments = unsealedSegments(3);
        Written hit = segments.get(1).get(3);
        if (gone) {
            Files.delete(segment(1));
        } else {
            damage(segment(1), Written.of(new EntryRef("s", segments.get(0).get(3).ref().position(), 88), NOW, bytes("any")));
        }
        RecoverySettings stop = STOP.with(Frontier.at(segments.get(2).get(0)));
        RecoverySettings skip = SKIP.with(Frontier.at(segments.get(2).get(0)));
        assertRefused(stop, NEXT_BOOT, "durable", "SKIP_BAD_RECORDS");
        StreamWal wal = open(skip, NEXT_BOOT);
        List<Written> expected = new ArrayList<>(segments.get(0));
        expected.addAll(gone ? List.of() : without(segments.get(1), hit));
        expected.addAll(segments.get(2));
        expected.addAll(appendSome(wal.stream("s"), 1));
        assertThat(expected.get(expected.size() - 1).ref().position()).isGreaterThan(segments.get(2).get(4).ref().end());
        assertHoldsAndIsInOrder(wal, expected, stop, NEXT_BOOT);
        // nor is what stands behind the gap taken for torn by a later restart
        try (StreamWal later = open(stop.with(Frontier.none()), () -> Optional.of("boot-3"))) {
            int unused = appendSome(later.stream("s"), 1).size();
            assertThat(Written.drain(readerOf(later).scan("s"))).containsAll(expected);
        }
    }

    @Test
    void restartAndTheBeginningIsGone_allIsSetAside() throws IOException {
        List<List<Written>> segments = unsealedSegments(3);
        Files.delete(segment(0));
        StreamWal wal = open(STOP.with(Frontier.none()), NEXT_BOOT);
        assertThat(wal.stream("s").endPosition()).isGreaterThanOrEqualTo(segments.get(2).get(4).ref().end());
        assertThat(wal.keys()).isEmpty();
        assertThat(quarantined()).hasSize(2);
        List<Written> more = appendSome(wal.stream("s"), 2);
        assertThat(wal.keys()).containsExactly("s");
        assertNotFound(readerOf(wal), segments.get(2));
        assertHoldsAndIsInOrder(wal, more, STOP.with(Frontier.none()), NEXT_BOOT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"deleted", "durable", "durable behind", "footer behind", "nobody tells", "same boot"})
    void beginningIsGoneOnPurpose_theRestIsKept(String why) throws IOException {
        List<List<Written>> segments = why.equals("footer behind") ? sealedBehind() : unsealedSegments(3);
        Files.delete(segment(0));
        KnownDurable known = switch (why) {
            case "deleted" -> Frontier.deletedBelow(segments.get(1).get(0).ref().position());
            case "durable" -> Frontier.at(segments.get(1).get(0));
            case "durable behind" -> Frontier.at(segments.get(2).get(0));
            case "nobody tells" -> KnownDurable.NOTHING;
            default -> Frontier.none();
        };
        Supplier<Optional<String>> bootId = why.equals("same boot") ? THIS_BOOT : NEXT_BOOT;
        StreamWal wal = open(STOP.with(known), bootId);
        List<Written> expected = joined(joined(segments.get(1), segments.get(2)), appendSome(wal.stream("s"), 1));
        assertThat(quarantined()).isEmpty();
        assertHoldsAndIsInOrder(wal, expected, STOP.with(known), bootId);
    }

    @Test
    void restartAndTheBeginningIsSweptBeforeTheStreamIsUsed_theRestIsKept() throws IOException {
        List<List<Written>> segments = unsealedSegments(3);
        StreamWal wal = open(STOP.with(Frontier.none()), NEXT_BOOT);
        clock.set(NOW + RETENTION.plus(WINDOW).toMillis());
        assertThat(wal.sweep().deletedSegments()).isEqualTo(1);
        List<Written> expected = joined(joined(segments.get(1), segments.get(2)), appendSome(wal.stream("s"), 1));
        assertThat(quarantined()).isEmpty();
        assertHoldsAndIsInOrder(wal, expected, STOP.with(Frontier.none()), NEXT_BOOT);
    }

    private List<List<Written>> sealedBehind() throws IOException {
        List<List<Written>> segments = new ArrayList<>();
        try (StreamWal wal = open()) {
            for (int i = 0; i < 3; i++) {
                segments.add(appendSome(wal.stream("s"), 5));
                clock.advance(WINDOW);
            }
            appendSome(wal.stream("s"), 1);
        }
        Files.delete(segment(3));
        loseFooter(1, segments.get(1));
        return segments;
    }

    /** Deleting what comes before the lost segment doesn't account for the lost one. */
    @Test
    void restartAndASegmentBehindTheDeletedIsGone_theRestIsSetAside() throws IOException {
        List<List<Written>> segments = unsealedSegments(3);
        Files.delete(segment(1));
        Files.delete(segment(0));
        StreamWal wal = open(STOP.with(Frontier.deletedBelow(segments.get(1).get(0).ref().position())), NEXT_BOOT);
        List<Written> more = appendSome(wal.stream("s"), 1);
        assertThat(quarantined()).hasSize(1);
        assertHoldsNow(wal, "s", more);
    }

    @ParameterizedTest
    @ValueSource(ints = {50, 103})
    void restartAndAHeaderThatReachedTheDiskInPart_thatSegmentIsSetAside(int length) throws IOException {
        List<List<Written>> segments = unsealedSegments(2);
        Files.write(segment(1), Arrays.copyOf(Files.readAllBytes(segment(1)), length));
        assertRefused(STOP, THIS_BOOT, "SKIP_BAD_RECORDS");
        StreamWal wal = open(STOP, NEXT_BOOT);
        List<Written> expected = joined(segments.get(0), appendSome(wal.stream("s"), 1));
        assertThat(lastDecision()).isEqualTo(RecoveryDecision.SET_ASIDE_BEHIND.meaning());
        assertHoldsAndIsInOrder(wal, expected, STOP, NEXT_BOOT);
    }

    /** The disk has the segment's name and none of its pages: nobody was promised anything, and nobody is told. */
    @ParameterizedTest
    @ValueSource(ints = {0, 104, 4_096})
    void restartAndASegmentOfZeros_isDeletedBeforeAnybodyReadsIt(int zeros) throws IOException {
        List<List<Written>> segments = unsealedSegments(2);
        Path lost = segment(1);
        Files.write(lost, new byte[zeros]);
        StreamWal wal = open(STOP, NEXT_BOOT);
        assertThat(scanned(readerOf(wal))).isEqualTo(new Scanned(segments.get(0), 0));
        assertThat(lost).doesNotExist();
        List<Written> more = appendSome(wal.stream("s"), 1);
        assertThat(more.get(0).ref().position()).isGreaterThanOrEqualTo(segments.get(1).get(4).ref().end());
        assertThat(quarantined()).isEmpty();
        assertThat(heard().recovered).isEmpty();
        assertHoldsAndIsInOrder(wal, joined(segments.get(0), more), STOP, NEXT_BOOT);
    }

    /** Versions that left it there went on behind it: then it stands before segments with footers, and each scan met it. */
    @Test
    void emptySegmentBeforeAFooter_isDeleted() throws IOException {
        List<Written> written = closedWith(5);
        try (StreamWal wal = open(STOP, NEXT_BOOT)) {
            written.addAll(appendSome(wal.stream("s"), 5));
            clock.advance(WINDOW);
            written.addAll(appendSome(wal.stream("s"), 5));
            awaitSealed(2);
        }
        long end = written.get(4).ref().end();
        Path left = Files.createFile(segment(0).resolveSibling(
                segment(0).getFileName().toString().replace("0000000000000000", String.format("%016x", end))));
        StreamWal wal = open(STOP, STILL_NEXT_BOOT);
        assertThat(scanned(readerOf(wal))).isEqualTo(new Scanned(written, 0));
        assertThat(left).doesNotExist();
    }

    /** Another process may have read what was written in vain. */
    @Test
    void appendThatCannotBeWritten_sealsItsSegmentAndItsPositionsAreNotGivenAgain() {
        assumeFalse(home.isMapped(), "what is appended to a mapping isn't written by a call");
        AtomicInteger failing = new AtomicInteger();
        StreamWal wal = open(STOP, THIS_BOOT, new WatchedStorages(home.storage().kind(), (operation, path) -> {
            if (operation.equals("write") && path.toString().endsWith(".seg") && failing.get() > 0) {
                throw new IOException("made to fail");
            }
        }));
        List<Written> written = appendSome(wal.stream("s"), 3);
        failing.set(1);
        assertThatThrownBy(() -> wal.stream("s").append(bytes(50, 3))).isInstanceOf(WalException.class)
                .hasStackTraceContaining("made to fail");
        failing.set(0);
        List<Written> more = appendSome(wal.stream("s"), 3);
        assertThat(more.get(0).ref().position()).isEqualTo(written.get(2).ref().end() + 88);
        assertThat(segmentsOf("s")).hasSize(2);
        assertHoldsEverywhere(wal, "s", joined(written, more));
    }

    /** The segment stays as it is: readers tell of it, and what is there otherwise is there. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void headerDamaged_skipped_costsThatSegmentAndNothingElse(int index) throws IOException {
        List<List<Written>> segments = unsealedSegments(3);
        Path file = segment(index);
        change(file, bytes -> bytes[SegmentHeaderLayout.SALT] ^= 1);
        byte[] damaged = Files.readAllBytes(file);
        assertRefused(STOP, THIS_BOOT, "SKIP_BAD_RECORDS");
        List<Written> expected = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            expected.addAll(i == index ? List.of() : segments.get(i));
        }
        try (StreamWal wal = open(SKIP, THIS_BOOT)) {
            List<Written> more = appendSome(wal.stream("s"), 1);
            assertThat(more.get(0).ref().position()).isGreaterThanOrEqualTo(segments.get(2).get(4).ref().end());
            expected.addAll(more);
            assertThat(lastDecision()).isEqualTo(RecoveryDecision.SKIP_UNREADABLE.meaning());
            assertScansWithOneError(readerOf(wal), expected);
        }
        // neither policy nor restart matter any more
        int told = heard().recovered.size();
        try (StreamWal wal = open(STOP, THIS_BOOT)) {
            expected.addAll(appendSome(wal.stream("s"), 1));
            assertScansWithOneError(readerOf(wal), expected);
        }
        try (StreamWal later = open(STOP.with(Frontier.none()), NEXT_BOOT)) {
            expected.addAll(appendSome(later.stream("s"), 1));
            assertScansWithOneError(readerOf(later), expected);
        }
        assertThat(heard().recovered).hasSize(told);
        assertThat(file).hasBinaryContent(damaged);
        assertThat(quarantined()).isEmpty();
    }

    @Test
    void onlyHeaderDamaged_skipped_theStreamGoesOnBehindIt() throws IOException {
        List<Written> written = closedWith(5);
        change(segment(0), bytes -> bytes[SegmentHeaderLayout.SALT] ^= 1);
        List<Written> expected = new ArrayList<>();
        try (StreamWal wal = open(SKIP, THIS_BOOT)) {
            expected.addAll(appendSome(wal.stream("s"), 2));
            assertThat(expected.get(0).ref().position()).isGreaterThanOrEqualTo(written.get(4).ref().end());
        }
        for (Supplier<Optional<String>> bootId : List.of(THIS_BOOT, NEXT_BOOT)) {
            try (StreamWal wal = open(STOP.with(Frontier.none()), bootId)) {
                expected.addAll(appendSome(wal.stream("s"), 1));
                assertScansWithOneError(readerOf(wal), expected);
            }
        }
        assertThat(quarantined()).isEmpty();
    }

    private static void assertScansWithOneError(WalReader reader, List<Written> expected) {
        assertThat(scanned(reader)).isEqualTo(new Scanned(expected, 1));
    }

    /** What a scan gives, and how many damages it is told of. */
    private record Scanned(List<Written> records, int errors) {}

    private static Scanned scanned(WalReader reader) {
        List<Written> found = new ArrayList<>();
        int told = 0;
        try (EntryCursor cursor = reader.scan("s")) {
            for (boolean more = true; more; ) {
                try {
                    more = cursor.next();
                    if (more) {
                        found.add(Written.of(cursor));
                    }
                } catch (CorruptSegmentException e) {
                    told++;
                }
            }
        }
        return new Scanned(found, told);
    }

    // ---------------------------------------------------------------- what makes the chain provable

    private static boolean isFirst(Path segment) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(segment)).order(ByteOrder.LITTLE_ENDIAN);
        return (bytes.getInt(SegmentHeaderLayout.FEATURE_FLAGS) & SegmentHeaderLayout.FIRST) != 0;
    }

    @Test
    void segments_ofAStream_theFirstSaysSoAndNoOther() throws IOException {
        StreamWal wal = open();
        for (int i = 0; i < 3; i++) {
            appendSome(wal.stream("s"), 2);
            clock.advance(WINDOW);
        }
        assertThat(isFirst(segment(0))).isTrue();
        assertThat(isFirst(segment(1))).isFalse();
        assertThat(isFirst(segment(2))).isFalse();
        wal.close();
        StreamWal next = open(STOP, NEXT_BOOT);
        appendSome(next.stream("s"), 1);
        assertThat(isFirst(segment(3))).isFalse();
        next.delete("s");
        appendSome(next.stream("s"), 1);
        assertThat(isFirst(segment(0))).isTrue();
    }

    @Test
    void seal_footer_isWrittenBehindTheForcedFileAndItsForcedNames() {
        List<String> calls = new CopyOnWriteArrayList<>();
        StreamWal wal = open(STOP, THIS_BOOT, new WatchedStorages(home.storage().kind(), (operation, path) -> {
            if (operation.startsWith("force") || operation.equals("truncate") || operation.equals("write")) {
                calls.add(operation + " " + root.relativize(path));
            }
        }));
        appendSome(wal.stream("s"), 2);
        for (int sealed = 1; sealed <= 2; sealed++) {
            calls.clear();
            String file = root.relativize(segment(sealed - 1)).toString();
            clock.advance(WINDOW);
            appendSome(wal.stream("s"), 2);
            awaitSealed(sealed);
            List<String> expected = new ArrayList<>(List.of("truncate " + file, "force " + file, "forceDirectory segments/s"));
            if (sealed == 1) {
                expected.add("forceDirectory segments");
            }
            expected.add("write " + file);
            assertThat(calls).containsSubsequence(expected).filteredOn(call -> call.startsWith("force")).hasSize(expected.size() - 2);
        }
    }

    @Test
    void seal_directoryCannotBeForced_noFooterIsEverWrittenAndTheLogHasFailed() {
        expectFailures();
        AtomicInteger failures = new AtomicInteger();
        StreamWal wal = open(STOP, THIS_BOOT, new WatchedStorages(home.storage().kind(), (operation, path) -> {
            if (operation.equals("forceDirectory") && failures.getAndIncrement() < 1) {
                throw new IOException("made to fail");
            }
        }));
        List<Written> written = appendSome(wal.stream("s"), 2);
        clock.advance(WINDOW);
        // the first of the next segment, which has the one before sealed; a second may find that the log has failed
        written.addAll(appendSome(wal.stream("s"), 1));
        await("the failure is told", () -> !heard().failures.isEmpty());
        wal.sweep();
        assertHoldsNow(wal, "s", written);
        assertThatThrownBy(wal::sync).isInstanceOf(WalFailedException.class).hasStackTraceContaining("made to fail");
        assertThatThrownBy(wal::close).isInstanceOf(WalFailedException.class);
        assertThat(heard().sealed).isEmpty();
        assertHoldsNow(open(), "s", written);
    }

    // ---------------------------------------------------------------- the quarantine's limit

    @Test
    void quarantineIsFull_tornTailsAreCutAndDamageRefusesUnderEitherPolicy() throws IOException {
        List<Written> written = closedWith(10);
        Path file = segment(0);
        forgetMark(file);
        damage(file, written.get(9));
        RecoverySettings full = new RecoverySettings(KnownDurable.NOTHING, DamagePolicy.SKIP_BAD_RECORDS, true, true, 87);
        StreamWal wal = open(full, THIS_BOOT);
        appendSome(wal.stream("s"), 3);
        assertThat(lastDecision()).isEqualTo(RecoveryDecision.CUT_TORN_TAIL.meaning());
        assertThat(Events.last(heard().recovered.get(0)).setAside()).isEmpty();
        wal.close();
        damage(segment(1), written.get(1));
        assertRefused(full, THIS_BOOT, "quarantine=" + root.resolve("quarantine"), "neededBytes=88", "maxBytes=87",
                "move the files in it elsewhere, or delete them");
        assertThat(quarantined()).isEmpty();
        RecoverySettings room = new RecoverySettings(KnownDurable.NOTHING, DamagePolicy.SKIP_BAD_RECORDS, true, true, 88);
        appendSome(open(room, THIS_BOOT).stream("s"), 1);
        assertThat(quarantined()).hasSize(1);
    }

    @Test
    void quarantineIsFull_segmentsBehindABreakAreDeletedAndReported() throws IOException {
        List<List<Written>> segments = unsealedSegments(3);
        Files.delete(segment(1));
        long length = Files.size(segment(1));
        StreamWal wal = open(
                new RecoverySettings(KnownDurable.NOTHING, DamagePolicy.STOP_AT_FIRST_ERROR, true, true, length - 1), NEXT_BOOT);
        List<Written> expected = joined(segments.get(0), appendSome(wal.stream("s"), 1));
        assertThat(quarantined()).isEmpty();
        assertThat(heard().recovered).singleElement().satisfies(told -> {
            assertThat(told.sums().bytesCut()).isEqualTo(length);
            assertThat(Events.last(told).setAside()).isEmpty();
        });
        assertHoldsNow(wal, "s", expected);
    }

    // ---------------------------------------------------------------- a recovery that doesn't come to its end

    /** A log with something to repair. */
    enum Case {
        /** A hole, damage in the middle, and a torn end. */
        SKIPPED,
        /** The same, and the machine was restarted: damage below the frontier, torn above. */
        SKIPPED_AFTER_RESTART,
        /** A torn end with whole segments behind it. */
        TORN_CHAIN,
        /** A segment whose header is damaged. */
        HEADER,
        /** The newest segment's header is. */
        NEWEST_HEADER,
        /** The last record is damaged, and the mark says that there was one. */
        DAMAGED_END,
        /** The last record is not in the file. */
        MISSING_END
    }

    /**
     * What is to be found.
     *
     * @param endOfGiven what is appended next is not below it
     * @param errors of a scan
     */
    private record Broken(
            RecoverySettings settings, Supplier<Optional<String>> bootId, List<Written> expected, long endOfGiven, int errors) {}

    private Broken broken(Case which) throws IOException {
        switch (which) {
            case SKIPPED, SKIPPED_AFTER_RESTART -> {
                List<Written> written = closedWith(12);
                boolean restarted = which == Case.SKIPPED_AFTER_RESTART;
                forgetMark(segment(0));
                damage(segment(0), written.get(7));
                damage(segment(0), written.get(11));
                change(segment(0), bytes -> Arrays.fill(bytes, offsetOf(written.get(2)), offsetOf(written.get(2)) + 8, (byte) 0));
                return new Broken(restarted ? SKIP.with(Frontier.at(written.get(9))) : SKIP, restarted ? NEXT_BOOT : THIS_BOOT,
                        without(written, written.get(2), written.get(7), written.get(11)), written.get(10).ref().end(), 0);
            }
            case TORN_CHAIN -> {
                List<List<Written>> segments = unsealedSegments(4);
                damage(segment(1), Written.of(new EntryRef("s", segments.get(0).get(3).ref().position(), 88), NOW, bytes("any")));
                return new Broken(STOP, NEXT_BOOT, joined(segments.get(0), segments.get(1).subList(0, 3)),
                        segments.get(3).get(4).ref().end(), 0);
            }
            case HEADER, NEWEST_HEADER -> {
                List<List<Written>> segments = unsealedSegments(3);
                int hit = which == Case.HEADER ? 1 : 2;
                change(segment(hit), bytes -> bytes[SegmentHeaderLayout.SALT] ^= 1);
                return new Broken(SKIP, THIS_BOOT, joined(segments.get(0), segments.get(3 - hit)), segments.get(2).get(4).ref().end(), 1);
            }
            default -> {
                List<Written> written = closedWith(10);
                if (which == Case.DAMAGED_END) {
                    damage(segment(0), written.get(9));
                } else {
                    Files.write(segment(0), Arrays.copyOf(Files.readAllBytes(segment(0)), offsetOf(written.get(9))));
                }
                return new Broken(SKIP, THIS_BOOT, written.subList(0, 9), written.get(9).ref().end(), 0);
            }
        }
    }

    /** The n-th call to the storage fails, and the writer goes: for every n there is. The next recovery comes to the same. */
    @ParameterizedTest
    @EnumSource(Case.class)
    void recovery_anyCallToTheStorageFails_theNextRecoveryComesToTheSame(Case which) throws IOException {
        expectFailures();
        Broken broken = broken(which);
        Map<Path, byte[]> before = files();
        byte[] positions = Files.readAllBytes(root.resolve("positions"));
        int failed = 0;
        for (int n = 1; failed == n - 1; n++) {
            AtomicInteger left = new AtomicInteger(n);
            boolean logFailed = false;
            try (StreamWal wal = open(broken.settings(), broken.bootId(), new WatchedStorages(home.storage().kind(), (operation, path) -> {
                if (!operation.equals("map") && left.decrementAndGet() <= 0) {
                    throw new IOException("made to fail: " + operation);
                }
            }))) {
                long unused = wal.stream("s").endPosition();
            } catch (WalFailedException e) {
                // a force failed: to the next one it is as if the machine had been restarted, and nothing of this stream was durable
                logFailed = true;
            } catch (WalException e) {
                // what a caller is told
            }
            failed += left.get() <= 0 ? 1 : 0;
            StreamWal wal = open(broken.settings(), broken.bootId());
            String what = which + ", call " + n;
            assertThat(wal.stream("s").endPosition()).as(what).isPositive();
            // a reader from without may still be told of what is missing, until the footer is there
            List<Written> kept = scanned(reader()).records();
            if (logFailed) {
                assertThat(broken.expected()).as(what).startsWith(kept.toArray(Written[]::new));
            } else {
                assertThat(kept).as(what).isEqualTo(broken.expected());
            }
            List<Written> more = appendSome(wal.stream("s"), 2);
            assertThat(more.get(0).ref().position()).as(what).isGreaterThanOrEqualTo(broken.endOfGiven());
            more = joined(kept, more);
            wal.close();
            Scanned all = scanned(reader());
            assertThat(all.records()).as(what).isEqualTo(more);
            if (!logFailed) {
                assertThat(all.errors()).as(what).isEqualTo(broken.errors());
            }
            assertThat(quarantined()).as(what).allMatch(file -> file.toString().endsWith(".aside"));
            restore(before, positions);
        }
        assertThat(failed).as("calls that failed").isGreaterThan(5);
    }

    private void restore(Map<Path, byte[]> files, byte[] positions) throws IOException {
        for (Path file : segmentsOf("s")) {
            Files.delete(file);
        }
        for (Map.Entry<Path, byte[]> file : files.entrySet()) {
            Files.createDirectories(file.getKey().getParent());
            Files.write(file.getKey(), file.getValue());
        }
        Files.write(root.resolve("positions"), positions);
        if (Files.exists(root.resolve("quarantine"))) {
            LogHome.deleteTree(root.resolve("quarantine"));
        }
    }

    // ---------------------------------------------------------------- every byte

    /** Where one byte is another one, or the file ends: of the records at most that one is missing, and none is wrong or given again. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anyByteChangedOrFileCutAnywhere_skipped_costsOneRecordAndGivesNoPositionAgain(boolean cut) throws IOException {
        List<Written> written = closedWith(4);
        Path file = segment(0);
        byte[] whole = Files.readAllBytes(file);
        byte[] positions = Files.readAllBytes(root.resolve("positions"));
        int step = Scale.isShortened() ? 3 : 1;
        int stepOnMachine = Scale.isShortened() ? 61 : 23;
        for (int at = 0; at < whole.length; at += home.isOfMachine() ? stepOnMachine : step) {
            byte[] changed = cut ? Arrays.copyOf(whole, at) : whole.clone();
            if (!cut) {
                changed[at] ^= 0x55;
            }
            restore(Map.of(file, changed), positions);
            assertCostsOneRecord(written, at, cut);
        }
    }

    private void assertCostsOneRecord(List<Written> written, int at, boolean cut) {
        String what = (cut ? "cut at " : "changed at ") + at;
        boolean header = at < HEADER_BYTES && (at < SegmentHeaderLayout.MARK || at >= SegmentHeaderLayout.MARK + 4);
        try (StreamWal wal = open(SKIP, THIS_BOOT)) {
            Written more;
            try {
                more = appendSome(wal.stream("s"), 1).get(0);
            } catch (UnsupportedFormatException e) {
                assertThat(header).as("%s: %s", what, e).isTrue();
                return;
            }
            assertThat(more.ref().position()).as(what).isGreaterThanOrEqualTo(written.get(3).ref().end());
            List<Written> found = new ArrayList<>(scanned(readerOf(wal)).records());
            assertThat(found.remove(found.size() - 1)).as(what).isEqualTo(more);
            List<Written> kept = new ArrayList<>(written);
            kept.retainAll(found);
            assertThat(found).as("%s: what was written, in order", what).isEqualTo(kept);
            int lost = written.size() - found.size();
            int allowed = header ? written.size() : cut ? Math.max(0, written.size() - (at - HEADER_BYTES) / 88) : 1;
            assertThat(lost).as(what).isLessThanOrEqualTo(allowed);
        }
    }

    // ---------------------------------------------------------------- what is told of it

    @Test
    void recoveryReport_tellsWhatWhereAndHowMuch() throws IOException {
        Broken broken = broken(Case.SKIPPED);
        // with what was prepared behind it
        long torn = Files.size(segment(0)) - HEADER_BYTES - 11 * 88;
        StreamWal wal = open(SKIP, THIS_BOOT);
        assertThat(wal.recoveryReport()).isEqualTo(new RecoveryReport(new RecoveryReport.Fields(List.of(), true, 0, 0, RecoveryReport.Sums.NONE)));
        appendSome(wal.stream("s"), 1);
        appendSome(wal.stream("clean"), 1);
        RecoveryReport report = wal.recoveryReport();
        RecoveryReport.Sums sums = new RecoveryReport.Sums(
                new RecoveryReport.Sums.Fields(broken.expected().size(), 11 * 88, 0, 0, torn, 2 * 88, 0, 2 * 88 + torn));
        assertThat(report.totals()).isEqualTo(sums);
        assertThat(report.isComplete()).isTrue();
        assertThat(report.refusedStreams()).isZero();
        RecoveryReport.StreamFindings stream = report.streams().get(0);
        assertThat(report.streams()).hasSize(1);
        assertThat(stream.key()).isEqualTo("s");
        assertThat(stream.sums()).isEqualTo(sums);
        assertThat(stream.refusal()).isEmpty();
        assertThat(stream.findings()).extracting(RecoveryReport.Finding::decision).containsExactly(
                RecoveryDecision.SKIP_DAMAGE.meaning(), RecoveryDecision.SKIP_DAMAGE.meaning(), RecoveryDecision.CUT_TORN_TAIL.meaning());
        assertThat(stream.findings()).extracting(RecoveryReport.Finding::offset)
                .containsExactly(HEADER_BYTES + 2 * 88L, HEADER_BYTES + 7 * 88L, HEADER_BYTES + 11 * 88L);
        assertThat(stream.findings()).extracting(RecoveryReport.Finding::file).containsOnly(segment(0));
        assertThat(stream.findings()).extracting(RecoveryReport.Finding::length).containsExactly(88L, 88L, torn);
        assertThat(stream.findings()).extracting(finding -> finding.setAside().isPresent()).containsOnly(true);
    }

    @Test
    void recoveryReport_manyFindings_hasTheFirstOfThemAndAllInTheSums() throws IOException {
        List<Written> written = closedWith(50);
        for (int i = 1; i < 50; i += 2) {
            if (i != 49) {
                damage(segment(0), written.get(i));
            }
        }
        StreamWal wal = open(SKIP, THIS_BOOT);
        appendSome(wal.stream("s"), 1);
        RecoveryReport.StreamFindings stream = wal.recoveryReport().streams().get(0);
        assertThat(stream.findings()).hasSize(16);
        assertThat(stream.findingsLeftOut()).isEqualTo(24 - 16);
        assertThat(stream.sums().bytesSkipped()).isEqualTo(24 * 88);
        assertThat(stream.sums().bytesSetAside()).isEqualTo(24 * 88);
    }

    /** Closed, with this many streams, one of them damaged and one with a torn end. */
    private void closedWithStreams(int count) throws IOException {
        try (StreamWal wal = open()) {
            for (int i = 0; i < count; i++) {
                appendSome(wal.stream("s" + i), 5);
            }
        }
        Path damaged = segmentsOf("s3").get(0);
        change(damaged, bytes -> bytes[HEADER_BYTES + 88 + 40] ^= 0x55);
        Path torn = segmentsOf("s5").get(0);
        forgetMark(torn);
        // else it would be made whole again by what the journal has of it
        loseJournal();
        // with what was prepared behind it
        bytesTorn = Files.size(torn) - HEADER_BYTES - 4 * 88;
        change(torn, bytes -> bytes[HEADER_BYTES + 4 * 88 + 40] ^= 0x55);
    }

    /** What {@link #closedWithStreams} left behind the last whole record of one stream. */
    private long bytesTorn;

    private static List<String> recoveringThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(Thread::isAlive).map(Thread::getName)
                .filter(name -> name.startsWith("stream-wal-recover")).toList();
    }

    private void assertOneRefusedOneCut(RecoveryReport report, int streams) {
        assertThat(report.recoveredStreams()).isEqualTo(streams - 1);
        assertThat(report.refusedStreams()).isEqualTo(1);
        assertThat(report.streams()).extracting(RecoveryReport.StreamFindings::key).containsExactly("s3", "s5");
        assertThat(report.streams().get(0).refusal().orElseThrow()).contains("stream=s3", "SKIP_BAD_RECORDS");
        assertThat(report.streams().get(1).sums().bytesCut()).isEqualTo(bytesTorn);
        assertThat(report.totals().recordsKept()).isEqualTo((streams - 2) * 5L + 4);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void recoverAll_oneStreamIsDamaged_theOthersAreInOrderAndItIsTold(boolean withThreads) throws IOException {
        closedWithStreams(30);
        List<String> readers = new CopyOnWriteArrayList<>();
        StreamWal wal = open(new RecoverySettings(KnownDurable.NOTHING, DamagePolicy.STOP_AT_FIRST_ERROR, true, withThreads, 1 << 20),
                THIS_BOOT, new WatchedStorages(home.storage().kind(), (operation, path) -> {
                    if (operation.equals("read")) {
                        readers.add(Thread.currentThread().getName());
                    }
                }));
        List<RecoveryProgress> told = new ArrayList<>();
        Thread caller = Thread.currentThread();
        RecoveryReport report = wal.recoverAll(progress -> {
            assertThat(Thread.currentThread()).isEqualTo(caller);
            told.add(progress);
        });
        assertOneRefusedOneCut(report, 30);
        assertThat(wal.recoveryReport()).isEqualTo(report);
        assertThat(told.get(0)).isEqualTo(new RecoveryProgress(new RecoveryProgress.Fields(0, 30, 0, Optional.empty())));
        RecoveryProgress last = told.get(told.size() - 1);
        assertThat(last.streamsDone()).isEqualTo(30);
        assertThat(last.key()).isEmpty();
        assertThat(last.bytesRead()).isGreaterThan(28 * 5 * 88);
        for (int i = 1; i < told.size(); i++) {
            assertThat(told.get(i).streamsDone()).isGreaterThanOrEqualTo(told.get(i - 1).streamsDone());
            assertThat(told.get(i).bytesRead()).isGreaterThanOrEqualTo(told.get(i - 1).bytesRead());
        }
        assertThat(recoveringThreads()).isEmpty();
        assertThat(readers).isNotEmpty().allMatch(name -> name.startsWith("stream-wal-recover-") == withThreads);
        int read = readers.size();
        assertThat(wal.recoverAll(progress -> {}).recoveredStreams()).as("what is in order is not recovered again").isEqualTo(29);
        assertThat(readers.size() - read).as("not even the damaged one is looked at again, as nothing of it was deleted").isZero();
        assertThat(wal.stream("s4").append(bytes("x")).position()).isEqualTo(5 * 88);
        assertThatThrownBy(() -> wal.stream("s3").append(bytes("x"))).isInstanceOf(CorruptSegmentException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void recoveryReport_theLogWasClosed_listsNoStream_alsoAfterARestartOfTheMachine(boolean isSameBoot) {
        try (StreamWal wal = open()) {
            for (int i = 0; i < MANY; i++) {
                wal.stream("s" + i).append(WriteEntry.of(bytes(50, i)), Durability.IMMEDIATE);
            }
        }
        StreamWal wal = open(options(), isSameBoot ? THIS_BOOT : NEXT_BOOT);
        assertThat(wal.recoveryReport().streams()).as("the journal names them, and their files have all of it").isEmpty();
        wal.recoverAll(progress -> { });
        assertThat(wal.recoveryReport().streams()).isEmpty();
        Sums totals = wal.recoveryReport().totals();
        assertThat(totals.recordsRedone()).isZero();
        assertThat(totals).isEqualTo(new Sums(new Sums.Fields(totals.recordsKept(), totals.bytesKept(), 0, 0, 0, 0, 0, 0)));
    }

    @Test
    void recoverAll_aLongSegment_tellsOfTheBytesBeforeItIsDone() throws IOException {
        try (StreamWal wal = open()) {
            appendSome(wal.stream("s"), 20, 2_000);
        }
        CountDownLatch told = new CountDownLatch(1);
        AtomicInteger reads = new AtomicInteger();
        StreamWal wal = open(STOP, THIS_BOOT, new WatchedStorages(home.storage().kind(), (operation, path) -> {
            // header, footer, records: once these have been read, what is behind them
            if (operation.equals("read") && reads.incrementAndGet() > 3 && !awaitQuietly(told)) {
                throw new IOException("nobody told of the bytes that were read");
            }
        }));
        wal.recoverAll(progress -> {
            if (progress.streamsDone() == 0 && progress.bytesRead() > 0) {
                assertThat(progress.key()).contains("s");
                told.countDown();
            }
        });
        assertThat(told.getCount()).isZero();
        assertThat(wal.recoveryReport().refusedStreams()).isZero();
    }

    private static boolean awaitQuietly(CountDownLatch latch) {
        try {
            return latch.await(300, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            return false;
        }
    }

    private Path directoryWith(String key, String... files) throws IOException {
        Path directory = Files.createDirectories(root.resolve("segments").resolve(StreamKey.of(key).directoryName()));
        for (String file : files) {
            Files.write(directory.resolve(file), new byte[4096]);
        }
        return directory;
    }

    /** A writer that is killed while it makes a stream's first segment leaves a file that no stream is loaded for, if the key never comes again. */
    @Test
    void recoverAll_directoriesWithoutASegment_goWithWhatIsInThem() throws IOException {
        String temporary = ".0123456789abcdef.seg.tmp";
        try (StreamWal wal = open()) {
            appendSome(wal.stream("s"), 2);
        }
        List<Path> left = List.of(directoryWith("a", temporary), directoryWith("b", temporary, ".fedcba9876543210.seg.tmp"),
                directoryWith("k".repeat(1_000), temporary));
        Path empty = directoryWith("empty");
        Path withSegment = directoryWith("s", temporary);
        Path withOther = directoryWith("other", temporary, "notes.txt");
        StreamWal wal = open(STOP, THIS_BOOT);
        EntryRef ref = wal.stream("a").append(bytes("x"));
        EntryRef unused = wal.stream("live").append(bytes("x"));
        Path live = directoryWith("live", temporary);
        assertThat(wal.delete("live")).isTrue();
        RecoveryReport report = wal.recoverAll(progress -> { });
        assertThat(report.refusedStreams()).isZero();
        assertThat(left.subList(1, left.size())).allSatisfy(directory -> assertThat(directory).doesNotExist());
        assertThat(empty).as("may be somebody else's").exists();
        assertThat(withSegment.resolve(temporary)).doesNotExist();
        assertThat(segmentsIn(withSegment)).hasSize(1);
        assertThat(withOther).isDirectoryContaining("glob:**/notes.txt");
        assertThat(withOther.resolve(temporary)).doesNotExist();
        assertThat(live.resolve(temporary)).as("may be a file that this writer is making").exists();
        assertThat(wal.reader().find(ref)).isPresent();
        assertThat(wal.stream("b").append(bytes("y")).position()).isNotNegative();
    }

    @Test
    void recoverAll_progressThrows_isThrownAndNoThreadIsLeft() throws IOException {
        closedWithStreams(10);
        StreamWal wal = open(STOP, THIS_BOOT);
        assertThatThrownBy(() -> wal.recoverAll(progress -> {
            if (progress.streamsDone() > 0) {
                throw new IllegalArgumentException("enough");
            }
        })).isInstanceOf(IllegalArgumentException.class).hasMessage("enough");
        assertThat(recoveringThreads()).isEmpty();
        assertOneRefusedOneCut(wal.recoverAll(progress -> {}), 10);
    }

    @Test
    void recoverAll_interrupted_finishesAndKeepsTheFlag() throws IOException {
        closedWithStreams(10);
        StreamWal wal = open(STOP, THIS_BOOT);
        Thread.currentThread().interrupt();
        RecoveryReport report = wal.recoverAll(progress -> {});
        assertThat(Thread.interrupted()).isTrue();
        assertOneRefusedOneCut(report, 10);
    }

    private static RecoverySettings unclean(boolean withThreads) {
        return new RecoverySettings(KnownDurable.NOTHING, DamagePolicy.STOP_AT_FIRST_ERROR, false, withThreads, 1 << 20);
    }

    @Test
    void open_lastCloseWasNotClean_everyStreamIsBroughtInOrderInTheBackground() throws IOException {
        expectFailures();
        closedWithStreams(30);
        StreamWal wal = open(unclean(true), THIS_BOOT);
        await("all streams are in order", () -> wal.recoveryReport().recoveredStreams() == 29);
        await("the thread has ended", () -> recoveringThreads().isEmpty());
        assertOneRefusedOneCut(wal.recoveryReport(), 30);
        assertThat(heard().failures).singleElement().satisfies(failure -> {
            assertThat(failure.task()).isEqualTo("recover");
            assertThat(failure.stream()).contains("s3");
            assertThat(failure.cause()).isInstanceOf(CorruptSegmentException.class);
        });
    }

    /** As for want of memory; what was between two streams keeps none of the others waiting. */
    @Test
    void open_lastCloseWasNotCleanAndOneStreamMeetsAnError_theOthersAreBroughtInOrder() throws IOException {
        expectFailures();
        closedWithStreams(30);
        AtomicBoolean isFirst = new AtomicBoolean(true);
        StreamWal wal = open(unclean(true), THIS_BOOT, new WatchedStorages(home.storage().kind(), (operation, path) -> {
            boolean isOfOneStream = operation.equals("read") && path.getParent().endsWith("s7");
            if (isOfOneStream && Thread.currentThread().getName().equals("stream-wal-recover") && isFirst.getAndSet(false)) {
                throw new OutOfMemoryError("made to fail");
            }
        }));
        await("all others are in order", () -> wal.recoveryReport().recoveredStreams() == 28);
        assertThat(recoveringThreads()).as("it tries that one again later").hasSize(1);
        assertThat(wal.recoverAll(progress -> { }).recoveredStreams()).isEqualTo(29);
        assertThat(heard().failures).anySatisfy(failure -> {
            assertThat(failure.task()).isEqualTo("recover");
            assertThat(failure.stream()).contains("s7");
            assertThat(failure.cause()).isInstanceOf(OutOfMemoryError.class);
        });
    }

    @Test
    void open_lastCloseWasNotCleanAndNoThreadsWanted_nothingHappensByItself() throws IOException {
        closedWithStreams(10);
        StreamWal wal = open(unclean(false), THIS_BOOT);
        assertThat(recoveringThreads()).isEmpty();
        assertThat(wal.recoveryReport().recoveredStreams()).isZero();
    }

    @Test
    void close_whileTheBackgroundRecovers_endsItAfterTheStreamItIsAt() throws Exception {
        closedWithStreams(30);
        CountDownLatch recovering = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        StreamWal wal = open(unclean(true), THIS_BOOT, new WatchedStorages(home.storage().kind(), (operation, path) -> {
            if (operation.equals("read") && Thread.currentThread().getName().equals("stream-wal-recover")) {
                recovering.countDown();
                awaitQuietly(goOn);
            }
        }));
        assertThat(awaitQuietly(recovering)).isTrue();
        Thread closer = new Thread(wal::close, "test-closer");
        closer.start();
        await("close waits for it", () -> closer.getState() == Thread.State.TIMED_WAITING);
        goOn.countDown();
        closer.join();
        assertThat(recoveringThreads()).isEmpty();
    }
}
