package dev.streamwal.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.simulation.FaultPlan.Failure;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentMapping;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.SimulatedStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Each rule of the fault model of {@link SimulatedDisk}. */
class SimulatedDiskTest {

    private static final int SECTOR = DiskFile.SECTOR_BYTES;
    private static final int RANDOM_STATES = 400;

    private final SimulatedDisk disk = new SimulatedDisk();

    // ---------------------------------------------------------------- doing things

    private Path path(String name) {
        return disk.path("/" + name);
    }

    private FileChannel create(String name) throws IOException {
        return FileChannel.open(path(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private static void write(FileChannel file, long offset, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(UTF_8));
        while (bytes.hasRemaining()) {
            offset += file.write(bytes, offset);
        }
    }

    /** A file whose content and name are durable. */
    private FileChannel durable(String name, String text) throws IOException {
        FileChannel file = create(name);
        write(file, 0, text);
        file.force(true);
        forceDirectory("");
        return file;
    }

    private void forceDirectory(String name) throws IOException {
        try (FileChannel directory = FileChannel.open(path(name), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    private static String sectors(String each) {
        StringBuilder text = new StringBuilder();
        for (char letter : each.toCharArray()) {
            text.append(String.valueOf(letter).repeat(SECTOR));
        }
        return text.toString();
    }

    // ---------------------------------------------------------------- what may be left

    /** Every state that a crash now may leave, of those that are tried, as a line each. */
    private Set<String> leftNow() {
        return leftOf(disk);
    }

    private static Set<String> leftOf(SimulatedDisk disk) {
        CrashPoint point = disk.crashPoint(disk.mark());
        Set<String> left = new TreeSet<>();
        for (Survival survival : point.survivals(100, RANDOM_STATES, 7)) {
            left.add(line(point.state(survival)));
        }
        return left;
    }

    /** Files with the first letter of each sector, a dot for zero, and what is left over of the last. */
    private static String line(SimulatedDisk state) {
        List<String> parts = new ArrayList<>();
        for (Map.Entry<String, byte[]> entry : state.content().entrySet()) {
            StringBuilder letters = new StringBuilder();
            byte[] bytes = entry.getValue();
            for (int i = 0; i < bytes.length; i += SECTOR) {
                letters.append(letter(bytes[i]));
            }
            int rest = bytes.length % SECTOR;
            parts.add(entry.getKey() + (entry.getKey().endsWith("/") ? "" : "=" + letters + (rest == 0 ? "" : "+" + rest)));
        }
        return String.join(" ", parts);
    }

    private static char letter(byte value) {
        return value == 0 ? '.' : (char) value;
    }

    // ---------------------------------------------------------------- content

    @Test
    void write_notForced_eachSectorForItselfIsLostOrKept() throws IOException {
        try (FileChannel file = durable("a", sectors("xyz"))) {
            write(file, 0, sectors("AB"));
            assertThat(leftNow()).containsExactlyInAnyOrder("/a=xyz", "/a=Ayz", "/a=xBz", "/a=ABz");
        }
    }

    @Test
    void write_twice_anyContentMayBeLeft() throws IOException {
        try (FileChannel file = durable("a", sectors("x"))) {
            write(file, 0, sectors("A"));
            write(file, 0, sectors("B"));
            assertThat(leftNow()).containsExactlyInAnyOrder("/a=x", "/a=A", "/a=B");
        }
    }

    @Test
    void write_partOfASector_isNeverTornWithinIt() throws IOException {
        try (FileChannel file = durable("a", sectors("x"))) {
            write(file, 0, "AAAA");
            CrashPoint point = disk.crashPoint(disk.mark());
            Set<String> left = new HashSet<>();
            for (Survival survival : point.survivals(100, RANDOM_STATES, 1)) {
                left.add(new String(point.state(survival).content().get("/a"), UTF_8).substring(0, 6));
            }
            assertThat(left).containsExactlyInAnyOrder("xxxxxx", "AAAAxx");
        }
    }

    @Test
    void force_file_makesContentAndLengthDurableAndNotTheName() throws IOException {
        try (FileChannel file = create("a")) {
            write(file, 0, sectors("A"));
            file.force(true);
            assertThat(leftNow()).containsExactlyInAnyOrder("", "/a=A");
            forceDirectory("");
            assertThat(leftNow()).containsExactly("/a=A");
        }
    }

    @Test
    void force_directory_makesTheNameDurableAndNothingOfTheFile() throws IOException {
        try (FileChannel file = create("a")) {
            write(file, 0, sectors("A"));
            forceDirectory("");
            assertThat(leftNow()).containsExactlyInAnyOrder("/a=", "/a=.", "/a=A");
        }
    }

    // ---------------------------------------------------------------- length

    @Test
    void write_extends_lengthMayBeAnyThatItHad() throws IOException {
        try (FileChannel file = durable("a", "")) {
            write(file, 0, sectors("A"));
            write(file, SECTOR, "B");
            assertThat(leftNow()).containsExactlyInAnyOrder("/a=", "/a=.", "/a=A", "/a=..+1", "/a=.B+1", "/a=A.+1", "/a=AB+1");
        }
    }

    @Test
    void truncate_kept_leavesZerosOrWhatWasWrittenLaterBehindIt() throws IOException {
        try (FileChannel file = durable("a", sectors("xy"))) {
            file.truncate(SECTOR);
            write(file, SECTOR, sectors("B"));
            // cut and extended: never y again, but where the cut was lost
            assertThat(leftNow()).containsExactlyInAnyOrder("/a=xy", "/a=xB", "/a=x", "/a=x.");
            CrashPoint point = disk.crashPoint(disk.mark());
            assertThat(line(point.state(point.allKept()))).isEqualTo("/a=xB");
        }
    }

    @Test
    void truncate_withinASector_zerosTheRestOfIt() throws IOException {
        try (FileChannel file = durable("a", sectors("x"))) {
            file.truncate(4);
            write(file, SECTOR, "B");
            CrashPoint point = disk.crashPoint(disk.mark());
            Set<String> left = new HashSet<>();
            for (Survival survival : point.survivals(100, RANDOM_STATES, 1)) {
                byte[] bytes = point.state(survival).content().get("/a");
                left.add(new String(bytes, 0, Math.min(6, bytes.length), UTF_8) + bytes.length);
            }
            assertThat(left).containsExactlyInAnyOrder("xxxxxx512", "xxxx4", "xxxx\u0000\u0000" + (SECTOR + 1));
        }
    }

    @Test
    void force_afterTruncate_nothingOfItComesBack() throws IOException {
        try (FileChannel file = durable("a", sectors("xy"))) {
            file.truncate(SECTOR);
            file.force(true);
            write(file, 2 * SECTOR, "B");
            assertThat(leftNow()).containsExactlyInAnyOrder("/a=x", "/a=x..+1", "/a=x.B+1");
        }
    }

    // ---------------------------------------------------------------- names

    @Test
    void create_severalNotForced_anySubsetIsLeft() throws IOException {
        create("a").close();
        create("b").close();
        assertThat(leftNow()).containsExactlyInAnyOrder("", "/a=", "/b=", "/a= /b=");
    }

    @Test
    void rename_notForced_isWholeOrLost() throws IOException {
        durable("a", "1").close();
        durable("b", "2").close();
        Files.move(path("a"), path("b"), StandardCopyOption.ATOMIC_MOVE);
        assertThat(leftNow()).containsExactlyInAnyOrder("/a=1+1 /b=2+1", "/b=1+1");
    }

    @Test
    void rename_ofANewFile_mayBeKeptAloneOrLostAlone() throws IOException {
        try (FileChannel file = create("tmp")) {
            write(file, 0, "1");
            file.force(true);
        }
        Files.move(path("tmp"), path("a"));
        assertThat(leftNow()).containsExactlyInAnyOrder("", "/tmp=1+1", "/a=1+1");
    }

    @Test
    void rename_betweenDirectories_isOneChangeAndDurableByEither() throws IOException {
        durable("a", "1").close();
        Files.createDirectory(path("d"));
        forceDirectory("");
        Files.move(path("a"), path("d/b"));
        assertThat(leftNow()).containsExactlyInAnyOrder("/a=1+1 /d/", "/d/ /d/b=1+1");
        forceDirectory("d");
        assertThat(leftNow()).containsExactly("/d/ /d/b=1+1");
    }

    @Test
    void delete_notForced_mayComeBack() throws IOException {
        durable("a", "1").close();
        Files.delete(path("a"));
        assertThat(leftNow()).containsExactlyInAnyOrder("", "/a=1+1");
        forceDirectory("");
        assertThat(leftNow()).containsExactly("");
    }

    @Test
    void createDirectory_notForced_losesWhatIsInItWhateverWasForcedThere() throws IOException {
        Files.createDirectory(path("d"));
        try (FileChannel file = create("d/a")) {
            write(file, 0, "1");
            file.force(true);
        }
        forceDirectory("d");
        assertThat(leftNow()).containsExactlyInAnyOrder("", "/d/ /d/a=1+1");
        forceDirectory("");
        assertThat(leftNow()).containsExactly("/d/ /d/a=1+1");
    }

    @Test
    void deleteDirectory_notForced_mayComeBack() throws IOException {
        Files.createDirectory(path("d"));
        forceDirectory("");
        Files.delete(path("d"));
        assertThat(leftNow()).containsExactlyInAnyOrder("", "/d/");
    }

    @Test
    void link_notForced_isOneFileUnderEitherName() throws IOException {
        durable("a", "1").close();
        Files.createLink(path("b"), path("a"));
        assertThat(leftNow()).containsExactlyInAnyOrder("/a=1+1", "/a=1+1 /b=1+1");
        CrashPoint point = disk.crashPoint(disk.mark());
        SimulatedDisk left = point.state(point.allKept());
        assertThat(Files.isSameFile(left.path("/a"), left.path("/b"))).isTrue();
    }

    // ---------------------------------------------------------------- mappings

    @Test
    void store_mapped_eachSectorMayBeWrittenBackAtAnyTime() throws IOException {
        SegmentStorage storage = SimulatedStorage.mapped();
        durable("a", sectors("xyz.").replace('.', '\0')).close();
        try (SegmentFile file = storage.open(path("a"))) {
            SegmentMapping mapping = file.map(4 * SECTOR);
            mapping.buffer().put(0, (byte) 'A').put(SECTOR, (byte) 'B');
            int unused = disk.mark();
            mapping.buffer().put(0, (byte) 'C');
            assertThat(leftNow()).containsExactlyInAnyOrder("/a=xyz.", "/a=Ayz.", "/a=Cyz.", "/a=xBz.", "/a=ABz.", "/a=CBz.");
            file.force();
            assertThat(leftNow()).containsExactly("/a=CBz.");
            ByteBuffer read = ByteBuffer.allocate(1);
            mapping.buffer().put(0, (byte) 'D');
            assertThat(file.read(read, 0)).isEqualTo(1);
            assertThat(read.get(0)).isEqualTo((byte) 'D');
            file.write(SECTOR, ByteBuffer.wrap(new byte[] {'E'}));
            assertThat(mapping.buffer().get(SECTOR)).isEqualTo((byte) 'E');
            mapping.unmap();
        }
        assertThat(line(disk)).isEqualTo("/a=DEz.");
    }

    @Test
    void store_behindTheFileOrIntoAHole_isAnError() throws IOException {
        SegmentStorage storage = SimulatedStorage.mapped();
        durable("a", sectors("x")).close();
        try (SegmentFile file = storage.open(path("a"))) {
            SegmentMapping mapping = file.map(2 * SECTOR);
            mapping.buffer().put(SECTOR, (byte) 'A');
            assertThatThrownBy(disk::mark).isInstanceOf(AssertionError.class).hasMessageContaining("hole");
            mapping.buffer().put(SECTOR, (byte) 0);
            file.truncate(SECTOR);
            mapping.buffer().put(SECTOR, (byte) 'A');
            assertThatThrownBy(disk::mark).isInstanceOf(AssertionError.class).hasMessageContaining("behind the end");
        }
    }

    // ---------------------------------------------------------------- processes and machines

    @Test
    void kill_losesNothingAndEndsTheProcess() throws IOException {
        SegmentStorage storage = SimulatedStorage.mapped();
        Path path = path("a");
        SegmentFile file = storage.create(path);
        file.write(0, ByteBuffer.wrap(sectors("xy").getBytes(UTF_8)));
        SegmentMapping mapping = file.map(2 * SECTOR);
        mapping.buffer().put(0, (byte) 'A');
        disk.kill();
        mapping.buffer().put(SECTOR, (byte) 'B');
        assertThat(line(disk)).isEqualTo("/a=Ay");
        assertThatThrownBy(() -> file.write(0, ByteBuffer.wrap(new byte[1]))).isInstanceOf(IOException.class)
                .hasMessageContaining("killed");
        assertThatThrownBy(() -> Files.size(path)).isInstanceOf(IOException.class).hasMessageContaining("killed");
        assertThat(Files.size(path("a"))).isEqualTo(2 * SECTOR);
        assertThat(leftNow()).as("the page cache is no more durable than before").contains("", "/a=..", "/a=Ay");
    }

    @Test
    void crashPoint_earlier_knowsNothingOfWhatCameLater() throws IOException {
        try (FileChannel file = durable("a", sectors("x"))) {
            write(file, 0, sectors("A"));
            int before = disk.mark();
            file.force(true);
            write(file, 0, sectors("B"));
            Files.delete(path("a"));
            CrashPoint point = disk.crashPoint(before);
            assertThat(line(point.state(point.allLost()))).isEqualTo("/a=x");
            assertThat(line(point.state(point.allKept()))).isEqualTo("/a=A");
        }
    }

    @Test
    void state_isADiskOfItsOwn() throws IOException {
        try (FileChannel file = durable("a", sectors("x"))) {
            write(file, 0, sectors("A"));
            CrashPoint point = disk.crashPoint(disk.mark());
            SimulatedDisk left = point.state(point.allLost());
            assertThat(leftOf(left)).as("all that is left is durable").containsExactly("/a=x");
            Files.write(left.path("/a"), sectors("B").getBytes(UTF_8));
            assertThat(line(left)).isEqualTo("/a=B");
            assertThat(line(disk)).isEqualTo("/a=A");
            assertThat(line(point.state(point.allLost()))).isEqualTo("/a=x");
        }
    }

    // ---------------------------------------------------------------- faults

    @Test
    void failing_nthCall_failsOnceAndLeavesNothing() throws IOException {
        try (FileChannel file = durable("a", sectors("x"))) {
            disk.failing(FaultPlan.nthOf(Call.WRITE, "a$", 2, Failure.IO_ERROR));
            write(file, 0, "A");
            assertThatThrownBy(() -> write(file, 0, "B")).isInstanceOf(IOException.class).hasMessage("Input/output error");
            write(file, 0, "C");
            assertThat(line(disk)).isEqualTo("/a=C");
            assertThat(disk.failures()).hasSize(1);
        }
    }

    @Test
    void failing_everyCallOfAll_failsInTurn() throws IOException {
        for (int n = 1; n <= 6; n++) {
            SimulatedDisk each = new SimulatedDisk();
            each.failing(FaultPlan.nthOfAll(n, Failure.DISK_FULL));
            List<String> failed = new ArrayList<>();
            try {
                Files.createDirectory(each.path("/d"));
                try (FileChannel file = FileChannel.open(each.path("/d/a"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                    write(file, 0, "A");
                    file.force(true);
                }
                Files.move(each.path("/d/a"), each.path("/d/b"));
                Files.delete(each.path("/d/b"));
            } catch (IOException e) {
                failed.add(e.getMessage());
            }
            assertThat(failed).as("call " + n).hasSize(1).allMatch(text -> text.contains("No space left on device"));
        }
    }

    @Test
    void failing_shortWrite_writesHalfAndThenFails() throws IOException {
        try (FileChannel file = durable("a", "")) {
            disk.failing(FaultPlan.nthOf(Call.WRITE, "", 1, Failure.SHORT_WRITE_THEN_DISK_FULL));
            assertThatThrownBy(() -> write(file, 0, sectors("ABCD"))).hasMessage("No space left on device");
            assertThat(line(disk)).isEqualTo("/a=AB");
            write(file, 0, sectors("E"));
            assertThat(line(disk)).isEqualTo("/a=EB");
        }
    }

    @Test
    void failing_force_leavesPagesThatTheNextForceDoesNotWrite() throws IOException {
        try (FileChannel file = durable("a", sectors("xy"))) {
            write(file, 0, sectors("AB"));
            disk.failing(FaultPlan.nthOf(Call.FORCE, "", 1, Failure.IO_ERROR));
            assertThatThrownBy(() -> file.force(true)).hasMessage("Input/output error");
            file.force(true);
            assertThat(leftNow()).containsExactlyInAnyOrder("/a=xy", "/a=Ay", "/a=xB", "/a=AB");
            write(file, 0, sectors("A"));
            file.force(true);
            assertThat(leftNow()).as("what is written again").containsExactlyInAnyOrder("/a=Ay", "/a=AB");
        }
    }

    @Test
    void write_noRoom_takesWhatFitsAndThenRefuses() throws IOException {
        SimulatedDisk small = new SimulatedDisk(2 * SECTOR);
        try (FileChannel file = FileChannel.open(small.path("/a"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            assertThatThrownBy(() -> write(file, 0, sectors("ABC"))).hasMessage("No space left on device");
            assertThat(line(small)).isEqualTo("/a=AB");
            assertThat(Files.getFileStore(small.path("/")).getUsableSpace()).isZero();
            write(file, 0, sectors("D"));
            file.truncate(SECTOR);
            assertThat(Files.getFileStore(small.path("/")).getUsableSpace()).isEqualTo(SECTOR);
        }
        Files.delete(small.path("/a"));
        assertThat(Files.getFileStore(small.path("/")).getUsableSpace()).isEqualTo(2 * SECTOR);
    }

    @Test
    void state_zerosThatWereForced_takeRoomAndCanBeWrittenOver() throws IOException {
        SimulatedDisk small = new SimulatedDisk(2 * SECTOR);
        try (FileChannel file = FileChannel.open(small.path("/a"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.allocate(2 * SECTOR), 0);
            file.force(true);
        }

        CrashPoint point = small.crashPoint(small.mark());
        SimulatedDisk left = point.state(point.allKept());

        assertThat(left.usableBytes()).isZero();
        try (FileChannel file = FileChannel.open(left.path("/a"), StandardOpenOption.WRITE)) {
            write(file, 0, sectors("AB"));
        }
        assertThat(line(left)).isEqualTo("/a=AB");
    }

    // ---------------------------------------------------------------- lies

    @Test
    void lying_ignoresForces_nothingIsDurable() throws IOException {
        disk.lying(Lies.ignoringForcesOf("a$"));
        durable("a", sectors("A")).close();
        durable("b", sectors("B")).close();
        assertThat(leftNow()).containsExactlyInAnyOrder("/a= /b=B", "/a=. /b=B", "/a=A /b=B");
        disk.lying(Lies.ignoringForcesOfDirectories());
        durable("c", "").close();
        assertThat(leftNow()).contains("/a=A /b=B", "/a=A /b=B /c=");
    }

    @Test
    void lying_forcesLate_isDurableTwoOperationsLater() throws IOException {
        disk.lying(Lies.forcingLate("a$"));
        try (FileChannel file = durable("a", sectors("A"))) {
            int forced = disk.mark() - 1;
            assertThat(disk.operation(forced).call()).isEqualTo(Call.FORCE);
            write(file, 0, sectors("B"));
            assertThat(states(forced + 1)).contains("/a=", "/a=A");
            assertThat(states(forced + 2)).containsExactlyInAnyOrder("/a=A", "/a=B");
        }
    }

    private Set<String> states(int operation) {
        CrashPoint point = disk.crashPoint(operation);
        Set<String> left = new TreeSet<>();
        point.survivals(100, RANDOM_STATES, 3).forEach(survival -> left.add(line(point.state(survival))));
        return left;
    }

    @Test
    void lying_holdsForcesBack_isDurableWhenADeletionIs() throws IOException {
        durable("b", "").close();
        disk.lying(Lies.holdingForcesBackBehindADeletion("a$"));
        durable("a", sectors("A")).close();
        assertThat(states(disk.mark())).contains("/a= /b=");
        Files.delete(path("b"));
        assertThat(states(disk.mark())).contains("/a=", "/a= /b=");
        forceDirectory("");
        assertThat(states(disk.mark())).containsExactly("/a=A");
    }

    // ---------------------------------------------------------------- choices

    @Test
    void survivals_areDifferentAndTheSameForTheSameSeed() throws IOException {
        try (FileChannel file = create("a")) {
            write(file, 0, sectors("ABCDEF"));
            write(file, SECTOR, sectors("XYZ"));
            CrashPoint point = disk.crashPoint(disk.mark());
            List<Survival> some = new ArrayList<>(point.survivals(4, 50, 11));
            assertThat(some).doesNotHaveDuplicates().hasSizeGreaterThan(40);
            assertThat(some).isEqualTo(new ArrayList<>(point.survivals(4, 50, 11)));
            assertThat(some).isNotEqualTo(new ArrayList<>(point.survivals(4, 50, 12)));
            assertThat(point.describe(point.allKept())).isEmpty();
            assertThat(point.describe(point.allLost())).hasSize(point.items().size());
        }
    }

    // ---------------------------------------------------------------- content

    private interface Change {
        void on(Path file) throws IOException;
    }

    private static ContentHash.Value changed(Change change) throws IOException {
        SimulatedDisk other = new SimulatedDisk();
        Path file = other.path("/file");
        Files.write(file, sectors("ab").getBytes(UTF_8));
        change.on(file);
        return other.contentHash();
    }

    private static Change writing(long offset, String text) {
        return file -> {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                write(channel, offset, text);
            }
        };
    }

    @Test
    void contentHash_differsInWhatProcessesSee_andInNothingElse() throws IOException {
        Set<ContentHash.Value> hashes = new HashSet<>();
        List<Change> changes = List.of(
                writing(0, ""),
                writing(0, "b"),
                writing(SECTOR, "a"),
                writing(2L * SECTOR - 1, "a"),
                writing(2L * SECTOR, "\0"),
                writing(2L * SECTOR, sectors("\0")),
                writing(3L * SECTOR, sectors("\0")),
                file -> Files.move(file, file.resolveSibling("other")),
                file -> Files.createDirectory(file.resolveSibling("other")),
                file -> Files.createFile(file.resolveSibling("other")),
                file -> Files.createLink(file.resolveSibling("other"), file),
                file -> Files.copy(file, file.resolveSibling("other")));
        for (Change change : changes) {
            assertThat(hashes.add(changed(change))).isTrue();
            assertThat(changed(change)).isIn(hashes);
        }
        assertThat(changed(writing(0, "a"))).as("the same bytes, written again").isEqualTo(changed(writing(0, "")));
    }
}
