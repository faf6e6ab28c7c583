package dev.streamwal.simulation;

import dev.streamwal.Durability;
import dev.streamwal.RecoveryReport;
import dev.streamwal.SimulatedLog;
import dev.streamwal.SmallLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalListener;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteBatch;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.Ledger.Entry;
import dev.streamwal.simulation.LogUnderTest.Found;
import io.netty.buffer.ByteBufUtil;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * A program that uses all that a log has, on a disk on which calls fail. It goes on after each failure, keeps a ledger of what it was told,
 * and compares that with what it reads, and with what a restart of the machine would leave at the worst moments.
 */
final class FaultyRun {

    static final List<String> KEYS = List.of("a", "b", "c");

    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final int SEGMENT_BYTES = 4_096;
    /** A run without failures takes a tenth of this. */
    private static final int MAX_CALLS = 60_000;
    /** The one that fails, and the one after it. */
    private static final int MAX_OPENINGS = 2;

    /** An error says what it is about. */
    private static final Pattern NAMES_A_PLACE = Pattern.compile("(file|root|path|directory)=/");

    /** Something that the program does to the log. */
    @FunctionalInterface
    private interface Step {
        void run();
    }

    /** An append that was not waited for. */
    private record Awaited(String key, Entry entry, CompletableFuture<EntryRef> future) {}

    private final boolean mapped;
    private final FaultPlan plan;
    private final boolean isDead;
    private final Ledger ledger = new Ledger(KEYS);
    private final List<Awaited> awaited = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private final TreeSet<String> used = new TreeSet<>();
    private Instant now = START;
    private SimulatedDisk disk = new SimulatedDisk();
    private StreamWal wal;
    private String bootId = "boot-0";
    private int openings;
    private int copies;
    private boolean failing;
    /** Whether the log that is open has said that it has failed. */
    private boolean logFailed;
    private boolean crashChecked;
    private int errors;
    private String doing = "";

    /** @param plan if it goes on failing, the disk is dead until the program opens the log again */
    FaultyRun(boolean mapped, FaultPlan plan) {
        this.mapped = mapped;
        this.plan = plan;
        this.isDead = plan.times() > 1;
    }

    // ---------------------------------------------------------------- the whole

    /** All of it, from a disk on which nothing is. */
    void everything() {
        start();
        firstHalf();
        kill();
        secondHalf();
        end();
    }

    /** Nothing fails before the machine crashed and lost what wasn't flushed; then the log is opened on what is left. */
    void afterCrash(boolean allLost) {
        open();
        firstHalf();
        CrashPoint point = disk.crashPoint(disk.mark());
        disk.kill();
        abandon();
        Survival left = allLost ? point.allLost() : point.survivals(0, 1, 1).stream().reduce((one, other) -> other).orElseThrow();
        disk = point.state(left);
        ledger.pageCacheMayBeLost();
        bootId = "boot-1";
        start();
        secondHalf();
        end();
    }

    private void start() {
        failing = true;
        disk.failing(plan);
        step("open", this::openAgain);
    }

    /** Calls that failed because they were meant to. */
    int failures() {
        return disk.failures().size();
    }

    /** Whether the plan's call was reached. */
    boolean isReached() {
        return disk.failures().size() > 0 || disk.history().stream().anyMatch(line -> line.contains("short of"));
    }

    /** What the program was told of failures. */
    int errors() {
        return errors;
    }

    int checks() {
        return ledger.checks();
    }

    private void firstHalf() {
        append("a", 100, Durability.BUFFERED);
        append("a", 100, Durability.BUFFERED);
        append("b", 60, Durability.IMMEDIATE);
        append("c", 80, Durability.PERIODIC);
        background();
        batch("a", 3, 50, Durability.IMMEDIATE);
        writeBatch(Durability.IMMEDIATE);
        async("a", 40);
        async("b", 40);
        sync();
        for (int i = 0; i < 20; i++) {
            append("a", 120, Durability.BUFFERED);
        }
        copy();
        for (int i = 0; i < 14; i++) {
            append("a", 120, i % 7 == 0 ? Durability.PERIODIC : Durability.BUFFERED);
        }
        background();
        read("a");
        for (int i = 0; i < 6; i++) {
            append("b", 400, Durability.IMMEDIATE);
        }
        async("c", 30);
        background();
        truncate("a");
        append("a", 50, Durability.IMMEDIATE);
        reopen();
        append("a", 60, Durability.BUFFERED);
        append("b", 60, Durability.IMMEDIATE);
        append("c", 60, Durability.PERIODIC);
        advance(WorkloadRun.WINDOW);
        append("a", 70, Durability.BUFFERED);
        writeBatch(Durability.BUFFERED);
        background();
        pack();
        read("a");
        purge("a");
        delete("c");
        append("c", 90, Durability.IMMEDIATE);
        append("a", 2_000, Durability.BUFFERED);
        append("a", 2_500, Durability.BUFFERED);
        background();
        append("b", 80, Durability.BUFFERED);
    }

    private void secondHalf() {
        read("b");
        append("a", 100, Durability.BUFFERED);
        append("b", 100, Durability.IMMEDIATE);
        append("c", 100, Durability.BUFFERED);
        background();
        read("a");
        advance(WorkloadRun.WINDOW);
        append("b", 90, Durability.IMMEDIATE);
        background();
        pack();
        advance(WorkloadRun.WINDOW.plus(WorkloadRun.RETENTION));
        append("a", 100, Durability.IMMEDIATE);
        sweep();
        sweep();
        sync("b");
        for (int i = 0; i < 10; i++) {
            append("b", 500, Durability.IMMEDIATE);
        }
        background();
        truncate("b");
        batch("b", 2, 200, Durability.BUFFERED);
        recoverAll();
        copy();
        reopen();
        append("c", 40, Durability.IMMEDIATE);
        KEYS.forEach(this::read);
    }

    // ---------------------------------------------------------------- a step

    /** Only what is documented is thrown, and only for a reason. */
    private void step(String name, Step step) {
        doing = name;
        int before = disk.failures().size();
        try {
            step.run();
        } catch (WalException e) {
            judge(e, disk.failures().size() > before);
        } catch (AssertionError e) {
            throw e;
        } catch (RuntimeException | Error e) {
            throw violation("only documented exceptions are thrown", e);
        }
        settleAwaited();
        if (disk.calls() > MAX_CALLS) {
            throw violation("it comes to an end: calls=" + disk.calls(), null);
        }
        if (failing && disk.failures().size() > 0 && !crashChecked) {
            crashChecked = true;
            checkCrash("crash after " + name);
        }
    }

    private void judge(WalException e, boolean failedNow) {
        errors++;
        boolean failed = e instanceof WalFailedException;
        logFailed |= failed;
        if (disk.failures().size() == 0) {
            throw violation("nothing fails without a reason", e);
        }
        if (!failedNow && !failed && !isDead) {
            throw violation("what failed once doesn't fail for ever", e);
        }
        if (!NAMES_A_PLACE.matcher(String.valueOf(e.getMessage())).find()) {
            throw violation("an error says which file it is about", e);
        }
        if (failedNow && e.getCause() == null) {
            throw violation("an error has the cause", e);
        }
    }

    private AssertionError violation(String rule, Throwable cause) {
        return new AssertionError(doing + ": " + rule + (cause == null ? "" : ": " + cause), cause);
    }

    /** What a program would say to people who look for the reason of a violation. */
    String describe() {
        List<String> history = disk.history();
        return "mapped=" + mapped + ", " + plan + "\n    while: " + doing + "\n    told: " + told + "\n    failed calls: "
                + history.stream().filter(line -> line.contains("fails") || line.contains("short")).limit(5).toList() + "\n    the last calls: "
                + String.join("\n        ", history.subList(Math.max(0, history.size() - 12), history.size()));
    }

    private void settleAwaited() {
        for (Iterator<Awaited> all = awaited.iterator(); all.hasNext(); ) {
            Awaited one = all.next();
            if (one.future.isDone()) {
                all.remove();
                settle(one);
            }
        }
    }

    private void settle(Awaited one) {
        try {
            EntryRef ref = one.future.join();
            one.entry.acknowledged(ref.position(), ref.end());
            ledger.durable(one.key, one.entry);
        } catch (CompletionException e) {
            if (!(e.getCause() instanceof WalException wal)) {
                throw violation("a future fails with what is documented", e);
            }
            judge(wal, true);
        }
    }

    // ---------------------------------------------------------------- opening and closing

    private final class Listener implements WalListener {

        @Override
        public void onRecovered(RecoveryReport.StreamFindings segment) {
            // what it has found is checked, not what it says
        }

        @Override
        public void onFailure(String task, Optional<String> stream, Throwable failure) {
            told.add(task + " " + stream + " " + failure);
        }
    }

    private void open() {
        WalOptions options = WalOptions.builder()
                .clock(() -> now)
                .window(WorkloadRun.WINDOW)
                .retention(WorkloadRun.RETENTION)
                .segmentBytes(SEGMENT_BYTES)
                .ownSegments(1)
                .sweepInterval(Duration.ZERO)
                .listener(new Listener())
                .build();
        wal = SmallLog.open(disk.path("/log"), options, bootId, mapped, new Random(++openings)::nextLong, false);
        used.clear();
        logFailed = false;
    }

    /** A program that is started again when it could not open its log. */
    private void openAgain() {
        for (int i = 1; i < MAX_OPENINGS; i++) {
            int before = disk.failures().size();
            try {
                open();
                return;
            } catch (WalException e) {
                judge(e, disk.failures().size() > before);
                heal();
            }
        }
        open();
    }

    private void heal() {
        if (isDead) {
            disk.failing(FaultPlan.NONE);
        }
    }

    /** A disk that was dead is there again when the log is closed; or its machine is started again before the log is opened. */
    private void close() {
        boolean restarts = isDead && disk.failures().size() > 0 && plan.nth() % 2 == 0;
        if (disk.failures().size() > 0 && !restarts) {
            heal();
        }
        closeLog();
        if (restarts) {
            heal();
            ledger.pageCacheMayBeLost();
            bootId = "boot-of-a-healed-disk";
        }
    }

    private void closeLog() {
        step("close", () -> {
            wal.close();
            used.forEach(ledger::durable);
        });
        if (!awaited.isEmpty()) {
            throw violation("nobody waits for what will never come: " + awaited, null);
        }
        if (logFailed) {
            ledger.pageCacheMayBeLost();
        }
    }

    private void reopen() {
        close();
        step("reopen", this::openAgain);
    }

    /** The process is killed, and the machine started again before the log is opened; all that was written is there. */
    private void kill() {
        int unused = disk.mark();
        disk.kill();
        abandon();
        if (disk.failures().size() > 0) {
            heal();
        }
        ledger.pageCacheMayBeLost();
        bootId = "boot-1";
        step("open after a restart", this::openAgain);
    }

    /** Gives back what the dead process held of this one. */
    private void abandon() {
        try {
            wal.close();
        } catch (WalException e) {
            // it can't reach its disk any more
        }
        awaited.clear();
    }

    // ---------------------------------------------------------------- appending

    private void append(String key, int bytes, Durability level) {
        Entry entry = ledger.attempt(key, 1, bytes, now.toEpochMilli()).get(0);
        step("append to " + key + " " + level, () -> {
            try {
                EntryRef ref = wal.stream(key).append(WriteEntry.of(entry.content()), level);
                appended(key, List.of(entry), List.of(ref), level);
            } catch (WalException e) {
                refused(List.of(entry), level, e);
                throw e;
            }
        });
    }

    private void batch(String key, int count, int bytes, Durability level) {
        List<Entry> entries = ledger.attempt(key, count, bytes, now.toEpochMilli());
        step("append a batch to " + key + " " + level, () -> {
            try {
                appended(key, entries, wal.stream(key).appendBatch(writeEntries(entries), level), level);
            } catch (WalException e) {
                refused(entries, level, e);
                throw e;
            }
        });
    }

    private static List<WriteEntry> writeEntries(List<Entry> entries) {
        return entries.stream().map(entry -> WriteEntry.of(entry.content())).toList();
    }

    /** Where it fails, each stream has its records or not. */
    private void writeBatch(Durability level) {
        List<List<Entry>> parts = new ArrayList<>();
        WriteBatch batch = new WriteBatch();
        for (String key : KEYS) {
            List<Entry> entries = ledger.attempt(key, 2, 70, now.toEpochMilli());
            writeEntries(entries).forEach(entry -> batch.add(key, entry));
            parts.add(entries);
        }
        step("append a batch to all " + level, () -> {
            List<EntryRef> refs = wal.append(batch, level);
            for (int i = 0; i < parts.size(); i++) {
                appended(KEYS.get(i), parts.get(i), refs.subList(2 * i, 2 * i + 2), level);
            }
        });
    }

    private void async(String key, int bytes) {
        Entry entry = ledger.attempt(key, 1, bytes, now.toEpochMilli()).get(0);
        step("append later to " + key, () -> {
            CompletableFuture<EntryRef> future;
            try {
                future = wal.stream(key).appendAsync(WriteEntry.of(entry.content()));
            } catch (WalException e) {
                entry.refused();
                throw e;
            }
            used.add(key);
            entry.visible();
            checkNotFailed();
            awaited.add(new Awaited(key, entry, future));
        });
    }

    private void appended(String key, List<Entry> entries, List<EntryRef> refs, Durability level) {
        used.add(key);
        for (int i = 0; i < entries.size(); i++) {
            EntryRef ref = refs.get(i);
            if (ref.position() < ledger.givenEnd(key)) {
                throw violation("a position is given once: stream=" + key + ", position=" + ref.position(), null);
            }
            entries.get(i).acknowledged(ref.position(), ref.end());
        }
        checkNotFailed();
        if (level == Durability.IMMEDIATE) {
            ledger.durable(key, entries.get(entries.size() - 1));
        }
    }

    private void checkNotFailed() {
        if (logFailed) {
            throw violation("a log that has failed acknowledges nothing", null);
        }
    }

    /** Nothing was appended where nothing was promised beyond that, and where the error says so. */
    private void refused(List<Entry> entries, Durability level, WalException e) {
        boolean saysNothing = String.valueOf(e.getMessage()).contains("nothing was appended");
        if (level != Durability.IMMEDIATE || saysNothing) {
            entries.forEach(Entry::refused);
        }
    }

    // ---------------------------------------------------------------- making durable, reading

    private void sync() {
        step("sync", () -> {
            wal.sync();
            used.forEach(ledger::durable);
        });
    }

    private void sync(String key) {
        step("sync " + key, () -> {
            wal.stream(key).sync();
            if (used.contains(key)) {
                ledger.durable(key);
            }
        });
    }

    private void background() {
        step("background", () -> SimulatedLog.runBackground(wal));
        for (String key : KEYS) {
            step("durable position of " + key, () -> ledger.durableBefore(key, wal.stream(key).durablePosition()));
        }
    }

    private void recoverAll() {
        step("recover all", () -> {
            var unused = wal.recoverAll(progress -> {});
        });
    }

    private void read(String key) {
        step("read " + key, () -> {
            long unused = wal.stream(key).endPosition();
            ledger.read(doing, key, found(wal, key));
        });
    }

    private static List<Found> found(StreamWal wal, String key) {
        List<Found> found = new ArrayList<>();
        try (WalReader reader = wal.reader(); EntryCursor cursor = reader.scan(key)) {
            while (nextPastNothing(cursor)) {
                found.add(new Found(cursor.position(), cursor.position() + cursor.size(), ByteBufUtil.getBytes(cursor.content())));
            }
        }
        return found;
    }

    /**
     * Past a file of no bytes. A segment was created there that nothing was ever appended to; it was deleted, and a crash has brought its
     * name back, and nothing else of it.
     */
    private static boolean nextPastNothing(EntryCursor cursor) {
        try {
            return cursor.next();
        } catch (CorruptSegmentException e) {
            if (String.valueOf(e.getMessage()).contains("bytes=0,")) {
                return nextPastNothing(cursor);
            }
            throw e;
        }
    }

    private void copy() {
        String name = "/copy" + ++copies;
        step("checkpoint", () -> wal.checkpoint(disk.path(name)));
    }

    // ---------------------------------------------------------------- deleting

    private void advance(Duration by) {
        now = now.plus(by);
    }

    /** Names of the stream's files, by what they begin with; looks past all failures. */
    private TreeSet<Long> segments(String key) {
        TreeSet<Long> segments = new TreeSet<>();
        DiskNode node = disk.find((SimulatedPath) disk.path("/log/segments/" + StreamKey.of(key).directoryName()));
        if (node instanceof DiskNode.Directory directory) {
            directory.entries.keySet().forEach(name -> SegmentName.parse(name).ifPresent(segment -> segments.add(segment.basePosition())));
        }
        return segments;
    }

    /**
     * Files that went have taken their records. Where it fails, all that was meant may be gone, now or later.
     *
     * @param toldOnly what fails is told, not thrown
     */
    private void deletion(String name, List<String> keys, Predicate<Entry> meant, boolean toldOnly, Step deleting) {
        Map<String, TreeSet<Long>> before = new TreeMap<>();
        keys.forEach(key -> before.put(key, segments(key)));
        int failures = disk.failures().size();
        step(name, () -> {
            boolean done = false;
            try {
                deleting.run();
                done = !toldOnly || (disk.failures().size() == failures && !logFailed);
            } finally {
                for (String key : keys) {
                    deleted(key, before.get(key), done, meant);
                }
            }
        });
    }

    private void deleted(String key, TreeSet<Long> before, boolean done, Predicate<Entry> meant) {
        TreeSet<Long> left = segments(key);
        for (Entry entry : ledger.of(key)) {
            Long segment = entry.position() == Entry.UNKNOWN ? null : before.floor(entry.position());
            if (done && segment != null && !left.contains(segment)) {
                entry.deleted();
            } else if ((!done || segment == null) && meant.test(entry)) {
                entry.deleting();
            }
        }
    }

    /** Sealed segments only; all of them. */
    private void purge(String key) {
        deletion("purge " + key, List.of(key), entry -> windowEnd(entry) <= now.toEpochMilli(), false, () -> {
            var unused = wal.purge(Keys.key(key), now);
        });
    }

    private void delete(String key) {
        deletion("delete " + key, List.of(key), entry -> true, false, () -> {
            boolean unused = wal.delete(key);
        });
    }

    private void pack() {
        step("pack", () -> {
            int unused = wal.pack();
        });
    }

    private void sweep() {
        long expired = now.minus(WorkloadRun.RETENTION).toEpochMilli();
        deletion("sweep", KEYS, entry -> windowEnd(entry) <= expired, true, () -> {
            var unused = wal.sweep();
        });
    }

    private static long windowEnd(Entry entry) {
        long window = WorkloadRun.WINDOW.toMillis();
        return (entry.timeMillis / window + 1) * window;
    }

    /** Behind the third but last of what is there for sure. */
    private void truncate(String key) {
        List<Entry> kept = ledger.of(key).stream().filter(Entry::isKept).toList();
        if (kept.size() < 3) {
            return;
        }
        Entry last = kept.get(kept.size() - 3);
        List<Entry> entries = ledger.of(key);
        List<Entry> behind = List.copyOf(entries.subList(last.number + 1, entries.size()));
        if (behind.get(0).batch == last.batch) {
            return;
        }
        step("truncate " + key, () -> {
            try {
                wal.stream(key).truncateAfter(new EntryRef(key, last.position(), (int) (last.end() - last.position())));
                behind.forEach(Entry::deleted);
            } catch (WalException e) {
                behind.forEach(Entry::deleting);
                throw e;
            }
        });
    }

    // ---------------------------------------------------------------- the end

    private void end() {
        close();
        failing = false;
        disk.failing(FaultPlan.NONE);
        checkCrash("crash at the end");
        doing = "reopened at the end";
        checkOpened(disk, bootId, false);
        checkCrash("crash after it was reopened");
    }

    /** What a restart of the machine would leave now: all that was written, or only what was flushed. */
    private void checkCrash(String when) {
        CrashPoint point = disk.crashPoint(disk.mark());
        for (Survival survival : List.of(point.allLost(), point.allKept())) {
            doing = when + ", " + survival.how();
            checkOpened(point.state(survival), "boot-after", true);
        }
    }

    private void checkOpened(SimulatedDisk left, String boot, boolean afterCrash) {
        FaultyRun after = new FaultyRun(mapped, FaultPlan.NONE);
        after.disk = left;
        after.bootId = boot;
        after.now = now;
        after.openings = openings;
        try {
            after.open();
            try (StreamWal log = after.wal) {
                for (String key : KEYS) {
                    long unused = log.stream(key).endPosition();
                    ledger.check(doing, key, found(log, key), afterCrash);
                    appendOne(log, key);
                }
            }
        } catch (WalException e) {
            throw violation("a healed disk's log opens, reads and goes on, told: " + after.told, e);
        }
    }

    private void appendOne(StreamWal log, String key) {
        int before = found(log, key).size();
        EntryRef ref = log.stream(key).append(WriteEntry.of(Ledger.newContent()), Durability.IMMEDIATE);
        if (ref.position() < ledger.givenEnd(key)) {
            throw violation("a position is given once: stream=" + key + ", position=" + ref.position() + ", given " + ledger.givenEnd(key), null);
        }
        if (found(log, key).size() != before + 1) {
            throw violation("what is appended is there: stream=" + key, null);
        }
    }
}
