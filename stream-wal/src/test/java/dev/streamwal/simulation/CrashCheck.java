package dev.streamwal.simulation;

import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalException;
import dev.streamwal.simulation.LogUnderTest.Found;
import dev.streamwal.simulation.Model.Attempt;
import dev.streamwal.simulation.Model.Known;
import dev.streamwal.simulation.WorkloadRun.Stretch;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** Opens the log on what a crash has left, and compares it with what is known of it. */
final class CrashCheck {

    private static final int NEW_RECORD = Integer.MAX_VALUE;
    private static final byte[] NEW_CONTENT = newContent();

    /** What was found doesn't keep a promise. */
    static final class Violation extends Exception {

        private static final long serialVersionUID = 1L;

        Violation(String message, Throwable cause) {
            super(message, cause);
        }

        Violation(String message) {
            this(message, null);
        }
    }

    private final WorkloadRun run;
    private final Stretch stretch;
    private final int operation;
    private final Set<Promise> promises;
    private final boolean killed;

    /**
     * @param operation the last one before the crash, in the stretch
     * @param killed whether the process was, or the machine crashed
     */
    CrashCheck(WorkloadRun run, Stretch stretch, int operation, boolean killed) {
        this.run = run;
        this.stretch = stretch;
        this.operation = operation;
        this.killed = killed;
        this.promises = killed ? Promise.AFTER_A_KILL : Promise.AFTER_A_CRASH;
    }

    private static byte[] newContent() {
        byte[] content = new byte[40];
        Arrays.fill(content, (byte) 0x7f);
        return content;
    }

    private boolean promised(Promise promise) {
        return promises.contains(promise);
    }

    private String bootId(int restart) {
        return killed ? WorkloadRun.BOOT_ID : "boot-" + restart;
    }

    /** All that can be asked of one disk; it is changed. */
    void check(SimulatedDisk disk) throws Violation {
        Map<String, List<Found>> before = new TreeMap<>();
        try (LogUnderTest log = LogUnderTest.after(disk, run.workload(), bootId(1), stretch.clock())) {
            readAll(log, before);
            for (Map.Entry<String, List<Found>> stream : before.entrySet()) {
                checkStream(stream.getKey(), stream.getValue());
                appendOne(log, stream.getKey(), stream.getValue());
            }
        } catch (RuntimeException | Error e) {
            throw new Violation("a log with what is left can be opened and appended to: " + e, e);
        }
        disk.kill();
        try (LogUnderTest again = LogUnderTest.after(disk, run.workload(), bootId(1), stretch.clock())) {
            for (Map.Entry<String, List<Found>> stream : before.entrySet()) {
                checkSame("reopened", stream.getKey(), stream.getValue(), again.recoverAndRead(stream.getKey()));
            }
        } catch (RuntimeException | Error e) {
            throw new Violation("a log that was recovered and appended to can be opened again: " + e, e);
        }
    }

    /** A crash in the middle of the recovery of one disk; a second recovery, of that crash, gives what one alone gives of another. */
    void checkCrashInRecovery(SimulatedDisk disk, SimulatedDisk other, long seed) throws Violation {
        Map<String, List<Found>> once = new TreeMap<>();
        Map<String, List<Found>> twice = new TreeMap<>();
        Random random = new Random(seed);
        try {
            recover(other, bootId(1), once);
            recover(disk, bootId(1), new TreeMap<>());
            CrashPoint point = disk.crashPoint(random.nextInt(disk.operations() + 1));
            SimulatedDisk left;
            if (killed) {
                left = point.state(point.allKept());
            } else {
                List<Survival> choices = List.copyOf(point.survivals(2, 4, seed));
                left = point.state(choices.get(random.nextInt(choices.size())));
            }
            recover(left, bootId(2), twice);
        } catch (RuntimeException | Error e) {
            throw new Violation("a log can be recovered when its recovery was interrupted: " + e, e);
        }
        if (!promised(Promise.RECOVERS_THE_SAME_AGAIN)) {
            return;
        }
        for (String key : once.keySet()) {
            checkSame("recovered twice", key, once.get(key), twice.getOrDefault(key, List.of()));
        }
    }

    private void recover(SimulatedDisk disk, String bootId, Map<String, List<Found>> found) {
        try (LogUnderTest log = LogUnderTest.after(disk, run.workload(), bootId, stretch.clock())) {
            readAll(log, found);
            int unused = disk.mark();
        }
    }

    private void readAll(LogUnderTest log, Map<String, List<Found>> found) {
        for (String key : Workload.KEYS) {
            try {
                found.put(key, log.recoverAndRead(key));
            } catch (WalException e) {
                if (promised(Promise.EVERY_STREAM_OPENS)) {
                    throw e;
                }
            }
        }
    }

    // ---------------------------------------------------------------- a stream

    private void checkStream(String key, List<Found> found) throws Violation {
        Model.Stream stream = run.model().stream(key);
        Known before = stretch.before().get(key);
        Known after = stretch.after().get(key);
        int previous = -1;
        long end = 0;
        for (Found record : found) {
            int number = Model.numberIn(record.content());
            if (number < 0 || number >= after.attempts()) {
                throw new Violation("nothing is there that was never appended: " + at(key, record) + ", number=" + number);
            }
            Attempt attempt = stream.get(number);
            checkIntact(key, record, attempt);
            if (number <= previous || record.position() < end) {
                throw new Violation("records come in the order in which they were appended: " + at(key, record) + ", number=" + number
                        + ", previous=" + previous);
            }
            if (previous >= 0 && promised(Promise.NO_HOLES)) {
                checkNoneMissing(key, "a hole", previous + 1, number);
            }
            previous = number;
            end = record.end();
        }
        checkBatches(key, found);
        checkEnds(key, found, operation == stretch.to() ? after : before, after);
    }

    private static String at(String key, Found record) {
        return "stream=" + key + ", position=" + record.position() + ", bytes=" + record.content().length;
    }

    private static void checkIntact(String key, Found record, Attempt attempt) throws Violation {
        if (!Arrays.equals(record.content(), attempt.content())
                || (attempt.isAcknowledged() && (attempt.position() != record.position() || attempt.end() != record.end()))) {
            throw new Violation("a record is what was appended, and where: " + at(key, record) + ", appended=" + attempt);
        }
    }

    /** A batch is there as a whole. */
    private void checkBatches(String key, List<Found> found) throws Violation {
        Model.Stream stream = run.model().stream(key);
        for (int i = 0; i < found.size(); ) {
            Attempt first = stream.get(Model.numberIn(found.get(i).content()));
            int members = 0;
            for (int number = first.number; number < stream.size() && stream.get(number).batch == first.batch; number++) {
                members++;
            }
            boolean isFirst = first.number == 0 || stream.get(first.number - 1).batch != first.batch;
            int there = 0;
            while (i < found.size() && stream.get(Model.numberIn(found.get(i).content())).batch == first.batch) {
                there++;
                i++;
            }
            if (!isFirst || there != members) {
                throw new Violation("of a batch all is there or nothing: stream=" + key + ", first=" + first + ", members=" + members
                        + ", found=" + there);
            }
        }
    }

    /** What must be there, at the beginning and at the end. */
    private void checkEnds(String key, List<Found> found, Known sure, Known possible) throws Violation {
        int first = found.isEmpty() ? -1 : Model.numberIn(found.get(0).content());
        int last = found.isEmpty() ? -1 : Model.numberIn(found.get(found.size() - 1).content());
        if (promised(Promise.DELETED_STAYS_DELETED) && first >= 0 && first < sure.begin()) {
            throw new Violation("what was deleted doesn't come back: stream=" + key + ", first=" + first + ", deleted below "
                    + sure.begin());
        }
        int from = possible.begin();
        int kept = kept(key);
        if (found.isEmpty()) {
            checkNoneMissing(key, "lost", from, kept);
        } else {
            checkNoneMissing(key, "lost at the beginning", from, Math.min(first, kept));
            checkNoneMissing(key, "lost at the end", Math.max(from, last + 1), kept);
        }
        if (promised(Promise.NO_HOLES) && !found.isEmpty()) {
            checkNoneMissing(key, "the beginning is lost", possible.begin(), first);
        }
    }

    /** How many records are not lost. */
    private int kept(String key) {
        return promised(Promise.ACKNOWLEDGED_IS_THERE) ? acknowledged(key) : run.model().stream(key).durableAt(operation);
    }

    /** How many had been acknowledged when it ended; what was acknowledged since the last operation may be not in the state yet. */
    private int acknowledged(String key) {
        return acknowledgedBefore(key, operation == stretch.to() ? operation + 1 : operation);
    }

    private int acknowledgedBefore(String key, int next) {
        return Math.min(stretch.after().get(key).attempts(), run.model().stream(key).acknowledgedBefore(next));
    }

    private void checkNoneMissing(String key, String what, int from, int to) throws Violation {
        Model.Stream stream = run.model().stream(key);
        for (int number = from; number < to; number++) {
            if (stream.get(number).isAcknowledged()) {
                throw new Violation(what + ": stream=" + key + ", missing=" + stream.get(number) + ", all that is missing: " + from + ".."
                        + (to - 1));
            }
        }
    }

    // ---------------------------------------------------------------- going on

    /** Appends a record behind all positions that were given, and adds it to what is there. */
    private void appendOne(LogUnderTest log, String key, List<Found> found) throws Violation {
        EntryRef ref = log.stream(key).append(WriteEntry.of(NEW_CONTENT));
        long given = found.isEmpty() ? 0 : found.get(found.size() - 1).end();
        Model.Stream stream = run.model().stream(key);
        int acknowledged = killed ? acknowledged(key) : acknowledgedBefore(key, operation + 1);
        for (int number = 0; number < acknowledged; number++) {
            given = Math.max(given, stream.get(number).end());
        }
        if (ref.position() < given) {
            throw new Violation("a position is given once: stream=" + key + ", given up to " + given + ", now given " + ref.position());
        }
        found.add(new Found(ref.position(), ref.end(), NEW_CONTENT));
        checkSame("appended", key, found, log.read(key));
    }

    private static void checkSame(String when, String key, List<Found> expected, List<Found> found) throws Violation {
        boolean same = expected.size() == found.size();
        for (int i = 0; same && i < expected.size(); i++) {
            Found one = expected.get(i);
            Found other = found.get(i);
            same = one.position() == other.position() && one.end() == other.end() && Arrays.equals(one.content(), other.content());
        }
        if (!same) {
            throw new Violation(when + ", the stream is what it was: stream=" + key + ", it was " + shown(expected) + " and is "
                    + shown(found));
        }
    }

    private static String shown(List<Found> records) {
        StringBuilder text = new StringBuilder("[");
        for (Found record : records) {
            int number = Model.numberIn(record.content());
            text.append(text.length() > 1 ? ", " : "").append(number >= NEW_RECORD >> 1 ? "new" : String.valueOf(number)).append('@')
                    .append(record.position());
        }
        return text.append(']').toString();
    }
}
