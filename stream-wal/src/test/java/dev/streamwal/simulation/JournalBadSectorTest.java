package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.Durability;
import dev.streamwal.RecoveryPolicy;
import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.commit.JournalSizes;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.journal.JournalFiles;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A page of the commit journal that the disk can't read, after a power loss that left the records in the journal alone. Where it matters, nobody takes the
 * journal for whole; where it doesn't, nobody notices.
 */
@Tag("portable")
class JournalBadSectorTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final String KEY = "s";
    private static final int PAGE_BYTES = 4 << 10;
    private static final int FILE_BYTES = 8 * PAGE_BYTES;
    private static final int RECORD_BYTES = 500;
    private static final int LARGE_BYTES = 6_000;
    /** So many records of the usual size, of which a file has some fifty, that it has no room for a large one in some of these cases. */
    private static final int FROM_RECORDS = 35;
    private static final int TO_RECORDS = 60;

    private final List<StreamWal> opened = new ArrayList<>();
    private long end;
    private int appended;
    private int recordBytes = RECORD_BYTES;
    private int blockBytes = PAGE_BYTES;

    @AfterEach
    void close() {
        opened.forEach(StreamWal::close);
    }

    private StreamWal open(SimulatedDisk disk, RecoveryPolicy policy) {
        WalOptions options = WalOptions.builder().clock(() -> NOW).segmentBytes(1 << 20).maxRecordBytes(LARGE_BYTES).sweepInterval(Duration.ZERO)
                .recoveryPolicy(policy).streams(KEY, StreamOptions.builder().segments(Segments.OWN).build()).build();
        StreamWal wal = SimulatedLog.open(disk.path("/log"), options, "boot" + disk.operations(), false, new Random(disk.operations())::nextLong,
                new JournalSizes(FILE_BYTES, FILE_BYTES, 4 * FILE_BYTES, blockBytes, blockBytes / 2));
        opened.add(wal);
        return wal;
    }

    /** Each record begins with its number. */
    private void append(StreamWal wal, int records) {
        for (int i = 0; i < records; i++) {
            byte[] content = ByteBuffer.allocate(recordBytes).putInt(appended++).array();
            EntryRef ref = wal.stream(KEY).append(WriteEntry.of(content), Durability.IMMEDIATE);
            assertThat(ref.position()).as("not given before").isGreaterThanOrEqualTo(end);
            end = ref.end();
        }
    }

    private static List<Integer> numbers(StreamWal wal) {
        List<Integer> numbers = new ArrayList<>();
        try (WalReader reader = wal.reader(); EntryCursor cursor = reader.scan(KEY)) {
            while (cursor.next()) {
                numbers.add(cursor.content().getInt(0));
            }
        }
        return numbers;
    }

    /** What a power loss leaves of it: of what wasn't forced nothing. */
    private static SimulatedDisk afterPowerLoss(SimulatedDisk disk) {
        CrashPoint point = disk.crashPoint(disk.mark());
        return point.state(point.allLost());
    }

    private static List<Path> journal(SimulatedDisk disk) throws IOException {
        return JournalFiles.list(disk.path("/log"));
    }

    private void assertAllIsThere(StreamWal wal) {
        assertThat(numbers(wal)).hasSize(appended).isSorted().endsWith(appended - 1);
    }

    /** Fills all files of the journal, more than once; nothing is written where it can't be read. */
    private void assertJournalGoesRound(SimulatedDisk disk, StreamWal wal, Path bad) {
        int begun = disk.history().size();
        append(wal, 5 * FILE_BYTES / RECORD_BYTES);
        assertThat(disk.history().subList(begun, disk.history().size())).noneMatch(line -> line.contains("WRITE " + bad + ' '));
        assertThat(bad).doesNotExist();
    }

    private void forEachPage(SimulatedDisk written, BiPredicate<SimulatedDisk, Path> check, int least, int most) throws IOException {
        int passed = 0;
        int files = journal(afterPowerLoss(written)).size();
        long endBefore = end;
        int appendedBefore = appended;
        for (int file = 0; file < files; file++) {
            for (int page = 0; page < FILE_BYTES / PAGE_BYTES; page++) {
                end = endBefore;
                appended = appendedBefore;
                SimulatedDisk disk = afterPowerLoss(written);
                Path bad = journal(disk).get(file);
                disk.bad(bad, (long) page * PAGE_BYTES + 512, (long) page * PAGE_BYTES + 1024);
                passed += check.test(disk, bad) ? 1 : 0;
            }
        }
        assertThat(passed).isBetween(least, most);
    }

    private SimulatedDisk written(int records) {
        SimulatedDisk disk = new SimulatedDisk();
        append(open(disk, RecoveryPolicy.STOP_AT_FIRST_ERROR), records);
        return disk;
    }

    /** Reads of the journal fail, and succeed again at a later attempt within the same opening. */
    @ParameterizedTest
    @EnumSource(RecoveryPolicy.class)
    void open_someReadsOfTheJournalFail_hasAllOrSaysWhatIsMissing(RecoveryPolicy policy) {
        blockBytes = 1 << 10;
        SimulatedDisk written = written(3 * FILE_BYTES / RECORD_BYTES);
        int told = 0;
        for (int nth = 1; nth <= 30; nth++) {
            for (int times = 1; times <= 4; times++) {
                SimulatedDisk disk = afterPowerLoss(written);
                disk.failing(new FaultPlan(0, EnumSet.of(Call.READ), "commit", nth, times, FaultPlan.Failure.IO_ERROR));
                try {
                    StreamWal wal = open(disk, policy);
                    if (wal.recoveryReport().streams().stream().allMatch(stream -> stream.findings().isEmpty())) {
                        assertAllIsThere(wal);
                    } else {
                        told++;
                    }
                } catch (WalException e) {
                    told++;
                    disk.failing(FaultPlan.NONE);
                    assertAllIsThere(open(disk, policy));
                }
            }
        }
        assertThat(told).isPositive();
    }

    /** Returns whether it opens. */
    private boolean opensOrRefuses(SimulatedDisk disk, Path bad) {
        StreamWal wal;
        try {
            wal = open(disk, RecoveryPolicy.STOP_AT_FIRST_ERROR);
        } catch (CorruptSegmentException e) {
            assertThat(e).hasMessageContaining("file=" + bad);
            disk.repaired(bad);
            assertAllIsThere(open(disk, RecoveryPolicy.STOP_AT_FIRST_ERROR));
            return false;
        }
        assertAllIsThere(wal);
        return true;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 50, 100, 400})
    void open_aPageCantBeRead_hasAllOrIsRefused(int records) throws IOException {
        SimulatedDisk disk = written(records);
        int pages = journal(disk).size() * FILE_BYTES / PAGE_BYTES;
        // a block may hold one record, and its frame
        int needed = Math.min(pages, records * (RECORD_BYTES + 200) / PAGE_BYTES + 1);
        forEachPage(disk, this::opensOrRefuses, Math.max(0, pages - needed - journal(disk).size()), pages - 1);
    }

    /** Where it isn't damage, the file that has it is given up. */
    @Test
    void open_aPageThatIsNotNeededCantBeRead_theFileIsGivenUp() throws IOException {
        SimulatedDisk disk = afterPowerLoss(written(5));
        Path bad = journal(disk).get(0);
        disk.bad(bad, FILE_BYTES - 512, FILE_BYTES);
        StreamWal wal = open(disk, RecoveryPolicy.STOP_AT_FIRST_ERROR);
        assertAllIsThere(wal);
        assertJournalGoesRound(disk, wal, bad);
        assertAllIsThere(open(afterPowerLoss(disk), RecoveryPolicy.STOP_AT_FIRST_ERROR));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 50, 100, 400})
    void open_damageIsSkipped_goesOnAndNothingComesBack(int records) throws IOException {
        assertDamageIsSkipped(written(records), records);
    }

    /** What couldn't be read began a file, as it was too large for the rest of the one before; what follows isn't. */
    @Test
    void open_damageAtTheBeginningOfAFileIsSkipped_goesOnAndNothingComesBack() throws IOException {
        blockBytes = 4 * PAGE_BYTES;
        for (int records = FROM_RECORDS; records < TO_RECORDS; records++) {
            end = 0;
            appended = 0;
            SimulatedDisk written = written(records - 1);
            recordBytes = LARGE_BYTES;
            append(opened.get(opened.size() - 1), 1);
            recordBytes = RECORD_BYTES;
            assertDamageIsSkipped(written, records);
        }
    }

    private void assertDamageIsSkipped(SimulatedDisk written, int records) throws IOException {
        forEachPage(written, (disk, bad) -> {
            StreamWal wal = open(disk, RecoveryPolicy.SKIP_BAD_RECORDS);
            List<Integer> left = numbers(wal);
            assertThat(left).isSorted().doesNotHaveDuplicates().allMatch(number -> number < records);
            boolean isWhole = left.size() == records;
            append(wal, 3);
            SimulatedDisk again = afterPowerLoss(disk);
            if (Files.exists(again.path(bad.toString()))) {
                again.repaired(again.path(bad.toString()));
            }
            for (SimulatedDisk each : List.of(disk, again)) {
                if (each == disk) {
                    wal.close();
                }
                appended = records + 3;
                StreamWal next = open(each, RecoveryPolicy.SKIP_BAD_RECORDS);
                List<Integer> expected = new ArrayList<>(left);
                expected.addAll(List.of(records, records + 1, records + 2));
                assertThat(numbers(next)).isEqualTo(expected);
                append(next, 5 * FILE_BYTES / RECORD_BYTES);
                next.close();
            }
            return isWhole;
        }, 0, journal(written).size() * FILE_BYTES / PAGE_BYTES - 1);
    }

    /** What the frontier is needed for can't be told from the files. */
    @Test
    void open_theFrontierIsMissingAndAFileCantBeRead_isRefused() throws IOException {
        SimulatedDisk disk = afterPowerLoss(written(5));
        Path bad = journal(disk).get(0);
        disk.bad(bad, 0, 512);
        Files.delete(FrontierFile.path(disk.path("/log")));
        assertThatThrownBy(() -> open(disk, RecoveryPolicy.STOP_AT_FIRST_ERROR)).isInstanceOf(CorruptSegmentException.class)
                .hasMessageContaining("frontier").hasMessageContaining("file=" + bad);
    }
}
