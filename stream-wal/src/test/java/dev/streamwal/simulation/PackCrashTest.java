package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordChecksum;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackHeader;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackWriter;
import dev.streamwal.pack.BlockCache;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A pack that is written while the power is lost, or a call fails, at every operation: under its name it is whole, or not there. */
class PackCrashTest {

    private static final int MAX_ALONE = 100;
    private static final int RANDOM = 20;
    /** So that the writer's buffer is written several times. */
    private static final int SEGMENTS = 300;

    private static final Window WINDOW = new Window(0, 1_000_000);
    private static final List<Sample> CONTENT = content();

    /** A segment with one record. */
    private record Sample(SegmentHeader header, byte[] frames, Footer footer) implements SegmentBytes {

        /** Nothing reads its header. */
        @Override
        public int read(ByteBuffer target, long offset) {
            int from = (int) offset - header.headerLength();
            int count = Math.min(target.remaining(), frames.length - from);
            target.put(frames, from, count);
            return count;
        }

        @Override
        public long size() {
            return footer.dataEnd();
        }
    }

    /** Short and long ones by turns. */
    private static List<Sample> content() {
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < SEGMENTS; i++) {
            SegmentHeader header = new SegmentHeader(StreamKey.of(String.format("sensor/%04d", i)), WINDOW, 2_000_000, i * 4_096L, i * 4_096L,
                    1, i, 7, 1 << 20, 0, 0);
            byte[] content = new byte[i % 3 == 0 ? 900 : 10];
            // nothing that could be stored smaller: there is to be more than one write
            new Random(i).nextBytes(content);
            ByteBuffer frame = ByteBuffer.allocate((int) RecordLayout.frameBytes(0, content.length)).order(ByteOrder.LITTLE_ENDIAN);
            RecordChecksum checksum = new RecordChecksum();
            checksum.reset();
            checksum.update(content, 0, content.length);
            long word = RecordLayout.commitWord(0);
            RecordLayout.encodePrefix(frame, 0, content.length, 0,
                    checksum.finish(header.salt(), header.basePosition(), word, content.length, 0, 0, i), 0, i);
            frame.putLong(RecordLayout.COMMIT_WORD, word);
            frame.put(RecordLayout.PREFIX_BYTES, content);
            SegmentIndex index = new SegmentIndex();
            index.add(header.headerLength(), i);
            samples.add(new Sample(header, frame.array(), new Footer(header.headerLength() + frame.capacity(), frame.capacity(), index)));
        }
        return List.copyOf(samples);
    }

    private static PackWriter writer(SimulatedDisk disk) throws IOException {
        LogFile temporary = new LogFile(disk.path("/log/.1.pack.tmp"), StandardOpenOption.READ, StandardOpenOption.WRITE);
        return PackWriter.create(temporary, disk.path("/log/1.pack"), new PackHeader(1, WINDOW, 2_000_000, 3, 0, 4, 5).inBlocks(), null);
    }

    private static SimulatedDisk disk() throws IOException {
        SimulatedDisk disk = new SimulatedDisk();
        Files.createDirectory(disk.path("/log"));
        DirectoryForce.force(disk.path("/"));
        return disk;
    }

    private static void write(SimulatedDisk disk) throws IOException {
        try (PackWriter writer = writer(disk)) {
            for (Sample sample : CONTENT) {
                writer.add(sample.header(), sample.footer(), sample);
            }
            writer.finish();
        }
    }

    /** Whether it is there; fails where it is and isn't whole. */
    private static boolean isThere(SimulatedDisk disk, String when) throws IOException {
        Path path = disk.path("/log/1.pack");
        if (Files.notExists(path)) {
            return false;
        }
        try (ChannelCache channels = new ChannelCache(1); PackReader pack = PackReader.open(channels, path, 1, new BlockCache(1 << 20))) {
            for (Sample sample : CONTENT) {
                List<PackEntry> entries = pack.find(sample.header().key());
                assertThat(entries).as(when).hasSize(1);
                ByteBuffer found = ByteBuffer.allocate(sample.frames().length);
                try (var bytes = pack.open(entries.get(0))) {
                    assertThat(bytes.read(found, sample.header().headerLength())).as(when).isEqualTo(sample.frames().length);
                }
                assertThat(found.array()).as(when).isEqualTo(sample.frames());
            }
        }
        return true;
    }

    /** Nobody lists it, and nobody looks for it before the next opening. */
    @Test
    void finish_itsNameCantBeForced_leavesNoFile() throws IOException {
        SimulatedDisk disk = disk();
        disk.failing(FaultPlan.nthOf(Call.FORCE_DIRECTORY, "log", 1, FaultPlan.Failure.IO_ERROR));
        assertThatThrownBy(() -> write(disk)).hasMessageEndingWith("Input/output error");
        assertThat(disk.content().keySet()).noneMatch(path -> path.contains("pack"));
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
        writer.add(CONTENT.get(0).header(), CONTENT.get(0).footer(), CONTENT.get(0));
        disk.kill();
        assertThat(isThere(disk, "killed")).isFalse();
    }
}
