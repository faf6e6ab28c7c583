package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.streamwal.journal.Frontier;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import dev.streamwal.recovery.JournalRedo;
import dev.streamwal.recovery.RedoResult;
import dev.streamwal.recovery.RedoneSegment;
import dev.streamwal.storage.ChannelStorage;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real second process is killed while it appends at all levels, deletes, or opens the log. Everything it was told of is in the log, what
 * was on its way is there whole or not at all, nothing that was deleted comes back, and appending goes on; also where the log takes the
 * machine for restarted, and does its journal again. Every third log is encrypted, and its keys are rotated: no file has plaintext, and no
 * two records a nonce. A log is killed ten times over before the next one is begun; -Dseed says what is appended and about when the kills
 * come, which no seed can repeat to the instruction.
 */
class KillTest {

    private static final int KILLS = 200;
    private static final int KILLS_PER_LOG = 10;
    /** A log with plaintext and an encrypted one: with fewer, chance decides what was acknowledged before the kills. */
    private static final int MIN_KILLS = 2 * KILLS_PER_LOG;
    /** A kill that comes no later than this after the start hits the opening of the log, too. */
    private static final int MAX_EARLY_MILLIS = 150;
    private static final int MIN_APPENDING_MILLIS = 20;
    private static final int MAX_APPENDING_MILLIS = 250;
    private static final int KILLED = 128 + 9;
    /** The round's "thread" in which the parent appends. */
    private static final int PARENT = KillScript.THREADS;
    private static final int PARENT_CALLS = 40;
    /** A log is smaller than that after its last kill. */
    private static final long LOG_BYTES = 1L << 30;

    private final long seed = Long.getLong("seed", System.nanoTime());
    private final Random random = new Random(seed);

    private final Map<String, Long> acknowledged = new TreeMap<>();
    private final Map<String, LongAdder> repairs = new ConcurrentHashMap<>();
    private final Map<RedoneSegment.Kind, Integer> redone = new TreeMap<>();
    private final LongAdder bytesCut = new LongAdder();
    private int kills;
    private int whileOpening;
    private int reopenings;
    private int restarts;
    private int checkpoints;
    private int deletedByRedo;
    private long recordsRedone;
    private long records;
    private long refs;
    private long unacknowledged;
    private long vanished;
    private long lostByRestart;
    private long sealed;
    private long sessionKeys;
    private int plainLogs;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory;

    @Test
    void append_processKilledAtRandomMoments_losesNothingAcknowledgedAndTearsNothing() throws Exception {
        System.out.println("KillTest: -Dseed=" + seed);
        int wanted = (int) Math.max(MIN_KILLS, Math.round(KILLS * Scale.factor()));
        long start = System.nanoTime();
        try (Children children = new Children(directory)) {
            for (int log = 0; kills < wanted; log++) {
                Storage storage = log % 4 == 3 ? Storage.CHANNEL : Storage.MAPPED;
                boolean encrypted = log % 3 == 1;
                // memory forces nothing, which gives the child time for more appends; a disk has other delays
                boolean onDisk = log % 4 == 0;
                Path home = onDisk ? Files.createDirectory(directory.resolve("log-" + log)) : FastDirectory.create(directory, LOG_BYTES);
                new KilledLog(children, home, storage, log % 2 == 0, encrypted, seed + log).killAll(Math.min(KILLS_PER_LOG, wanted - kills));
                LogHome.deleteTree(home);
            }
        }
        System.out.printf("KillTest: %d kills (%d while the log was opened), %d s; acknowledged %s; %d records scanned, %d read by ref, "
                        + "%d found that were on their way, %d deleted; %d reopenings with repairs %s of %d bytes; %d checkpoints; "
                        + "%d restarts: %d records in segments %s redone, %d segments deleted, %d records cut that were not durable; %d sealed with %d keys%n",
                kills, whileOpening, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start), acknowledged, records, refs, unacknowledged,
                vanished, reopenings, new TreeMap<>(repairs), bytesCut.sum(), checkpoints, restarts, recordsRedone, redone, deletedByRedo,
                lostByRestart, sealed, sessionKeys);
        assertThat(plainLogs).as("logs with plaintext, so that it would be noticed in the others").isPositive();
        assertThat(sealed).as("records of encrypted logs").isPositive();
        assertThat(sessionKeys).as("keys of encrypted logs").isGreaterThan(1);
        assertThat(acknowledged).containsKeys("BUFFERED", "PERIODIC", "IMMEDIATE", "appendAsync", "WriteBatch");
    }

    /** JVMs that are started before they are needed: that takes longer than everything else. */
    private static final class Children implements AutoCloseable {

        private final Path directory;
        private int started;
        private Child spare;

        Children(Path directory) throws IOException {
            this.directory = directory;
            this.spare = start();
        }

        private Child start() throws IOException {
            Path errors = directory.resolve("errors-" + started++);
            Process process = ChildJvm.of(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m"), AppendUntilKilled.class)
                    .redirectError(errors.toFile())
                    .start();
            return new Child(process, errors, process.inputReader(StandardCharsets.UTF_8));
        }

        /** Starts to do it. */
        Child take(AppendUntilKilled.Task task) throws IOException {
            Child child = spare;
            child.process.getOutputStream().write((task.line() + "\n").getBytes(StandardCharsets.UTF_8));
            child.process.getOutputStream().flush();
            return child;
        }

        /** When the last one is dead, so that they don't take the processor from each other. */
        void prepareNext() throws IOException {
            spare = start();
        }

        @Override
        public void close() {
            spare.process.destroyForcibly();
        }
    }

    private record Child(Process process, Path errors, BufferedReader lines) {}

    /** One log that is killed again and again. */
    private final class KilledLog {

        private final Children children;
        private final Path home;
        private final Path root;
        private final Storage storage;
        private final boolean smallJournal;
        private final boolean encrypted;
        private final NonceLedger nonces = new NonceLedger();
        private final long scriptSeed;
        private final KillScript script;
        private final long originMillis = System.currentTimeMillis();
        private final InstantSource clock = KillScript.clock(originMillis);
        private final KillLedger ledger;
        /** As which the last process to open the log saw it. */
        private int boot;
        private int boots;
        private long firstSequence = 1;

        KilledLog(Children children, Path home, Storage storage, boolean smallJournal, boolean encrypted, long scriptSeed) {
            this.children = children;
            this.home = home;
            this.root = home.resolve("log");
            this.storage = storage;
            this.smallJournal = smallJournal;
            this.encrypted = encrypted;
            this.scriptSeed = scriptSeed;
            this.script = new KillScript(scriptSeed, encrypted);
            this.ledger = new KillLedger(script, encrypted, toString());
        }

        void killAll(int rounds) throws Exception {
            boolean inOrder = true;
            for (int round = 0; round < rounds; round++) {
                // where there is something to be brought in order, more are killed while they are at it
                boolean early = random.nextInt(inOrder ? 10 : 2) == 0;
                kill(round, early, boot(round, early && random.nextInt(3) == 0));
                children.prepareNext();
                takeAcks(round);
                inOrder = round == rounds - 1 || random.nextInt(3) > 0;
                if (Files.isDirectory(root.resolve("segments"))) {
                    countCheckpoint();
                    try (WalReader reader = reader(round)) {
                        ledger.checkUnrepaired(reader, clock);
                    }
                    checkFiles();
                    if (inOrder) {
                        reopen(round);
                        checkFiles();
                    }
                }
            }
            count();
        }

        /** Which machine the next process sees; a restarted one, unless it is the same as before. */
        private int boot(int round, boolean another) {
            int before = boot;
            boot = another ? ++boots : 0;
            if (boot != before) {
                ledger.restarted(round);
                restarts++;
            }
            return boot;
        }

        private AppendUntilKilled.Task task(int round, int bootSeen) {
            return new AppendUntilKilled.Task(root, home, round, scriptSeed, originMillis, storage, smallJournal, encrypted, bootSeen);
        }

        private WalReader reader(int round) {
            return encrypted ? WalReader.open(root, ReaderOptions.builder().keys(KillScript.masters(round)).build()) : WalReader.open(root);
        }

        /** Everything was written by a process that lived, or by one that was killed: no write is torn by a loss of power. */
        private void checkFiles() throws IOException {
            boolean isPlain = false;
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(KillScript.MARKER)) {
                        isPlain = true;
                        assertThat(encrypted).as("plaintext in %s, %s", file, this).isFalse();
                    }
                }
            }
            plainLogs += isPlain ? 1 : 0;
            if (encrypted) {
                nonces.add(root);
            }
        }

        private void kill(int round, boolean early, int bootSeen) throws Exception {
            Child child = children.take(task(round, bootSeen));
            try (BufferedReader lines = child.lines) {
                String line = lines.readLine();
                if (early) {
                    Thread.sleep(random.nextInt(MAX_EARLY_MILLIS));
                } else {
                    line = line == null ? null : lines.readLine();
                    Thread.sleep(random.nextInt(MIN_APPENDING_MILLIS, MAX_APPENDING_MILLIS));
                }
                child.process.destroyForcibly();
                int exit = child.process.waitFor();
                kills++;
                if (exit != KILLED || line == null || Files.size(child.errors) > 0) {
                    fail("the child ended by itself: exit=%d, said=%s, round=%d, %s%n%s", exit, line, round, this,
                            Files.readString(child.errors));
                }
            } finally {
                child.process.destroyForcibly();
            }
        }

        private void takeAcks(int round) throws IOException {
            for (int thread = 0; thread < KillScript.THREADS; thread++) {
                Path file = AppendUntilKilled.acks(home, round, thread);
                ByteBuffer bytes = ByteBuffer.wrap(Files.exists(file) ? Files.readAllBytes(file) : new byte[0]);
                while (bytes.remaining() >= AppendUntilKilled.ACK_BYTES) {
                    ledger.acknowledged(round, thread, bytes.getInt(), bytes.getInt(), bytes.getLong(), bytes.getLong());
                }
            }
            whileOpening += ledger.calls(round) == 0 ? 1 : 0;
            Path deletions = AppendUntilKilled.deletions(home, round);
            String text = Files.exists(deletions) ? Files.readString(deletions) : "";
            for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
                int space = line.indexOf(' ');
                ledger.deleted(line.substring(space + 1), Long.parseLong(line.substring(0, space)));
            }
        }

        private void countCheckpoint() throws IOException {
            long first = FrontierFile.load(root).map(Frontier::firstSequence).orElse(1L);
            assertThat(first).isGreaterThanOrEqualTo(firstSequence);
            checkpoints += first > firstSequence ? 1 : 0;
            firstSequence = first;
        }

        private void reopen(int round) throws Exception {
            int seen = boot(round + 1, random.nextInt(3) == 0);
            if (seen != 0) {
                redo();
            }
            WalListener listener = new WalListener() {
                @Override
                public void onRecovered(RecoveryReport.StreamFindings segment) {
                    repairs.computeIfAbsent(Events.last(segment).decision(), decision -> new LongAdder()).increment();
                    bytesCut.add(segment.sums().bytesCut() + segment.sums().bytesSkipped());
                }

                @Override
                public void onFailure(String task, Optional<String> stream, Throwable failure) {
                    throw new AssertionError(task + " " + stream, failure);
                }
            };
            reopenings++;
            try (StreamWal wal = task(round, seen).open(listener)) {
                try (WalReader reader = wal.reader()) {
                    // reading alone brings nothing in order
                    wal.keys().forEach(key -> assertThat(wal.stream(key).endPosition()).isNotNegative());
                    ledger.checkRepaired(reader, clock, round);
                }
                goOn(wal, round, seen);
                assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
            }
            try (WalReader reader = reader(round)) {
                ledger.checkRepaired(reader, clock, round);
            }
        }

        private void goOn(StreamWal wal, int round, int seen) throws Exception {
            KillActor actor = task(round, seen).actor(wal, (number, what, position, timestampMillis) -> {
                synchronized (ledger) {
                    ledger.acknowledged(round, PARENT, number, what, position, timestampMillis);
                }
            });
            List<CompletableFuture<?>> futures = new ArrayList<>();
            for (int number = 0; number < PARENT_CALLS; number++) {
                futures.add(actor.perform(script.call(round, PARENT, number)));
            }
            for (CompletableFuture<?> future : futures) {
                future.get(1, TimeUnit.MINUTES);
            }
        }

        /** The machine was not restarted really, so that everything is in the files already: doing the journal again changes nothing. */
        private void redo() throws IOException {
            Map<Path, Long> before = segments();
            RedoResult result = new JournalRedo(new ChannelStorage(), root, false, false, false).run();
            Map<Path, Long> after = segments();
            deletedByRedo += before.size() - after.size();
            before.keySet().retainAll(after.keySet());
            assertThat(after).as("%s", this).isEqualTo(before);
            assertThat(result.segments()).as("%s", this).extracting(RedoneSegment::kind)
                    .isSubsetOf(RedoneSegment.Kind.WRITTEN, RedoneSegment.Kind.FINISHED);
            result.segments().forEach(segment -> redone.merge(segment.kind(), 1, Integer::sum));
            recordsRedone += result.records();
        }

        private Map<Path, Long> segments() throws IOException {
            Map<Path, Long> sums = new TreeMap<>();
            try (Stream<Path> paths = Files.walk(root.resolve("segments"))) {
                for (Path path : paths.filter(path -> path.toString().endsWith(".seg")).toList()) {
                    CRC32C sum = new CRC32C();
                    sum.update(Files.readAllBytes(path));
                    sums.put(path, sum.getValue());
                }
            }
            return sums;
        }

        private void count() {
            ledger.acknowledged.forEach((level, calls) -> acknowledged.merge(level, calls, Long::sum));
            records += ledger.records;
            refs += ledger.refs;
            unacknowledged += ledger.unacknowledged;
            vanished += ledger.vanished;
            lostByRestart += ledger.lostByRestart;
            sealed += nonces.size();
            sessionKeys += nonces.keys();
        }

        @Override
        public String toString() {
            return "-Dseed=" + seed + ", " + storage + ", smallJournal=" + smallJournal + ", encrypted=" + encrypted + ", " + root;
        }
    }
}
