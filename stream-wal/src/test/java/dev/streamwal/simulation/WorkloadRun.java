package dev.streamwal.simulation;

import dev.streamwal.Durability;
import dev.streamwal.ErasureReport;
import dev.streamwal.NonceLedger;
import dev.streamwal.SimulatedLog;
import dev.streamwal.WriteBatch;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.simulation.CrashCheck.Violation;
import dev.streamwal.simulation.LogUnderTest.Found;
import dev.streamwal.simulation.Model.Attempt;
import dev.streamwal.simulation.Model.Known;
import dev.streamwal.simulation.Model.Stream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * A workload that is done on a disk of its own, and what was known at each moment of it. Where the machine is restarted in the middle, it
 * goes on with another disk, that holds what was left.
 */
final class WorkloadRun {

    static final Duration WINDOW = Duration.ofMinutes(1);
    static final Duration RETENTION = Duration.ofMinutes(10);
    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

    /** Of what was left at a restart, by the step's choice. */
    private static final int MAX_ALONE = 3;
    private static final int RANDOM = 6;

    /** Stands still until it is told to go on. */
    static final class Clock implements InstantSource {

        private Instant now;

        Clock(Instant now) {
            this.now = now;
        }

        @Override
        public Instant instant() {
            return now;
        }

        void advance(Duration by) {
            now = now.plus(by);
        }
    }

    /**
     * A stretch of the history.
     *
     * @param step during which it was made, or -1: while the log was made
     * @param disk on which
     * @param base the model's time when the disk's history began
     * @param bootId of the machine then
     * @param from the last operation before it
     * @param to its last operation
     * @param before what was known at its beginning, by stream
     * @param after what was known at its end, which was reached
     * @param clock at its end
     */
    record Stretch(
            int step,
            SimulatedDisk disk,
            int base,
            String bootId,
            int from,
            int to,
            Map<String, Known> before,
            Map<String, Known> after,
            Instant clock) {}

    /** A step that couldn't be done as it should. */
    record Problem(int step, Violation violation) {}

    private final Workload workload;
    private final Lies lies;
    private final Model model = new Model(Workload.KEYS);
    /** Of all states that are looked at. */
    private final NonceLedger nonces = new NonceLedger();
    private final Explored explored;
    private final Clock clock = new Clock(START);
    private final List<Stretch> stretches = new ArrayList<>();
    private final List<LogUnderTest> dead = new ArrayList<>();
    /** When each record of a stream was appended, by its number. */
    private final Map<String, List<Instant>> times = new HashMap<>();
    /** Streams that were used since the log was opened. */
    private final Set<String> used = new HashSet<>();
    private SimulatedDisk disk;
    private LogUnderTest log;
    /** The model's time when the disk's history began. */
    private int base;
    private int openings;
    private int restarts;
    private int packed;
    private int tiered;
    private Problem problem;

    private WorkloadRun(Workload workload, Lies lies) {
        this.workload = workload;
        this.lies = lies;
        this.explored = new Explored(workload);
        this.disk = new SimulatedDisk();
        disk.lying(lies);
    }

    /** Does it all, up to a step that can't be done, and leaves the log open, and dead. */
    static WorkloadRun of(Workload workload, Lies lies) {
        WorkloadRun run = new WorkloadRun(workload, lies);
        run.all();
        return run;
    }

    private void all() {
        try {
            stretch(-1, this::open);
            for (int i = 0; i < workload.steps().size() && problem == null; i++) {
                Step step = workload.steps().get(i);
                stretch(i, () -> step.on(this));
            }
        } finally {
            disk.kill();
            if (log != null) {
                log.abandon();
            }
            dead.forEach(LogUnderTest::abandon);
        }
    }

    private void stretch(int step, Runnable doing) {
        SimulatedDisk first = disk;
        int from = disk.mark();
        Map<String, Known> before = model.known();
        try {
            doing.run();
            if (!log.failures().isEmpty()) {
                throw new AssertionError("nothing can fail in the background: " + log.failures());
            }
            lookForDurable();
        } catch (RuntimeException | AssertionError e) {
            Violation violation = e.getCause() instanceof Violation known ? known : new Violation("every step can be done: " + e, e);
            problem = new Problem(step, violation);
            return;
        }
        Map<String, Known> after = model.known();
        boolean goesOn = disk == first;
        stretches.add(new Stretch(step, disk, base, bootId(), goesOn ? from : 0, disk.mark(), goesOn ? before : after, after, clock.now));
    }

    private void open() {
        used.clear();
        log = new LogUnderTest(disk, workload, bootId(), workload.seed() * 31 + openings++, clock);
    }

    /** The last operation, of all disks. */
    private int time() {
        return base + disk.operations();
    }

    private String bootId() {
        return "boot-" + restarts;
    }

    Lies lies() {
        return lies;
    }

    /** What it left, as far as that was looked at. */
    Explored explored() {
        return explored;
    }

    NonceLedger nonces() {
        return nonces;
    }

    Workload workload() {
        return workload;
    }

    /** The last one. */
    SimulatedDisk disk() {
        return disk;
    }

    Model model() {
        return model;
    }

    List<Stretch> stretches() {
        return stretches;
    }

    Optional<Problem> problem() {
        return Optional.ofNullable(problem);
    }

    // ---------------------------------------------------------------- what steps do

    void append(String key, int count, int bytes) {
        List<Attempt> attempts = attempt(key, count, bytes);
        acknowledged(attempts, log.stream(key).appendBatch(entries(attempts)));
    }

    void appendDurably(String key, int count, int bytes) {
        List<Attempt> attempts = attempt(key, count, bytes);
        List<WriteEntry> entries = entries(attempts);
        List<EntryRef> refs = count == 1 ? List.of(log.stream(key).append(entries.get(0), Durability.IMMEDIATE))
                : log.stream(key).appendBatch(entries, Durability.IMMEDIATE);
        acknowledged(attempts, refs);
        durable(key);
    }

    void appendToAllDurably(int count, int bytes) {
        WriteBatch batch = new WriteBatch();
        List<Attempt> all = new ArrayList<>();
        for (String key : Workload.KEYS) {
            List<Attempt> attempts = attempt(key, count, bytes);
            entries(attempts).forEach(entry -> batch.add(key, entry));
            all.addAll(attempts);
        }
        acknowledged(all, log.wal().append(batch, Durability.IMMEDIATE));
        Workload.KEYS.forEach(this::durable);
    }

    void appendAsync(String key, int count, int bytes) {
        List<CompletableFuture<?>> futures = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            List<Attempt> attempts = attempt(key, 1, bytes);
            CompletableFuture<EntryRef> future = log.stream(key).appendAsync(entries(attempts).get(0));
            // the log is without threads: nothing has been completed so far
            futures.add(future.thenAccept(ref -> {
                acknowledged(attempts, List.of(ref));
                model.stream(key).durableTo(ref.end(), time());
            }));
        }
        SimulatedLog.runBackground(log.wal());
        futures.forEach(future -> {
            if (!future.isDone()) {
                throw new AssertionError("what was waited for is durable when the background has run");
            }
            Object unused = future.join();
        });
    }

    private List<Attempt> attempt(String key, int count, int bytes) {
        used.add(key);
        times.computeIfAbsent(key, any -> new ArrayList<>()).addAll(Collections.nCopies(count, clock.now));
        return model.stream(key).attempt(count, bytes);
    }

    private static List<WriteEntry> entries(List<Attempt> attempts) {
        return attempts.stream().map(attempt -> WriteEntry.of(attempt.content())).toList();
    }

    private void acknowledged(List<Attempt> attempts, List<EntryRef> refs) {
        for (int i = 0; i < attempts.size(); i++) {
            attempts.get(i).acknowledged(refs.get(i).position(), refs.get(i).end(), time());
        }
    }

    private void durable(String key) {
        model.stream(key).durable(time());
    }

    /** What the log says it has made durable by then, in whatever way, has to be. */
    private void lookForDurable() {
        for (String key : used) {
            model.stream(key).durableTo(log.stream(key).durablePosition(), time());
        }
    }

    void sync(String key) {
        used.add(key);
        log.stream(key).sync();
        durable(key);
    }

    void syncAll() {
        log.wal().sync();
        used.forEach(this::durable);
    }

    void advance(Duration by) {
        clock.now = clock.now.plus(by);
    }

    /** Twice: an idle segment is sealed by the second pass. */
    void sweep() {
        log.wal().sweep();
        log.wal().sweep();
        lookForBeginnings();
    }

    /** Of what is sealed by then. Nothing is lost, or comes back. */
    void pack() {
        SimulatedLog.runBackground(log.wal());
        Map<String, List<Integer>> before = new HashMap<>();
        Workload.KEYS.forEach(key -> before.put(key, numbers(log.read(key))));
        packed += log.wal().pack();
        before.forEach((key, numbers) -> {
            if (!numbers.equals(numbers(log.read(key)))) {
                throw new AssertionError("packing changes nothing: stream=" + key + ", before=" + numbers);
            }
        });
    }

    /** What isn't merged any more. Nothing is lost, or comes back. */
    void moveToTier() {
        Map<String, List<Integer>> before = new HashMap<>();
        Workload.KEYS.forEach(key -> before.put(key, numbers(log.read(key))));
        tiered += log.wal().moveToTier();
        before.forEach((key, numbers) -> {
            if (!numbers.equals(numbers(log.read(key)))) {
                throw new AssertionError("moving packs to the tier changes nothing: stream=" + key + ", before=" + numbers);
            }
        });
    }

    /** Packs that have been moved. */
    int tiered() {
        return tiered;
    }

    /** Segments that have been packed. */
    int packed() {
        return packed;
    }

    void purge(String key) {
        log.wal().purge(Keys.key(key), clock.now);
        lookForBeginnings();
    }

    void delete(String key) {
        boolean unused = log.wal().delete(key);
        lookForBeginnings();
    }

    void deleteAll() {
        int unused = log.wal().delete(Keys.all());
        lookForBeginnings();
    }

    /** What is gone is a beginning of the stream, or it is a loss. */
    private void lookForBeginnings() {
        model.streams().forEach((key, stream) -> {
            List<Integer> left = numbers(log.read(key));
            int[] before = stream.live();
            List<Integer> tail = new ArrayList<>();
            for (int i = Math.max(0, before.length - left.size()); i < before.length; i++) {
                tail.add(before[i]);
            }
            if (!left.equals(tail)) {
                throw new AssertionError("a deletion takes what is first: stream=" + key + ", left=" + left + ", of " + before.length);
            }
            stream.keep(left::contains);
        });
    }

    private static List<Integer> numbers(List<Found> found) {
        return found.stream().map(record -> Model.numberIn(record.content())).toList();
    }

    void erase(String key, Step.Erase.Part part) {
        used.add(key);
        Instant window = Instant.ofEpochMilli(Math.floorDiv(clock.now.toEpochMilli(), WINDOW.toMillis()) * WINDOW.toMillis());
        Instant from = part == Step.Erase.Part.NEWEST ? window : Instant.MIN;
        Instant to = part == Step.Erase.Part.OLDER ? window : Instant.MAX;
        ErasureReport unused = log.wal().erase(Keys.key(key), from, to);
        List<Instant> all = times.getOrDefault(key, List.of());
        Stream stream = model.stream(key);
        stream.keep(number -> all.get(number).isBefore(from) || !all.get(number).isBefore(to));
        List<Integer> left = numbers(log.read(key));
        if (!left.equals(Arrays.stream(stream.live()).boxed().toList())) {
            throw new AssertionError("an erasure takes what is in its range: stream=" + key + ", left=" + left + ", expected="
                    + Arrays.toString(stream.live()));
        }
    }

    /** Whether a step erases records: until it is done, each may be there or not. */
    boolean isErasure(int step) {
        return step >= 0 && workload.steps().get(step) instanceof Step.Erase;
    }

    void truncate(String key, int count) {
        Stream stream = model.stream(key);
        int[] live = stream.live();
        int at = Math.max(0, live.length - 1 - count);
        while (at + 1 < live.length && stream.get(live[at]).batch == stream.get(live[at + 1]).batch) {
            at++;
        }
        if (at >= live.length) {
            return;
        }
        used.add(key);
        Attempt last = stream.get(live[at]);
        log.stream(key).truncateAfter(new EntryRef(key, last.position(), (int) (last.end() - last.position())));
        stream.keep(number -> number <= last.number);
        List<Integer> left = numbers(log.read(key));
        if (left.isEmpty() || left.get(left.size() - 1) != last.number || left.size() != stream.live().length) {
            throw new AssertionError("a cut takes what is behind the record: stream=" + key + ", last=" + last + ", left=" + left);
        }
    }

    void background() {
        SimulatedLog.runBackground(log.wal());
        if (used.contains(Workload.PERIODIC_KEY)) {
            durable(Workload.PERIODIC_KEY);
        }
    }

    void rotateKeys() {
        log.wal().rotateKeys();
    }

    void reopen() {
        log.close();
        used.forEach(this::durable);
        open();
    }

    void kill() {
        disk.kill();
        dead.add(log);
        open();
    }

    /** The machine crashes now, and is started again. What is lost then is no concern of what follows. */
    void restart(long choice) {
        CrashPoint point = disk.crashPoint(disk.mark());
        List<Survival> choices = List.copyOf(point.survivals(MAX_ALONE, RANDOM, workload.seed() * 31 + choice));
        Survival survival = choices.get((int) Math.floorMod(choice * 7 + workload.seed(), (long) choices.size()));
        Map<String, Known> known = model.known();
        Stretch now = new Stretch(-1, disk, base, bootId(), point.operation() - 1, point.operation(), known, known, clock.now);
        disk.kill();
        dead.add(log);
        SimulatedDisk left = point.state(survival);
        left.lying(lies);
        base = time() + 1;
        disk = left;
        restarts++;
        open();
        Map<String, List<Found>> found = new TreeMap<>();
        for (String key : Workload.KEYS) {
            found.put(key, log.recoverAndRead(key));
        }
        try {
            new CrashCheck(this, now, point.operation(), Ending.CRASHED).checkStreams(found);
        } catch (Violation e) {
            throw new IllegalStateException(e);
        }
        found.forEach((key, records) -> {
            Set<Integer> numbers = numbers(records).stream().collect(Collectors.toSet());
            model.stream(key).restarted(numbers::contains, base);
        });
    }
}
