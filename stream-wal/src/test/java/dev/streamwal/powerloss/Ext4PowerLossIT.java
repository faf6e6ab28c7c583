package dev.streamwal.powerloss;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.ChildJvm;
import dev.streamwal.Durability;
import dev.streamwal.Scale;
import dev.streamwal.powerloss.PowerLossWriter.Word;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Loses the power of a real ext4 below a writing process, again and again: at random moments while four threads append at all levels, and
 * while the log is opened and recovered. After each loss, in the same boot of the machine, the log is read whole by a plain scan of every
 * key, in the process that writes it next and in another one. Nothing that was promised is missing, every byte is as it was appended, no
 * position is given twice over the log's whole history, no batch is there in part, and nothing throws or tells of lost data. -Dseed says
 * what is appended and about when the power goes.
 *
 * <p>In the profile {@code powerloss}; {@link LoopDisk} says what is needed, and what kind of power loss this is.
 */
class Ext4PowerLossIT {

    private static final int LOSSES = 30;
    private static final int LOSSES_PER_LOG = 5;
    private static final int DISK_MEBIBYTES = 512;
    private static final int MIN_APPENDING_MILLIS = 50;
    private static final int MAX_APPENDING_MILLIS = 3_500;
    /** After the start of a process that is to lose its power while it opens the log. */
    private static final int MAX_OPENING_MILLIS = 700;
    /** What a process may go on for without power. */
    private static final int MAX_POWERLESS_MILLIS = 100;
    private static final List<String> FLAGS = List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:+DisplayVMOutputToStderr");

    private final long seed = Long.getLong("seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final Map<LoopDisk.Loss, Integer> losses = new EnumMap<>(LoopDisk.Loss.class);
    private final Map<Durability, Long> appended = new EnumMap<>(Durability.class);
    private int early;
    private int closed;
    private long promised;
    private long lost;
    private long unacknowledged;
    private long told;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory;

    @BeforeAll
    static void tryOnce() throws IOException {
        LoopDisk.rehearse();
    }

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void powerLostAtRandomMoments_everythingPromisedIsRead_withoutAnyException() throws Exception {
        System.out.println("Ext4PowerLossIT: -Dseed=" + seed);
        int wanted = Math.max(1, (int) Math.round(LOSSES * Scale.factor()));
        for (int done = 0; done < wanted; done += LOSSES_PER_LOG) {
            try (LoopDisk disk = LoopDisk.create(DISK_MEBIBYTES)) {
                new PoweredLog(disk, done / LOSSES_PER_LOG).run(Math.min(LOSSES_PER_LOG, wanted - done));
            }
        }
        System.out.printf("Ext4PowerLossIT: power lost %s, %d times of these while the log was opened; %d clean closes; appended %s; "
                        + "looked for %d records that were promised, all there; %d buffered ones lost, %d there that nobody had acknowledged; "
                        + "recovery told of %d streams%n",
                losses, early, closed, appended, promised, lost, unacknowledged, told);
    }

    /** One log, over several losses. */
    private final class PoweredLog {

        private final LoopDisk disk;
        private final int number;
        private final PowerLossLedger ledger;
        /** Processes that had the log open. */
        private int round;
        /** What the last process read so far. */
        private NavigableMap<String, NavigableMap<Long, Stamped>> found = new TreeMap<>();

        PoweredLog(LoopDisk disk, int number) {
            this.disk = disk;
            this.number = number;
            this.ledger = new PowerLossLedger("log " + number + " of -Dseed=" + seed);
        }

        void run(int wanted) throws Exception {
            for (int done = 0; done < wanted; done++) {
                if (random.nextInt(4) == 0) {
                    open(false, 0);
                }
                boolean whileOpening = random.nextInt(5) == 0;
                early += whileOpening ? 1 : 0;
                open(true, whileOpening ? random.nextInt(MAX_OPENING_MILLIS) : 0);
            }
            open(false, 0);
            ledger.appended.forEach((level, count) -> appended.merge(level, count, Long::sum));
            promised += ledger.promised;
            lost += ledger.lost;
            unacknowledged += ledger.unacknowledged;
        }

        /**
         * A process that opens the log, and then closes it or loses its power.
         *
         * @param openingMillis after which the power goes, however far it is by then; 0: while it appends
         */
        private void open(boolean losing, int openingMillis) throws Exception {
            Path errors = directory.resolve("errors-" + number + "-" + round);
            Process process = disk.usedBy(ChildJvm.of(FLAGS, PowerLossWriter.class, disk.directory().toString(), "" + round,
                    "" + random.nextLong()).directory(directory.toFile()).redirectError(errors.toFile()).start());
            PowerCut cut = new PowerCut(disk, process, random.nextInt(MAX_POWERLESS_MILLIS));
            found = new TreeMap<>();
            try (BufferedReader lines = process.inputReader()) {
                if (losing && openingMillis > 0) {
                    cut.after(openingMillis);
                }
                Word last = Word.TOLD;
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    last = take(line);
                    if (last == Word.READ) {
                        ledger.settle(found, round - 1);
                        if (openingMillis == 0) {
                            readFromHere();
                            tell(process, losing ? PowerLossWriter.APPEND : PowerLossWriter.CLOSE);
                            if (losing) {
                                cut.after(random.nextInt(MIN_APPENDING_MILLIS, MAX_APPENDING_MILLIS));
                            }
                        }
                    }
                }
                if (losing) {
                    losses.merge(cut.await(), 1, Integer::sum);
                } else {
                    assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
                    assertThat(last).isEqualTo(Word.CLOSED);
                    closed++;
                }
            } finally {
                process.destroyForcibly().waitFor();
            }
            if (losing) {
                disk.remount();
            }
            round++;
        }

        private Word take(String line) {
            String[] words = line.split(" ");
            Word word = Word.valueOf(words[0]);
            switch (word) {
                case FOUND -> {
                    Stamped stamp = Stamped.parse(words[4]);
                    ledger.found(words[1], Long.parseLong(words[2]), Integer.parseInt(words[3]), stamp);
                    found.computeIfAbsent(words[1], any -> new TreeMap<>()).put(Long.parseLong(words[2]), stamp);
                }
                case APPENDED -> ledger.appended(Durability.valueOf(words[1]), words[2], Long.parseLong(words[3]),
                        Integer.parseInt(words[4]), Stamped.parse(words[5]));
                case DURABLE -> ledger.durable(words[1], Long.parseLong(words[2]));
                case FAILED -> throw new AssertionError(line + "; log " + number + ", round " + round + " of -Dseed=" + seed);
                case TOLD -> told++;
                case OPEN, READ, POWERLESS, CLOSED -> { }
            }
            return word;
        }

        /** All that the writing process has read; nobody appends, and no power goes meanwhile. */
        private void readFromHere() {
            try (WalReader reader = WalReader.open(PowerLossWriter.root(disk.directory()))) {
                NavigableMap<String, NavigableMap<Long, Stamped>> here = new TreeMap<>();
                for (String key : reader.keys()) {
                    try (EntryCursor cursor = reader.scan(key)) {
                        while (cursor.next()) {
                            here.computeIfAbsent(key, any -> new TreeMap<>()).put(cursor.position(), Stamped.read(cursor));
                        }
                    }
                }
                assertThat(here).as("what another process reads, log %d, round %d, -Dseed=%d", number, round, seed).isEqualTo(found);
            }
        }

        private static void tell(Process process, String what) throws IOException {
            process.outputWriter().append(what).append('\n').flush();
        }
    }

    /** Takes the power in a while, and ends the process soon after. */
    private final class PowerCut {

        private final LoopDisk disk;
        private final Process process;
        private final int powerlessMillis;
        private final LoopDisk.Loss loss = LoopDisk.Loss.values()[random.nextInt(LoopDisk.Loss.values().length)];
        private final List<FutureTask<LoopDisk.Loss>> begun = new ArrayList<>();

        PowerCut(LoopDisk disk, Process process, int powerlessMillis) {
            this.disk = disk;
            this.process = process;
            this.powerlessMillis = powerlessMillis;
        }

        void after(int millis) {
            FutureTask<LoopDisk.Loss> task = new FutureTask<>(() -> {
                Thread.sleep(millis);
                assertThat(process.isAlive()).as("the process goes on until it is killed").isTrue();
                disk.losePower(loss);
                Thread.sleep(powerlessMillis);
                // by its handle, which leaves what it has said to be read
                boolean unused = process.toHandle().destroyForcibly();
                return loss;
            });
            begun.add(task);
            new Thread(task, "power-cut").start();
        }

        LoopDisk.Loss await() throws InterruptedException, ExecutionException {
            return begun.get(0).get();
        }
    }
}
