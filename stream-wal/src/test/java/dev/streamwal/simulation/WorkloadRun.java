package dev.streamwal.simulation;

import dev.streamwal.SimulatedLog;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalException;
import dev.streamwal.simulation.LogUnderTest.Found;
import dev.streamwal.simulation.Model.Attempt;
import dev.streamwal.simulation.Model.Known;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A workload that is done on a disk of its own, and what was known at each moment of it. */
final class WorkloadRun {

    static final Duration WINDOW = Duration.ofMinutes(1);
    static final Duration RETENTION = Duration.ofMinutes(10);
    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

    static final String BOOT_ID = "boot-0";

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
    }

    /**
     * A stretch of the history.
     *
     * @param step during which it was made, or -1: while the log was made
     * @param from the last operation before it
     * @param to its last operation
     * @param before what was known at its beginning, by stream
     * @param after what was known at its end, which was reached
     * @param clock at its end
     */
    record Stretch(int step, int from, int to, Map<String, Known> before, Map<String, Known> after, Instant clock) {}

    private final Workload workload;
    private final SimulatedDisk disk;
    private final Model model = new Model(Workload.KEYS);
    private final Clock clock = new Clock(START);
    private final List<Stretch> stretches = new ArrayList<>();
    private final List<LogUnderTest> dead = new ArrayList<>();
    private final List<WalException> refusals = new ArrayList<>();
    /** Null where it couldn't be opened. */
    private LogUnderTest log;
    private int openings;

    private WorkloadRun(Workload workload, SimulatedDisk disk) {
        this.workload = workload;
        this.disk = disk;
    }

    static WorkloadRun of(Workload workload, Lies lies) {
        SimulatedDisk disk = new SimulatedDisk();
        disk.lying(lies);
        return of(workload, disk);
    }

    /** Does it all; the history ends before the log is closed. Where the disk was failing, it comes round in the end. */
    static WorkloadRun of(Workload workload, SimulatedDisk disk) {
        WorkloadRun run = new WorkloadRun(workload, disk);
        run.all();
        return run;
    }

    private void all() {
        stretch(-1, this::open);
        for (int i = 0; i < workload.steps().size(); i++) {
            Step step = workload.steps().get(i);
            stretch(i, () -> {
                openIfClosed();
                step.on(this);
            });
        }
        disk.failing(FaultPlan.NONE);
        if (!refusals.isEmpty()) {
            stretch(workload.steps().size(), () -> {
                openIfClosed();
                lookForBeginnings();
            });
        }
        disk.kill();
        log.abandon();
        dead.forEach(LogUnderTest::abandon);
    }

    private void stretch(int step, Runnable doing) {
        int from = disk.mark();
        Map<String, Known> before = model.known();
        try {
            doing.run();
        } catch (WalException e) {
            refusals.add(e);
        }
        if (disk.failures().isEmpty() && !(refusals.isEmpty() && log.failures().isEmpty())) {
            throw new AssertionError("nothing fails where no call of the disk does: " + refusals + log.failures() + "\n" + workload,
                    refusals.isEmpty() ? null : refusals.get(0));
        }
        stretches.add(new Stretch(step, from, disk.mark(), before, model.known(), clock.now));
    }

    private void open() {
        log = new LogUnderTest(disk, workload, BOOT_ID, workload.seed() * 31 + openings++, clock);
    }

    private void openIfClosed() {
        if (log == null) {
            open();
        }
    }

    /** What the log refused to do because a call of the disk had failed. */
    List<WalException> refusals() {
        return refusals;
    }

    Workload workload() {
        return workload;
    }

    SimulatedDisk disk() {
        return disk;
    }

    Model model() {
        return model;
    }

    List<Stretch> stretches() {
        return stretches;
    }

    // ---------------------------------------------------------------- what steps do

    void append(String key, int count, int bytes) {
        List<Attempt> attempts = model.stream(key).attempt(count, bytes);
        List<WriteEntry> entries = new ArrayList<>();
        attempts.forEach(attempt -> entries.add(WriteEntry.of(attempt.content())));
        List<EntryRef> refs = log.stream(key).appendBatch(entries);
        for (int i = 0; i < count; i++) {
            attempts.get(i).acknowledged(refs.get(i).position(), refs.get(i).end(), disk.operations());
        }
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

    void purge(String key) {
        log.wal().purge(key, clock.now);
        lookForBeginnings();
    }

    void delete(String key) {
        boolean unused = log.wal().delete(key);
        lookForBeginnings();
    }

    /** What is gone is a beginning of the stream, or it is a loss. */
    private void lookForBeginnings() {
        model.streams().forEach((key, stream) -> {
            List<Found> left = log.read(key);
            int begin = left.isEmpty() ? stream.size() : Model.numberIn(left.get(0).content());
            if (begin < stream.begin() || left.size() < stream.acknowledgedFrom(begin)) {
                throw new AssertionError("a deletion takes what is first: stream=" + key + ", begin=" + begin + ", before="
                        + stream.begin() + ", left=" + left.size() + ", attempts=" + stream.size() + "\n" + workload);
            }
            stream.begin(begin);
        });
    }

    void background() {
        SimulatedLog.runBackground(log.wal());
    }

    void reopen() {
        LogUnderTest closing = log;
        log = null;
        closing.close();
        open();
    }

    void kill() {
        disk.kill();
        dead.add(log);
        log = null;
        open();
    }
}
