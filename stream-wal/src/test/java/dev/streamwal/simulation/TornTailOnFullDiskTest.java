package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.Durability;
import dev.streamwal.RecoveryReport;
import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.DiskFullException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.recovery.Quarantine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Power is lost while the disk is nearly full, and leaves a torn tail that is larger than what is free: in a shared segment it is cut without a copy, as it was
 * promised to nobody, and all streams go on; a stream of its own waits for room.
 */
@Tag("portable")
class TornTailOnFullDiskTest {

    private static final String KEY = "s";
    private static final int DURABLE = 3;
    private static final int TORN = 60;
    private static final int TORN_BYTES = 500;
    private static final int FREE_BYTES = 16 << 10;

    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private Segments segments = Segments.SHARED;
    /** Position behind all that was appended before the loss of power. */
    private long end;

    private StreamWal open(SimulatedDisk disk, String boot) {
        WalOptions.Builder options = WalOptions.builder().clock(() -> now).segmentBytes(64 << 10).maxRecordBytes(8 << 10).ownSegments(0)
                .streams(KEY, StreamOptions.builder().segments(segments).build())
                .sweepInterval(Duration.ZERO);
        return SimulatedLog.open(disk.path("/log"), options.build(), boot, false, new Random(boot.hashCode())::nextLong);
    }

    /** A few records are durable; of many more behind them one sector isn't there. */
    private SimulatedDisk torn() {
        SimulatedDisk disk = new SimulatedDisk(16 << 20);
        StreamWal wal = open(disk, "boot");
        for (int i = 1; i <= DURABLE; i++) {
            wal.stream(KEY).append(WriteEntry.of(new byte[i]), Durability.IMMEDIATE);
        }
        for (int i = 0; i < TORN; i++) {
            end = wal.stream(KEY).append(WriteEntry.of(new byte[TORN_BYTES]), Durability.BUFFERED).end();
        }
        CrashPoint point = disk.crashPoint(disk.mark());
        Survival all = point.allKept();
        List<CrashPoint.Item> items = point.items();
        List<Integer> sectors = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            if (items.get(i).part() == CrashPoint.Part.SECTOR && items.get(i).what().contains(".seg")) {
                sectors.add(i);
            }
        }
        SimulatedDisk left = point.state(all.with(sectors.get(4), 0));
        wal.close();
        return left;
    }

    private static void fill(SimulatedDisk disk) throws IOException {
        Files.write(disk.path("/filler"), new byte[(int) (disk.usableBytes() - FREE_BYTES)]);
    }

    private static List<Path> setAside(SimulatedDisk disk) throws IOException {
        Path folder = disk.path("/log").resolve(Quarantine.NAME);
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void open_aTornTailThatTheDiskHasNoRoomToSetAside_cutsItAndGoesOn() throws IOException {
        SimulatedDisk disk = torn();
        fill(disk);
        now = now.plus(Duration.ofDays(2));

        StreamWal wal = open(disk, "after");
        List<Integer> found = SimulatedLog.lengths(wal, KEY);
        assertThat(wal.pack()).as("what is packed makes room").isPositive();
        EntryRef next = wal.stream(KEY).append(WriteEntry.of(new byte[7]), Durability.IMMEDIATE);
        RecoveryReport.Sums sums = wal.recoveryReport().totals();
        wal.close();

        assertThat(found).startsWith(1, 2, 3).hasSizeLessThan(DURABLE + TORN);
        assertThat(next.position()).as("not given again").isGreaterThanOrEqualTo(end);
        assertThat(sums.bytesCut()).isGreaterThan(FREE_BYTES);
        assertThat(sums.bytesSetAside()).isZero();
        assertThat(setAside(disk)).as("what was written of the copy is gone").noneMatch(file -> file.toString().endsWith(".tmp"));
        assertThat(disk.failures()).as("the disk was asked once").hasSize(1);
        found.add(7);
        assertThat(SimulatedLog.lengths(open(disk, "later"), KEY)).isEqualTo(found);
    }

    /** Where a machine has no id of its boot, perhaps only the process was killed: records behind a slot in flight were to survive that. */
    @Test
    void append_recordsBehindATornOne_perhapsOnlyTheProcessHasEnded_waitsForRoom() throws IOException {
        SimulatedDisk disk = torn();
        fill(disk);
        StreamWal wal = open(disk, "");
        assertThatThrownBy(() -> wal.stream(KEY).append(new byte[7])).isInstanceOf(DiskFullException.class);
        assertThat(setAside(disk)).as("a copy that failed keeps no room").noneMatch(file -> file.toString().endsWith(".tmp"));
        Files.delete(disk.path("/filler"));
        EntryRef next = wal.stream(KEY).append(WriteEntry.of(new byte[7]), Durability.IMMEDIATE);
        RecoveryReport.Sums sums = wal.recoveryReport().totals();
        wal.close();

        assertThat(next.position()).as("not given again").isGreaterThanOrEqualTo(end);
        assertThat(sums.bytesSetAside()).isGreaterThanOrEqualTo(sums.bytesCut()).isGreaterThan(FREE_BYTES);
    }

    @Test
    void append_aTornTailOfItsOwnThatTheDiskHasNoRoomToSetAside_waitsForRoom() throws IOException {
        segments = Segments.OWN;
        SimulatedDisk disk = torn();
        fill(disk);
        StreamWal wal = open(disk, "after");
        for (int attempt = 1; attempt <= 2; attempt++) {
            assertThatThrownBy(() -> wal.stream(KEY).append(new byte[7])).isInstanceOf(DiskFullException.class).hasMessageContaining("can't open the stream");
            assertThat(setAside(disk)).as("a copy that failed keeps no room").isEmpty();
        }
        Files.delete(disk.path("/filler"));
        EntryRef next = wal.stream(KEY).append(WriteEntry.of(new byte[7]), Durability.IMMEDIATE);
        RecoveryReport.Sums sums = wal.recoveryReport().totals();
        wal.close();

        assertThat(next.position()).as("not given again").isGreaterThanOrEqualTo(end);
        assertThat(sums.bytesSetAside()).isEqualTo(sums.bytesCut()).isGreaterThan(FREE_BYTES);
        assertThat(setAside(disk)).hasSize(1);
    }
}
