package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackHeader;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackSource;
import dev.streamwal.pack.PackWriter;
import dev.streamwal.pack.TableCache;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A pack that is written while the power is lost, or a call fails, at every operation: under its name it is whole, or not there. */
class PackCrashTest {

    private static final int MAX_ALONE = 100;
    private static final int RANDOM = 20;
    /** So that the writer's buffer is written several times. */
    private static final int PARTS = 300;

    private static final Window WINDOW = new Window(0, 1_000_000);
    private static final List<Part> CONTENT = content();

    private record Part(SegmentHeader header, byte[] frames) {}

    /** Of one frame each, short and long ones by turns. Nothing here asks whether a frame verifies: it is to be there as it was. */
    private static List<Part> content() {
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < PARTS; i++) {
            SegmentHeader header = new SegmentHeader(StreamKey.of(String.format("sensor/%04d", i)), WINDOW, 2_000_000, i * 4_096L, i * 4_096L,
                    1, i, 7, 1 << 20, 0, 0);
            int length = i % 3 == 0 ? 900 : 10;
            ByteBuffer frame = ByteBuffer.allocate((int) RecordLayout.frameBytes(0, length)).order(ByteOrder.LITTLE_ENDIAN);
            Arrays.fill(frame.array(), RecordLayout.PREFIX_BYTES, RecordLayout.PREFIX_BYTES + length, (byte) (i + 1));
            RecordLayout.encodePrefix(frame, 0, length, 0, i, 0, i);
            frame.putLong(RecordLayout.COMMIT_WORD, RecordLayout.commitWord(0));
            parts.add(new Part(header, frame.array()));
        }
        return List.copyOf(parts);
    }

    private static PackWriter writer(SimulatedDisk disk) throws IOException {
        LogFile temporary = new LogFile(disk.path("/log/.1.pack.tmp"), StandardOpenOption.READ, StandardOpenOption.WRITE);
        return PackWriter.create(temporary, disk.path("/log/1.pack"), PackHeader.ofRaw(WINDOW, 2_000_000, 1, 2, 3, 1, 4, 5, 0));
    }

    private static SimulatedDisk disk() throws IOException {
        SimulatedDisk disk = new SimulatedDisk();
        Files.createDirectory(disk.path("/log"));
        DirectoryForce.force(disk.path("/"));
        return disk;
    }

    private static void write(SimulatedDisk disk) throws IOException {
        try (PackWriter writer = writer(disk)) {
            for (Part part : CONTENT) {
                writer.part(part.header(), frames -> frames.frames(ByteBuffer.wrap(part.frames())));
            }
            writer.finish(List.of(new PackSource(PackSource.SHARED_SEGMENT, 1, 2)));
        }
    }

    /** Whether it is there; fails where it is and isn't whole. */
    private static boolean isThere(SimulatedDisk disk, String when) throws IOException {
        Path path = disk.path("/log/1.pack");
        if (Files.notExists(path)) {
            return false;
        }
        try (LogFile file = LogFile.reading(path); PackReader pack = PackReader.open(file, path, new TableCache(1 << 20))) {
            assertThat(pack.header().packNumber()).as(when).isEqualTo(1);
            assertThat(pack.sources()).as(when).hasSize(1);
            for (Part part : CONTENT) {
                PackEntry entry = pack.find(part.header().key()).orElseThrow();
                ByteBuffer found = ByteBuffer.allocate(part.frames().length);
                int read = pack.part(entry).bytes().read(found, part.header().headerLength());
                assertThat(read).as(when).isEqualTo(part.frames().length);
                assertThat(found.array()).as(when).isEqualTo(part.frames());
            }
        }
        return true;
    }

    @Test
    void pack_powerLostAtEveryOperation_isWholeOrNotThere() throws IOException {
        SimulatedDisk disk = disk();
        int first = disk.operations();
        write(disk);
        int last = disk.operations();
        assertThat(last - first).as("operations").isGreaterThan(5);
        Set<Boolean> seen = new HashSet<>();
        int eitherWay = 0;
        for (int operation = first; operation <= last; operation++) {
            CrashPoint point = disk.crashPoint(operation);
            Set<Boolean> here = new HashSet<>();
            for (Survival survival : point.survivals(MAX_ALONE, RANDOM, operation)) {
                String when = "power lost after operation " + operation + ", left: " + survival;
                here.add(isThere(point.state(survival), when));
            }
            if (operation == last) {
                assertThat(here).as("once finish has returned").containsExactly(true);
            }
            seen.addAll(here);
            eitherWay += here.size() == 2 ? 1 : 0;
        }
        assertThat(seen).containsExactlyInAnyOrder(true, false);
        assertThat(eitherWay).as("operations behind which either may be left").isPositive();
    }

    /** What the force before the rename is for: without it some crash leaves the name and not the bytes. */
    @Test
    void pack_thatIsNotForced_isNotWholeAtSomeCrash() throws IOException {
        SimulatedDisk disk = disk();
        Path path = disk.path("/log/1.pack");
        Path temporary = disk.path("/log/.copy.tmp");
        write(disk);
        byte[] whole = Files.readAllBytes(path);
        Files.delete(path);
        DirectoryForce.force(disk.path("/log"));
        LogFile unforced = new LogFile(temporary, StandardOpenOption.WRITE);
        unforced.create();
        unforced.write(0, ByteBuffer.wrap(whole));
        unforced.close();
        LogFile.rename(temporary, path);
        DirectoryForce.force(disk.path("/log"));
        CrashPoint point = disk.crashPoint(disk.operations());
        int broken = 0;
        for (Survival survival : point.survivals(MAX_ALONE, RANDOM, 1)) {
            try {
                broken += isThere(point.state(survival), "unforced") ? 0 : 1;
            } catch (IOException | RuntimeException | AssertionError e) {
                broken++;
            }
        }
        assertThat(broken).as("states in which a pack without its force is there and broken").isPositive();
    }

    @Test
    void pack_everyCallFailsOnce_throwsAndIsWholeOrNotThereAndCanBeWrittenAgain() throws IOException {
        for (FaultPlan.Failure failure : FaultPlan.Failure.values()) {
            int nth = 0;
            boolean failed;
            do {
                SimulatedDisk disk = disk();
                disk.failing(FaultPlan.nthOfAll(++nth, failure));
                failed = true;
                try {
                    write(disk);
                    failed = false;
                } catch (IOException e) {
                    String when = failure + " of call " + nth;
                    assertThat(disk.failures()).as(when).isNotEmpty();
                    disk.failing(FaultPlan.NONE);
                    boolean isThere = isThere(disk, when);
                    Files.deleteIfExists(disk.path("/log/.1.pack.tmp"));
                    if (!isThere) {
                        write(disk);
                        assertThat(isThere(disk, when)).as(when).isTrue();
                    }
                }
            } while (failed);
            assertThat(nth).as("calls that failed, and one").isGreaterThan(5);
        }
    }

    @Test
    void pack_killedWhileItIsWritten_isNotThere() throws IOException {
        SimulatedDisk disk = disk();
        PackWriter writer = writer(disk);
        writer.part(CONTENT.get(0).header(), frames -> frames.frames(ByteBuffer.wrap(CONTENT.get(0).frames())));
        disk.kill();
        assertThat(isThere(disk, "killed")).isFalse();
    }
}
