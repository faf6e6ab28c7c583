package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.manifest.ManifestWriter;
import dev.streamwal.manifest.VoidRange;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The list of packs, while the power is lost, or a call fails, at every operation: no deletion that was acknowledged is undone. */
class ManifestCrashTest {

    private static final int MAX_ALONE = 100;
    private static final int RANDOM = 20;
    private static final int DELETIONS = 12;

    private static StreamKey key(int number) {
        return StreamKey.of("a key that is long enough for a change to end in another sector than it begins in: ".repeat(4) + number);
    }

    private static ManifestWriter begun(SimulatedDisk disk) throws IOException {
        Files.createDirectory(disk.path("/log"));
        DirectoryForce.force(disk.path("/"));
        ManifestWriter writer = ManifestWriter.open(disk.path("/log"));
        writer.change(before -> before.with(List.of(pack(1))));
        return writer;
    }

    private static ListedPack pack(long number) {
        return new ListedPack(number, new Window(0, 10), 100, 1, 0, false, 4_000, 3, 5);
    }

    private static void delete(ManifestWriter writer, int number) throws IOException {
        writer.change(before -> before.voided(List.of(new VoidRange(key(number), 0, 10, 2, 0))));
    }

    /** How many were deleted: the first ones, and no others. */
    private static int deleted(SimulatedDisk disk, String when) throws IOException {
        int read = ManifestFile.read(disk.path("/log")).voidRanges().size();
        ManifestWriter opened = ManifestWriter.open(disk.path("/log"));
        assertThat(opened.current().voidRanges()).as(when).hasSize(read);
        assertThat(opened.current().packsInOrder()).as(when).hasSize(1);
        Set<StreamKey> keys = new HashSet<>();
        opened.current().voidRanges().forEach(range -> keys.add(range.key()));
        for (int i = 0; i < read; i++) {
            assertThat(keys).as(when).contains(key(i));
        }
        // and it goes on
        delete(opened, read);
        assertThat(ManifestFile.read(disk.path("/log")).voidRanges()).as(when).hasSize(read + 1);
        return read;
    }

    @Test
    void makeVoid_powerLostAtEveryOperation_undoesNoDeletion() throws IOException {
        SimulatedDisk disk = new SimulatedDisk();
        ManifestWriter writer = begun(disk);
        int first = disk.operations();
        List<Integer> lastOperations = new ArrayList<>();
        for (int i = 0; i < DELETIONS; i++) {
            delete(writer, i);
            lastOperations.add(disk.operations());
        }
        int bothOfOne = 0;
        for (int operation = first; operation <= disk.operations(); operation++) {
            int returned = 0;
            while (returned < DELETIONS && lastOperations.get(returned) <= operation) {
                returned++;
            }
            CrashPoint point = disk.crashPoint(operation);
            Set<Integer> here = new HashSet<>();
            for (Survival survival : point.survivals(MAX_ALONE, RANDOM, operation)) {
                String when = "power lost after operation " + operation + ", left: " + survival + " " + point.describe(survival);
                int left = deleted(point.state(survival), when);
                assertThat(left).as(when).isBetween(returned, returned + 1);
                here.add(left);
            }
            bothOfOne += here.size() == 2 ? 1 : 0;
        }
        assertThat(bothOfOne).as("operations behind which either may be left").isPositive();
    }

    @Test
    void makeVoid_everyCallFailsOnce_undoesNoDeletion() throws IOException {
        for (FaultPlan.Failure failure : FaultPlan.Failure.values()) {
            int nth = 0;
            boolean failed;
            do {
                SimulatedDisk disk = new SimulatedDisk();
                ManifestWriter writer = begun(disk);
                delete(writer, 0);
                int first = disk.operations();
                disk.failing(FaultPlan.nthOfAll(++nth, failure));
                int returned = 1;
                for (int i = 1; i < 4; i++) {
                    try {
                        delete(writer, i);
                        returned++;
                    } catch (IOException e) {
                        break;
                    }
                }
                failed = !disk.failures().isEmpty();
                disk.failing(FaultPlan.NONE);
                String when = failure + " of call " + nth;
                assertThat(ManifestFile.read(disk.path("/log")).voidRanges().size()).as(when).isBetween(returned, returned + 1);
                for (int operation = Math.max(first, disk.operations() - 3); operation <= disk.operations(); operation++) {
                    CrashPoint point = disk.crashPoint(operation);
                    int least = operation == disk.operations() ? returned : 1;
                    for (Survival survival : point.survivals(MAX_ALONE, RANDOM, operation)) {
                        assertThat(deleted(point.state(survival), when)).as(when).isBetween(least, returned + 1);
                    }
                }
            } while (failed);
            assertThat(nth).as("calls that failed, and one").isGreaterThan(8);
        }
    }
}
