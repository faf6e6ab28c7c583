package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Small files that are replaced, and of which the power is lost, or a call fails, at every operation. */
class LogFileCrashTest {

    private static final int MAX_ALONE = 100;
    private static final int RANDOM = 20;
    /** Longer and shorter ones by turns, of several sectors. */
    private static final List<Integer> VERSIONS = List.of(3_000, 20, 5_000, 1_500, 5_000);

    private static byte[] version(int number) {
        byte[] content = new byte[VERSIONS.get(number)];
        Arrays.fill(content, (byte) (number + 1));
        return content;
    }

    private static void replace(SimulatedDisk disk, int number) throws IOException {
        Path directory = disk.path("/log");
        LogFile.replace(directory.resolve(".f.tmp"), directory.resolve("f"), file -> {
            byte[] content = version(number);
            int half = content.length / 2;
            file.write(0, ByteBuffer.wrap(content, 0, half));
            file.write(half, ByteBuffer.wrap(content, half, content.length - half));
        });
    }

    private static SimulatedDisk disk() throws IOException {
        SimulatedDisk disk = new SimulatedDisk();
        Files.createDirectory(disk.path("/log"));
        DirectoryForce.force(disk.path("/"));
        return disk;
    }

    /** The number of the version; -1 where there is no file. */
    private static int found(SimulatedDisk disk, String when) throws IOException {
        byte[] content = LogFile.readSmall(disk.path("/log/f"), 10_000).orElse(null);
        if (content == null) {
            return -1;
        }
        assertThat(content).as(when).isNotEmpty();
        int number = content[0] - 1;
        assertThat(number).as(when).isBetween(0, VERSIONS.size() - 1);
        assertThat(content).as(when).isEqualTo(version(number));
        return number;
    }

    @Test
    void replace_powerLostAtEveryOperation_leavesOneWholeVersionAndNoEarlierThanWhatHadReturned() throws IOException {
        SimulatedDisk disk = disk();
        int first = disk.operations();
        int[] lastOperations = new int[VERSIONS.size()];
        for (int number = 0; number < VERSIONS.size(); number++) {
            replace(disk, number);
            lastOperations[number] = disk.operations();
        }
        Set<Integer> seen = new HashSet<>();
        int bothOfOne = 0;
        for (int operation = first; operation <= disk.operations(); operation++) {
            int returned = -1;
            while (returned + 1 < VERSIONS.size() && lastOperations[returned + 1] <= operation) {
                returned++;
            }
            CrashPoint point = disk.crashPoint(operation);
            Set<Integer> here = new HashSet<>();
            for (Survival survival : point.survivals(MAX_ALONE, RANDOM, operation)) {
                String when = "power lost after operation " + operation + ", left: " + survival + " " + point.describe(survival);
                int number = found(point.state(survival), when);
                assertThat(number).as(when).isBetween(returned, returned + 1);
                here.add(number);
            }
            seen.addAll(here);
            bothOfOne += here.size() == 2 ? 1 : 0;
        }
        assertThat(seen).as("versions").hasSize(VERSIONS.size() + 1);
        assertThat(bothOfOne).as("operations behind which either may be left").isPositive();
    }

    @Test
    void replace_everyCallFailsOnce_throwsAndLeavesOneWholeVersion() throws IOException {
        for (FaultPlan.Failure failure : FaultPlan.Failure.values()) {
            int nth = 0;
            boolean failed;
            do {
                SimulatedDisk disk = disk();
                replace(disk, 0);
                disk.failing(FaultPlan.nthOfAll(++nth, failure));
                failed = true;
                try {
                    replace(disk, 1);
                    failed = false;
                } catch (IOException e) {
                    String when = failure + " of call " + nth;
                    assertThat(disk.failures()).as(when).isNotEmpty();
                    disk.failing(FaultPlan.NONE);
                    assertThat(found(disk, when)).as(when).isBetween(0, 1);
                    replace(disk, 2);
                    assertThat(found(disk, when)).as(when).isEqualTo(2);
                }
            } while (failed);
            assertThat(nth).as("calls that failed, and one").isGreaterThan(5);
        }
    }

    @Test
    void replace_renamedAndNotForced_throws() throws IOException {
        SimulatedDisk disk = disk();
        disk.failing(FaultPlan.nthOf(Call.FORCE_DIRECTORY, "log", 1, FaultPlan.Failure.IO_ERROR));
        assertThatThrownBy(() -> replace(disk, 0)).isInstanceOf(IOException.class);
        assertThat(found(disk, "renamed")).isZero();
    }
}
