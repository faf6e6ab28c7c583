package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.WalOptions;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.pack.BlockCache;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackReader;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.VerifyReport;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.Call;
import dev.streamwal.simulation.FaultPlan;
import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A sector that has gone bad, and stays so, in a file that many streams share. It is damage of what stands in it: the other streams are read, appended to, swept
 * and packed as ever.
 */
@Tag("long")
class BadSectorTest {

    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final int PACKED_WINDOWS = 5;
    private static final int LATER_WINDOWS = 40;
    private static final int RETAINED_WINDOWS = 20;
    private static final int STREAMS = 12;
    private static final int RECORDS = 20;
    /** Enough for a table of more than a page. */
    private static final int PACKED_STREAMS = 250;
    private static final int PAGE_BYTES = 4 << 10;
    private static final int DATA_OFFSET = 4 * PAGE_BYTES + 512;
    private static final String OWN = "own/1";
    private static final String CUT = "cut/1";

    private enum Place {
        SHARED_DATA, SHARED_HEADER, SHARED_FOOTER, PACK_FOOTER, PACK_TABLE, KEYS;

        boolean isShared() {
            return this == SHARED_DATA || this == SHARED_HEADER || this == SHARED_FOOTER;
        }
    }

    private final SimulatedDisk disk = new SimulatedDisk();
    private Path root = disk.path("/log");
    private Instant now = START;
    private long salt;
    /** How many records each stream has. */
    private final Map<String, Long> written = new TreeMap<>();
    private final Map<String, Long> ends = new TreeMap<>();
    private @Nullable StreamWal killed;

    /** Its memory is given back; its file system refuses everything. */
    @AfterEach
    void release() {
        try {
            if (killed != null) {
                killed.close();
            }
        } catch (RuntimeException e) {
            assertThat(e).hasMessageContaining("close");
        }
    }

    static Stream<Arguments> places() {
        return Stream.of(Place.values()).flatMap(place -> Stream.of(Arguments.of(place, false), Arguments.of(place, true)));
    }

    private WalOptions options() {
        return WalOptions.builder().clock(() -> now).window(WINDOW).retention(WINDOW.multipliedBy(RETAINED_WINDOWS)).segmentBytes(256 << 10)
                .maxRecordBytes(1_000).ownSegments(0).sweepInterval(Duration.ZERO)
                .streams("own/*", StreamOptions.builder().segments(Segments.OWN).build())
                .streams("cut/*", StreamOptions.builder().durability(Durability.IMMEDIATE).build()).build();
    }

    private StreamWal open() {
        return SimulatedLog.open(root, options(), "boot", false, new Random(++salt)::nextLong);
    }

    private static String key(int stream) {
        return "s%02d".formatted(stream);
    }

    private EntryRef append(StreamWal wal, String key) {
        long number = written.merge(key, 1L, Long::sum);
        EntryRef ref = wal.stream(key).append(now.toEpochMilli(), Content.of(number));
        ends.put(key, ref.end());
        return ref;
    }

    private void appendToAll(StreamWal wal, int records) {
        for (int stream = 0; stream < STREAMS; stream++) {
            for (int i = 0; i < records; i++) {
                EntryRef unused = append(wal, key(stream));
            }
        }
    }

    /** Some packs, a file of an own stream that has expired, and two shared segments that aren't packed. */
    private void write(boolean isCutInJournal) {
        try (StreamWal wal = open()) {
            EntryRef unused = append(wal, OWN);
            for (int window = 0; window < PACKED_WINDOWS; window++) {
                appendToAll(wal, 2);
                for (int i = 0; i < PACKED_STREAMS; i++) {
                    unused = append(wal, "p%03d".formatted(i));
                }
                now = now.plus(WINDOW.multipliedBy(2));
                SimulatedLog.runBackground(wal);
                assertThat(wal.pack()).isPositive();
            }
        }
        now = START.plus(WINDOW.multipliedBy(LATER_WINDOWS));
        try (StreamWal wal = open()) {
            appendToAll(wal, RECORDS);
        }
        StreamWal last = open();
        appendToAll(last, 1);
        EntryRef kept = append(last, CUT);
        EntryRef unused = append(last, CUT);
        last.stream(CUT).truncateAfter(kept);
        written.put(CUT, 1L);
        if (isCutInJournal) {
            disk.kill();
            killed = last;
            root = disk.path("/log");
        } else {
            last.close();
        }
    }

    private List<Path> files(String directory, String ending) throws IOException {
        try (Stream<Path> all = Files.walk(root.resolve(directory))) {
            return all.filter(file -> file.toString().endsWith(ending)).sorted().toList();
        }
    }

    private List<Path> sharedFiles() throws IOException {
        return files("segments/" + StreamKey.SHARED.directoryName(), ".seg");
    }

    /** Returns the file with the bad sector. */
    private Path spoil(Place place) throws IOException {
        Path file = switch (place) {
            case SHARED_DATA, SHARED_HEADER, SHARED_FOOTER -> sharedFiles().get(0);
            case PACK_FOOTER, PACK_TABLE -> files("packs", ".pack").get(0);
            case KEYS -> PackFiles.keys(root);
        };
        long size = Files.size(file);
        switch (place) {
            case SHARED_HEADER -> disk.bad(file, 0, 512);
            case SHARED_DATA -> disk.bad(file, DATA_OFFSET, DATA_OFFSET + 512);
            case SHARED_FOOTER, PACK_FOOTER -> disk.bad(file, size - 16, size);
            case PACK_TABLE -> disk.bad(file, tableOffset(file), tableOffset(file) + 1);
            case KEYS -> disk.bad(file, 0, size);
        }
        return file;
    }

    /** The table takes more than one page. */
    private static long tableOffset(Path pack) throws IOException {
        try (ChannelCache channels = new ChannelCache(1)) {
            long number = PackFiles.parse(pack.getFileName().toString()).orElseThrow();
            long offset = PackReader.open(channels, pack, number, new BlockCache(0)).footer().tableOffset();
            assertThat(Files.size(pack) / PAGE_BYTES).isGreaterThan(offset / PAGE_BYTES + 1);
            return offset;
        }
    }

    /** The streams of which all records are read; of all others damage is told. */
    private List<String> whole(WalReader reader) {
        List<String> whole = new ArrayList<>();
        written.forEach((key, records) -> {
            VerifyReport report = reader.verify(key);
            if (report.records() == records && scanned(reader, key) == records) {
                whole.add(key);
            } else {
                assertThat(report.damage()).as(key).isNotEmpty();
                assertThat(scanned(reader, key)).as(key).isNegative();
            }
        });
        return whole;
    }

    /** How many records a scan gives; -1 where it tells of damage. */
    private static long scanned(WalReader reader, String key) {
        long records = 0;
        boolean isDamaged = false;
        try (EntryCursor cursor = reader.scan(key)) {
            for (boolean more = true; more; ) {
                try {
                    more = cursor.next();
                    records += more ? 1 : 0;
                } catch (CorruptSegmentException e) {
                    isDamaged = true;
                }
            }
        }
        return isDamaged ? -1 : records;
    }

    /** What stands in the bad page, and in it alone, is gone. */
    private void assertRead(WalReader reader, Place place) {
        // what doesn't verify in a segment without a footer is damage when it has stayed so for two seconds
        await(() -> reader.keys().containsAll(written.keySet()) && reader.verify(CUT).records() == written.get(CUT));
        List<String> whole = whole(reader);
        assertThat(whole).as("%s", place).contains(OWN, CUT);
        switch (place) {
            case SHARED_DATA, SHARED_FOOTER -> assertThat(whole).contains(key(0), "p000").doesNotContain(place == Place.SHARED_DATA ? key(6) : key(STREAMS - 1))
                    .hasSizeGreaterThanOrEqualTo(written.size() - 4);
            case SHARED_HEADER -> assertThat(whole).contains("p000").doesNotContain(key(0)).hasSize(written.size() - STREAMS);
            case PACK_TABLE -> assertThat(whole).contains("p%03d".formatted(PACKED_STREAMS - 1)).hasSizeBetween(written.size() / 4, written.size() - 1);
            case PACK_FOOTER, KEYS -> assertThat(whole).hasSameSizeAs(written.keySet());
        }
    }

    private static void await(BooleanSupplier condition) {
        long begun = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - begun).isLessThan(TimeUnit.MINUTES.toNanos(5));
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }

    @ParameterizedTest
    @MethodSource("places")
    void staysBad_whatStandsInItIsDamagedAndAllElseGoesOn(Place place, boolean isCutInJournal) throws IOException {
        write(isCutInJournal);
        List<Path> oldPacks = files("packs", ".pack");
        List<Path> ownFiles = files("segments/" + StreamKey.of(OWN).directoryName(), ".seg");
        Path file = spoil(place);
        byte[] content = disk.content().get(file.toString());
        try (WalReader reader = WalReader.open(root)) {
            assertRead(reader, place);
        }
        try (StreamWal wal = open()) {
            assertAppended(wal);
            try (WalReader reader = wal.reader()) {
                assertRead(reader, place);
            }
            List<Path> unpacked = sharedFiles();
            if (place.isShared()) {
                // the disk may be able to read it a moment later: only the next pass packs it
                int unused = wal.pack();
                assertThat(sharedFiles()).contains(file);
            }
            assertSwept(wal, place, ownFiles, oldPacks);
            // a sweep packs first what nothing is appended to any more
            assertThat(sharedFiles()).hasSize(1);
            now = now.plus(WINDOW.multipliedBy(2));
            assertThat(wal.pack()).isPositive();
            assertThat(unpacked).hasSize(3).noneMatch(Files::exists);
            if (place.isShared()) {
                assertThat(files("quarantine", ".aside")).hasSize(1)
                        .allSatisfy(kept -> assertThat(disk.content().get(kept.toString())).isEqualTo(content));
            }
            // all before these has expired
            assertThat(wal.reader().verify("new").records()).isEqualTo(1);
            assertThat(wal.reader().verify(CUT).records()).isEqualTo(written.get(CUT));
            assertAppended(wal);
        }
        if (place.isShared()) {
            // so the original can be had once the disk reads it again
            disk.bad(files("quarantine", ".aside").get(0), 0, 0);
        }
        try (StreamWal wal = open()) {
            assertAppended(wal);
            assertThat(wal.reader().verify(CUT).damage()).isEmpty();
            assertThat(wal.reader().verify(CUT).records()).isEqualTo(written.get(CUT));
        }
    }

    /** Streams go on where they ended or behind that, also those that come for the first time. */
    private void assertAppended(StreamWal wal) {
        Map<String, Long> before = Map.copyOf(ends);
        for (String key : List.copyOf(written.keySet())) {
            assertThat(append(wal, key).position()).as(key).isGreaterThanOrEqualTo(before.get(key));
        }
        for (String key : List.of("new", "own/new")) {
            if (!before.containsKey(key)) {
                EntryRef unused = append(wal, key);
            }
        }
    }

    private void assertSwept(StreamWal wal, Place place, List<Path> ownFiles, List<Path> oldPacks) {
        SweepResult swept = wal.sweep(now);
        // a pack that can't be read is told of, and goes as a whole
        assertThat(swept.failedSegments()).isLessThanOrEqualTo(place == Place.PACK_FOOTER || place == Place.PACK_TABLE ? 1 : 0);
        assertThat(ownFiles).hasSize(1).noneMatch(Files::exists);
        assertThat(oldPacks.stream().filter(Files::exists).count()).isLessThanOrEqualTo(1);
    }

    /** As long as nothing was packed meanwhile, nothing is the worse for it. */
    @ParameterizedTest
    @MethodSource("places")
    void isBadForAWhile_allIsThereAgain(Place place, boolean isCutInJournal) throws IOException {
        write(isCutInJournal);
        Path file = spoil(place);
        try (StreamWal wal = open()) {
            assertAppended(wal);
            assertRead(wal.reader(), place);
        }
        if (Files.exists(file)) {
            disk.bad(file, 0, 0);
        }
        try (StreamWal wal = open()) {
            assertAppended(wal);
            assertThat(whole(wal.reader())).containsExactlyElementsOf(written.keySet());
        }
    }

    /** The next one says that the stream ended before it, as far as was known then. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isBadForAWhile_theNewestSharedSegment_allIsThereAgain(boolean isCutInJournal) throws IOException {
        write(isCutInJournal);
        List<Path> shared = sharedFiles();
        Path newest = shared.get(shared.size() - 1);
        disk.bad(newest, 0, 512);
        try (StreamWal wal = open()) {
            assertAppended(wal);
        }
        assertThat(newest).exists();
        disk.bad(newest, 0, 0);
        try (StreamWal wal = open()) {
            assertAppended(wal);
            assertThat(whole(wal.reader())).containsExactlyElementsOf(written.keySet());
        }
    }

    /** As of a disk in the network. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void pack_someReadsFail_nothingIsLeftOut(int times) throws IOException {
        write(false);
        try (StreamWal wal = open()) {
            now = now.plus(WINDOW.multipliedBy(2));
            appendToAll(wal, 1);
            disk.failing(new FaultPlan(0, EnumSet.of(Call.READ), "/" + StreamKey.SHARED.directoryName() + "/", 1, times, FaultPlan.Failure.IO_ERROR));
            for (int i = 0; i < 4; i++) {
                int unused = wal.pack();
            }
            assertThat(sharedFiles()).hasSize(1);
            assertThat(root.resolve("quarantine")).doesNotExist();
            assertThat(whole(wal.reader())).containsExactlyElementsOf(written.keySet());
        }
    }

    /** Nobody knows where a segment ends that is still appended to. */
    @ParameterizedTest
    @EnumSource(names = {"SHARED_HEADER", "SHARED_DATA"})
    void pack_whatIsStillAppendedToCantBeRead_isLeft(Place place) throws IOException {
        try (StreamWal wal = open()) {
            appendToAll(wal, RECORDS);
            Path file = spoil(place);
            assertThat(wal.pack()).isZero();
            appendToAll(wal, 1);
            assertThat(file).exists();
            disk.bad(file, 0, 0);
            try (WalReader reader = WalReader.open(root)) {
                assertThat(whole(reader)).containsExactlyElementsOf(written.keySet());
            }
        }
    }
}
