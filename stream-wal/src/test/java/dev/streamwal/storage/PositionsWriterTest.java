package dev.streamwal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.format.Positions;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.simulation.FaultPlan;
import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PositionsWriterTest {

    private static final long STEP = PositionsWriter.CEILING_STEP_BYTES;

    private FileSystem memory;
    private Path root;
    private Path file;

    @BeforeEach
    void createRoot() throws IOException {
        memory = Jimfs.newFileSystem(Configuration.unix());
        root = Files.createDirectory(memory.getPath("/log"));
        file = root.resolve(PositionsLayout.FILE_NAME);
    }

    @AfterEach
    void closeMemory() throws IOException {
        Thread.interrupted();
        memory.close();
    }

    @Test
    void load_newLog_startsAtZeroAndWritesNothing() throws IOException {
        PositionsWriter positions = PositionsWriter.load(root, () -> false);

        assertThat(positions.current()).isEqualTo(Positions.NEW);
        assertThat(file).doesNotExist();
    }

    @Test
    void open_newLog_isTheFirstIncarnation() throws IOException {
        PositionsWriter positions = PositionsWriter.load(root, () -> false);

        PositionsWriter.Opened opened = positions.open(boot("a"));
        assertThat(opened.now()).isEqualTo(positions.current());
        assertThat(opened.wasClosed()).as("nothing is as good as closed").isTrue();
        assertThat(opened.isSameBoot()).isFalse();
        assertState(positions, 0, 0, 1, "a");
        assertState(reload(), 0, 0, 1, "a");
    }

    /** Of a thread that goes on when the log is closed, and open again. */
    @Test
    void end_aChangeFollows_throwsAndLeavesTheNextWritersFile() throws IOException {
        PositionsWriter positions = PositionsWriter.load(root, () -> false);
        positions.open(boot("a"));
        positions.raiseCeiling(1);
        positions.close();
        positions.end();
        PositionsWriter next = reload();
        next.open(boot("a"));
        byte[] ofNext = Files.readAllBytes(file);
        assertThatThrownBy(positions::startAtCeiling).isInstanceOf(WalClosedException.class).hasMessage("the log is closed: file=" + file);
        assertThatThrownBy(() -> positions.raiseCeiling(Long.MAX_VALUE)).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(positions::doubtNow).isInstanceOf(WalClosedException.class);
        assertThat(file).hasBinaryContent(ofNext);
    }

    @Test
    void raiseCeiling_aCallFailsAndItIsTriedAgain_bothSlotsHaveIt() throws IOException {
        int failed = 0;
        boolean hasFailed = true;
        while (hasFailed) {
            SimulatedDisk disk = new SimulatedDisk();
            Path directory = Files.createDirectory(disk.path("/log"));
            PositionsWriter positions = PositionsWriter.load(directory, () -> false);
            positions.open(boot("a"));
            disk.failing(FaultPlan.nthOfAll(failed + 1, FaultPlan.Failure.IO_ERROR));
            hasFailed = false;
            try {
                positions.raiseCeiling(1);
            } catch (IOException e) {
                hasFailed = true;
                failed++;
            }
            disk.failing(FaultPlan.NONE);
            positions.raiseCeiling(1);
            byte[] bytes = Files.readAllBytes(directory.resolve(PositionsLayout.FILE_NAME));
            for (int slot = 0; slot < 2; slot++) {
                byte[] alone = bytes.clone();
                int other = (1 - slot) * PositionsLayout.SLOT_BYTES;
                Arrays.fill(alone, other, Math.min(alone.length, other + PositionsLayout.SLOT_BYTES), (byte) 0);
                assertThat(PositionsLayout.decode(alone)).as("slot %s, failed call %s", slot, failed)
                        .hasValueSatisfying(found -> assertThat(found.ceiling()).isEqualTo(STEP));
            }
        }
        assertThat(failed).as("calls of two slots").isGreaterThanOrEqualTo(4);
    }

    /** Behind a slot that was torn, the next write must not begin with the one that is whole. */
    @Test
    void raiseCeiling_anyTwoCallsFailOneAfterTheOther_aWholeSlotIsLeft() throws IOException {
        int tornTwice = 0;
        for (int first = 1; first <= 8; first++) {
            for (int second = 1; second <= 8; second++) {
                SimulatedDisk disk = new SimulatedDisk();
                Path directory = Files.createDirectory(disk.path("/log"));
                PositionsWriter positions = PositionsWriter.load(directory, () -> false);
                positions.open(boot("a"));
                boolean failed = failsToRaise(positions, 1, disk, first);
                failed &= failsToRaise(positions, STEP + 1, disk, second);
                tornTwice += failed ? 1 : 0;
                String when = "failed calls " + first + ", " + second;
                assertThat(PositionsWriter.load(directory, () -> true).current().incarnation()).as(when).isEqualTo(1);
                positions.raiseCeiling(STEP + 1);
                assertThat(PositionsWriter.load(directory, () -> true).current()).as(when).isEqualTo(positions.current());
                assertThat(positions.current().ceiling()).as(when).isEqualTo(2 * STEP);
            }
        }
        assertThat(tornTwice).as("pairs of calls").isGreaterThanOrEqualTo(16);
    }

    private static boolean failsToRaise(PositionsWriter positions, long position, SimulatedDisk disk, int nth) {
        disk.failing(FaultPlan.nthOfAll(nth, FaultPlan.Failure.SHORT_WRITE_THEN_IO_ERROR));
        try {
            positions.raiseCeiling(position);
            return false;
        } catch (IOException e) {
            return true;
        } finally {
            disk.failing(FaultPlan.NONE);
        }
    }

    @Test
    void open_again_isTheNextIncarnationAndStartsAtTheCeiling() throws IOException {
        PositionsWriter first = PositionsWriter.load(root, () -> false);
        first.open(boot("a"));
        first.raiseCeiling(1);

        PositionsWriter.Opened sameBoot = reload().open(boot("a"));
        assertThat(sameBoot.now().bootIncarnation()).isEqualTo(1);
        assertThat(sameBoot.isSameBoot()).isTrue();
        assertState(reload(), STEP, STEP, 2, "a");

        PositionsWriter.Opened anotherBoot = reload().open(boot("b"));
        assertThat(anotherBoot.now().incarnation()).isEqualTo(3);
        assertThat(anotherBoot.now().bootIncarnation()).isEqualTo(3);
        assertThat(anotherBoot.isSameBoot()).isFalse();
    }

    @Test
    void open_bootIdNotKnown_isNotTheSameBoot() throws IOException {
        assertThat(PositionsWriter.load(root, () -> false).open(Optional::empty).isSameBoot()).isFalse();
        assertThat(reload().open(Optional::empty).isSameBoot()).isFalse();
        assertThat(reload().open(boot("a")).isSameBoot()).isFalse();
        assertThat(reload().open(Optional::empty).isSameBoot()).isFalse();
        assertThat(reload().open(boot("a")).isSameBoot()).isFalse();
        assertThat(reload().open(boot("a")).isSameBoot()).isTrue();
    }

    @Test
    void close_tellsWhoOpensNext() throws IOException {
        PositionsWriter first = PositionsWriter.load(root, () -> false);
        first.open(boot("a"));
        first.close();

        PositionsWriter second = reload();
        PositionsWriter.Opened trusting = second.open(boot("a"));
        assertThat(trusting.wasClosed()).isTrue();
        assertThat(trusting.isCacheTrusted()).isTrue();
        PositionsWriter third = reload();
        PositionsWriter.Opened opened = third.open(boot("a"));
        assertThat(opened.wasClosed()).isFalse();
        assertThat(opened.isSameBoot()).isTrue();
        assertThat(opened.isCacheTrusted()).as("a flush of his may have failed").isFalse();
        assertThat(opened.now().isClosed(1)).isTrue();
        assertThat(opened.now().wasClosedSince(1)).isFalse();
        third.close();
        assertThat(reload().open(boot("a")).wasClosed()).isTrue();
    }

    @Test
    void raiseCeiling_belowOrAbove_goesInSteps() throws IOException {
        PositionsWriter positions = PositionsWriter.load(root, () -> false);
        positions.open(boot("a"));

        positions.raiseCeiling(1);
        assertState(reload(), STEP, 0, 1, "a");
        byte[] before = Files.readAllBytes(file);
        positions.raiseCeiling(0);
        positions.raiseCeiling(STEP);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        positions.raiseCeiling(STEP + 1);
        assertState(reload(), 2 * STEP, 0, 1, "a");
        positions.raiseCeiling(10 * STEP);
        assertState(reload(), 10 * STEP, 0, 1, "a");
        assertState(positions, 10 * STEP, 0, 1, "a");
    }

    @Test
    void raiseCeiling_lastPositions_doesNotOverflow() throws IOException {
        PositionsWriter positions = PositionsWriter.load(root, () -> false);

        positions.raiseCeiling(Long.MAX_VALUE - 1);
        assertThat(reload().current().ceiling()).isEqualTo(Long.MAX_VALUE);
        positions.raiseCeiling(Long.MAX_VALUE);
        assertThatThrownBy(() -> positions.raiseCeiling(Long.MIN_VALUE))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("position=-9223372036854775808");
    }

    @Test
    void startAtCeiling_once_isWrittenAndTwiceIsNot() throws IOException {
        PositionsWriter positions = PositionsWriter.load(root, () -> false);
        positions.open(boot("a"));
        positions.raiseCeiling(5);

        positions.startAtCeiling();
        assertState(reload(), STEP, STEP, 1, "a");
        byte[] before = Files.readAllBytes(file);
        positions.startAtCeiling();
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
    }

    /** Each cut raises the start. By 64 GiB each they would use up all positions. */
    @Test
    void raiseCeiling_afterTheStartWasRaised_goesInSmallStepsFirst() throws IOException {
        PositionsWriter positions = PositionsWriter.load(root, () -> false);
        positions.open(boot("a"));
        positions.raiseCeiling(1);
        for (int cut = 0; cut < 1_000; cut++) {
            positions.startAtCeiling();
            positions.raiseCeiling(positions.current().start() + 100);
            assertThat(positions.current().ceiling()).isGreaterThanOrEqualTo(positions.current().start() + 100);
        }
        long start = positions.current().start();
        assertThat(start).isLessThan(1_000 * (2L << 30));

        int raises = 0;
        for (long position = start; position <= start + 3 * STEP; position += 64 << 20) {
            long before = positions.current().ceiling();
            positions.raiseCeiling(position);
            assertThat(positions.current().ceiling()).isGreaterThanOrEqualTo(position);
            raises += positions.current().ceiling() > before ? 1 : 0;
        }
        assertThat(raises).as("raises for 192 GiB").isBetween(6, 10);
        assertThat(positions.current().ceiling() % STEP).isZero();
    }

    /** What replicas reckon with: {@code ShardState.BEGINNINGS_APART_BYTES}. */
    @Test
    void open_afterAnAppend_startsAStepAbove() throws IOException {
        for (long opening = 1; opening < 5; opening++) {
            PositionsWriter positions = PositionsWriter.load(root, () -> false);
            long start = positions.open(boot("a")).now().start();
            assertThat(start).isEqualTo((opening - 1) * STEP);
            positions.raiseCeiling(start + 100);
            positions.startAtCeiling();
        }
    }

    @Test
    void load_anyByteChanged_isTheSameState() throws IOException {
        PositionsWriter positions = PositionsWriter.load(root, () -> false);
        positions.open(boot("b6ee3c11-2c8f-4e0b-9d6e-6ad01c4b3f0d"));
        positions.raiseCeiling(5);
        positions.startAtCeiling();
        positions.raiseCeiling(STEP + 5);
        byte[] sound = Files.readAllBytes(file);

        for (int i = 0; i < sound.length; i++) {
            for (int change : new int[] {0x01, 0x80, 0xFF}) {
                byte[] damaged = sound.clone();
                damaged[i] ^= (byte) change;
                Files.write(file, damaged);
                assertState(reload(), STEP + PositionsWriter.FIRST_STEP_BYTES, STEP, 1, "b6ee3c11-2c8f-4e0b-9d6e-6ad01c4b3f0d");
            }
        }
    }

    @Test
    void load_cutAnywhereInAWrite_isTheStateBeforeOrAfter() throws IOException {
        PositionsWriter positions = PositionsWriter.load(root, () -> false);
        positions.open(boot("a"));
        positions.raiseCeiling(5);
        byte[] before = Files.readAllBytes(file);
        long sequence = positions.current().sequence();
        positions.startAtCeiling();
        byte[] after = Files.readAllBytes(file);
        assertThat(positions.current().sequence()).isEqualTo(sequence + 2);

        int first = (int) ((sequence + 1) % 2) * PositionsLayout.SLOT_BYTES;
        int second = (int) (sequence % 2) * PositionsLayout.SLOT_BYTES;
        byte[] image = before.clone();
        for (int slot : new int[] {first, second}) {
            for (int i = 0; i < PositionsLayout.USED_BYTES; i++) {
                image[slot + i] = after[slot + i];
                Files.write(file, image);
                long start = reload().current().start();
                if (slot == first && i < PositionsLayout.USED_BYTES - 1) {
                    assertThat(start).isIn(0L, STEP);
                } else {
                    assertThat(start).isEqualTo(STEP);
                }
                assertGoesOn();
            }
        }
        assertThat(image).isEqualTo(after);
    }

    /** Opening makes both slots whole again, so that either may be lost afterwards. */
    private void assertGoesOn() throws IOException {
        PositionsWriter positions = reload();
        positions.open(boot("a"));
        byte[] whole = Files.readAllBytes(file);
        for (int slot = 0; slot < PositionsLayout.SLOTS; slot++) {
            byte[] damaged = whole.clone();
            damaged[slot * PositionsLayout.SLOT_BYTES + 20] ^= 1;
            Files.write(file, damaged);
            Positions found = reload().current();
            assertThat(found.start()).isEqualTo(positions.current().start());
            assertThat(found.ceiling()).isEqualTo(positions.current().ceiling());
            assertThat(found.incarnation()).isEqualTo(positions.current().incarnation());
        }
    }

    @Test
    void load_fileTooShortForBothSlots_takesTheFirst() throws IOException {
        PositionsWriter.load(root, () -> false).open(boot("a"));
        byte[] sound = Files.readAllBytes(file);

        for (int length = PositionsLayout.USED_BYTES; length < sound.length; length++) {
            Files.write(file, Arrays.copyOf(sound, length));
            assertState(reload(), 0, 0, 1, "a");
        }
    }

    @Test
    void load_noValidSlotThoughThereAreStreams_isRefusedWithAWayOut() throws IOException {
        for (byte[] content : List.of(new byte[0], new byte[100], new byte[8_192], new byte[] {1, 2})) {
            Files.write(file, content);

            assertThatThrownBy(() -> PositionsWriter.load(root, () -> true))
                    .isInstanceOfSatisfying(CorruptSegmentException.class, e -> assertThat(e.file()).isEqualTo(file))
                    .hasMessageContaining("is damaged: bytes=" + content.length)
                    .hasMessageContaining("file=/log/positions")
                    .hasMessageContaining("put it back from a copy made since the log was last written");
            assertThat(Files.readAllBytes(file)).isEqualTo(content);
        }
    }

    @Test
    void load_noFileThoughThereAreStreams_isRefused() {
        assertThatThrownBy(() -> PositionsWriter.load(root, () -> true))
                .isInstanceOf(CorruptSegmentException.class).hasMessageContaining("is missing");
    }

    @Test
    void load_noValidSlotAndNoStreams_isANewLog() throws IOException {
        Files.write(file, new byte[10]);
        PositionsWriter positions = PositionsWriter.load(root, () -> false);

        assertThat(positions.current()).isEqualTo(Positions.NEW);
        positions.open(boot("a"));
        assertState(reload(), 0, 0, 1, "a");
    }

    @Test
    void raiseCeiling_writeFails_leavesTheStateAndWorksLater() throws IOException {
        PositionsWriter positions = PositionsWriter.load(root, () -> false);
        positions.open(boot("a"));
        byte[] before = Files.readAllBytes(file);
        Files.delete(file);
        Files.createDirectory(file);

        assertThatThrownBy(() -> positions.raiseCeiling(1)).isInstanceOf(IOException.class);
        assertState(positions, 0, 0, 1, "a");

        Files.delete(file);
        Files.write(file, before);
        positions.raiseCeiling(1);
        assertState(reload(), STEP, 0, 1, "a");
    }

    @Test
    void write_interruptedThread_worksAndKeepsTheFlag(@TempDir Path disk) throws IOException {
        Thread.currentThread().interrupt();
        PositionsWriter positions = PositionsWriter.load(disk, () -> false);
        positions.open(boot("a"));
        positions.raiseCeiling(1);
        PositionsWriter again = PositionsWriter.load(disk, () -> true);

        assertThat(Thread.interrupted()).isTrue();
        assertState(again, STEP, 0, 1, "a");
    }

    @Test
    void write_interruptedAllTheTime_losesNothing(@TempDir Path disk) throws Exception {
        PositionsWriter positions = PositionsWriter.load(disk, () -> false);
        positions.open(boot("a"));
        Thread victim = Thread.currentThread();
        Thread storm = new Thread(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                victim.interrupt();
                Thread.onSpinWait();
            }
        }, "storm of interrupts");
        storm.start();
        try {
            for (int step = 1; step <= 30; step++) {
                positions.raiseCeiling(step * STEP);
            }
        } finally {
            storm.interrupt();
            while (storm.isAlive()) {
                Thread.interrupted();
                Thread.onSpinWait();
            }
        }
        Thread.interrupted();

        assertState(PositionsWriter.load(disk, () -> true), 30 * STEP, 0, 1, "a");
    }

    @Test
    void write_manyThreads_coversEveryOne(@TempDir Path disk) throws Exception {
        PositionsWriter positions = PositionsWriter.load(disk, () -> false);
        positions.open(boot("a"));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> raises = new ArrayList<>();
            for (long i = 1; i <= 40; i++) {
                long position = i * STEP / 4;
                raises.add(threads.submit(() -> {
                    positions.raiseCeiling(position);
                    assertThat(PositionsWriter.load(disk, () -> true).current().ceiling())
                            .isGreaterThanOrEqualTo(position);
                    if (position % STEP == 0) {
                        positions.startAtCeiling();
                    }
                    return null;
                }));
            }
            for (Future<?> raise : raises) {
                raise.get();
            }
        } finally {
            threads.shutdownNow();
        }

        Positions found = PositionsWriter.load(disk, () -> true).current();
        assertThat(found).isEqualTo(positions.current());
        assertThat(found.ceiling()).isEqualTo(10 * STEP);
    }

    private PositionsWriter reload() throws IOException {
        return PositionsWriter.load(root, () -> true);
    }

    private static Supplier<Optional<String>> boot(String id) {
        return () -> Optional.of(id);
    }

    private static void assertState(PositionsWriter file, long ceiling, long start, long incarnation, String bootId) {
        Positions found = file.current();
        assertThat(new Positions(0, found.ceiling(), found.start(), found.incarnation(), found.bootId(), 0, 0, 0))
                .isEqualTo(new Positions(0, ceiling, start, incarnation, bootId, 0, 0, 0));
    }
}
