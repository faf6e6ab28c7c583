package dev.streamwal.simulation;

import dev.streamwal.Durability;
import dev.streamwal.WriteBatch;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryRef;
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
import java.util.stream.IntStream;

/** Opens the log on what a crash has left, and compares it with what is known of it. */
final class CrashCheck {

    private static final int NEW_RECORD = Integer.MAX_VALUE;
    static final byte[] NEW_CONTENT = newContent();

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

    /**
     * What one disk's content gives each time it is recovered, of those streams that could be.
     *
     * @param numbers of the records
     * @param next the position that is given next
     */
    record Recovered(Map<String, int[]> numbers, Map<String, Long> next) {}

    /** Of so many states that were recovered one is packed, too. */
    private static final int PACKED_ONE_IN = Integer.getInteger("packedOneIn", 16);

    private final WorkloadRun run;
    private final Stretch stretch;
    private final int operation;
    private final Ending ending;
    /** What a disk had before anything was appended to it. */
    private final Map<String, List<Found>> once = new TreeMap<>();

    /**
     * @param operation the last one before the crash, in the stretch
     */
    CrashCheck(WorkloadRun run, Stretch stretch, int operation, Ending ending) {
        this.run = run;
        this.stretch = stretch;
        this.operation = operation;
        this.ending = ending;
    }

    private static byte[] newContent() {
        byte[] content = new byte[40];
        Arrays.fill(content, (byte) 0x7f);
        return content;
    }

    private boolean promised(Promise promise) {
        return ending.promises().contains(promise);
    }

    private String bootId(int restart) {
        return ending.isSameBoot() ? stretch.bootId() : stretch.bootId() + "-" + restart;
    }

    /** All that can be asked of one disk; it is changed. */
    Recovered check(SimulatedDisk disk, long seed) throws Violation {
        Map<String, List<Found>> found = new TreeMap<>();
        Map<String, Long> next;
        Map<String, int[]> numbers;
        SimulatedDisk left;
        LogUnderTest log = null;
        try {
            log = LogUnderTest.after(disk, run.workload(), bootId(1), stretch.clock());
            readAll(log, found);
            numbers = checkStreams(found);
            found.forEach((key, records) -> once.put(key, List.copyOf(records)));
            next = appendOneToEach(log, found);
        } catch (RuntimeException | Error e) {
            throw new Violation("a log with what is left can be opened and appended to: " + e, e);
        } finally {
            left = killedOrCrashed(disk, seed);
            if (log != null) {
                log.abandon();
            }
        }
        checkGoesOn(left, found, (seed & 1) == 0 ? bootId(1) : stretch.bootId() + "-again",
                Math.floorMod(seed >> 1, PACKED_ONE_IN) == 0);
        return new Recovered(numbers, next);
    }

    /** What depends on when the crash was, of a disk that had the same content after another operation and gave this. */
    void checkAgain(Recovered recovered) throws Violation {
        for (Map.Entry<String, int[]> stream : recovered.numbers().entrySet()) {
            checkKnown(stream.getKey(), stream.getValue());
        }
        for (Map.Entry<String, Long> next : recovered.next().entrySet()) {
            checkIsNew(next.getKey(), next.getValue());
        }
    }

    /** What was appended durably after a recovery is as good as what was before. */
    private static SimulatedDisk killedOrCrashed(SimulatedDisk disk, long seed) {
        int operation = disk.mark();
        disk.kill();
        if ((seed & 1) == 0) {
            return disk;
        }
        CrashPoint point = disk.crashPoint(operation);
        List<Survival> choices = List.copyOf(point.survivals(1, 2, seed));
        return point.state(choices.get((int) Math.floorMod(seed >> 1, (long) choices.size())));
    }

    private void checkGoesOn(SimulatedDisk disk, Map<String, List<Found>> expected, String bootId, boolean isPacked) throws Violation {
        ContentHash.Value content = disk.contentHash();
        if (!isPacked && run.explored().isFound(content, bootId, stretch.clock(), expected)) {
            return;
        }
        try (LogUnderTest again = LogUnderTest.after(disk, run.workload(), bootId, stretch.clock())) {
            if (isPacked) {
                // before the streams are recovered
                again.pack();
            }
            checkSame(isPacked ? "packed" : "opened again", expected, again);
            if (run.workload().encrypted()) {
                // this one goes on, as do the copies of it that the other states are
                run.nonces().addStreams(disk.path("/log"));
            }
        } catch (RuntimeException | Error e) {
            throw new Violation("a log that was recovered and appended to can be opened again: " + e, e);
        }
        run.explored().addFound(content, bootId, stretch.clock(), expected);
    }

    /**
     * A crash in the middle of the recovery of the disk that was checked before; a second recovery, of that crash, gives what one alone gave.
     *
     * @param disk as it was then; is changed
     * @return what the crash left
     */
    ContentHash.Value checkCrashInRecovery(SimulatedDisk disk, long seed) throws Violation {
        Map<String, List<Found>> twice = new TreeMap<>();
        ContentHash.Value content;
        Random random = new Random(seed);
        try {
            recover(disk, bootId(1), new TreeMap<>());
            CrashPoint point = disk.crashPoint(random.nextInt(disk.operations() + 1));
            SimulatedDisk left;
            if (ending.isKill()) {
                left = point.state(point.allKept());
            } else {
                List<Survival> choices = List.copyOf(point.survivals(2, 4, seed));
                left = point.state(choices.get(random.nextInt(choices.size())));
            }
            content = left.contentHash();
            if (run.explored().isFound(content, bootId(2), stretch.clock(), once)) {
                return content;
            }
            recover(left, bootId(2), twice);
        } catch (RuntimeException | Error e) {
            throw new Violation("a log can be recovered when its recovery was interrupted: " + e, e);
        }
        for (String key : promised(Promise.RECOVERS_THE_SAME_AGAIN) ? once.keySet() : Set.<String>of()) {
            checkSame("recovered twice", key, once.get(key), twice.getOrDefault(key, List.of()));
        }
        run.explored().addFound(content, bootId(2), stretch.clock(), twice);
        return content;
    }

    private void recover(SimulatedDisk disk, String bootId, Map<String, List<Found>> found) {
        try (LogUnderTest log = LogUnderTest.after(disk, run.workload(), bootId, stretch.clock())) {
            readAll(log, found);
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

    /** What was found of each stream; the numbers of its records. */
    Map<String, int[]> checkStreams(Map<String, List<Found>> found) throws Violation {
        Map<String, int[]> numbers = new TreeMap<>();
        for (Map.Entry<String, List<Found>> stream : found.entrySet()) {
            numbers.put(stream.getKey(), checkStream(stream.getKey(), stream.getValue()));
        }
        return numbers;
    }

    private int[] checkStream(String key, List<Found> found) throws Violation {
        int[] numbers = found.stream().mapToInt(record -> Model.numberIn(record.content())).toArray();
        checkRecords(key, found, numbers);
        checkKnown(key, numbers);
        return numbers;
    }

    /** What records are, whenever the crash was. */
    private void checkRecords(String key, List<Found> found, int[] numbers) throws Violation {
        Model.Stream stream = run.model().stream(key);
        int attempts = stretch.after().get(key).attempts();
        int previous = -1;
        long end = 0;
        for (int i = 0; i < numbers.length; i++) {
            Found record = found.get(i);
            int number = numbers[i];
            if (number < 0 || number >= attempts) {
                throw new Violation("nothing is there that was never appended: " + at(key, record) + ", number=" + number);
            }
            checkIntact(key, record, stream.get(number));
            if (number <= previous || record.position() < end) {
                throw new Violation("records come in the order in which they were appended: " + at(key, record) + ", number=" + number
                        + ", previous=" + previous);
            }
            previous = number;
            end = record.end();
        }
        checkBatches(key, found);
    }

    /** What is there is what is known to be, when the crash was. */
    private void checkKnown(String key, int[] numbers) throws Violation {
        Known before = stretch.before().get(key);
        Known after = stretch.after().get(key);
        for (int number : numbers) {
            if (number >= after.attempts()) {
                throw new Violation("nothing is there that was not appended yet: stream=" + key + ", number=" + number);
            }
        }
        checkExtent(key, numbers, operation == stretch.to() ? after : before, after);
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

    /**
     * What is there is a run of what may be there, without a hole; and all is there that must be. While something is deleted, more or less
     * of it may be there; while something is cut off, all of it or nothing.
     */
    private void checkExtent(String key, int[] found, Known before, Known after) throws Violation {
        int[] possible = IntStream.concat(Arrays.stream(before.live()), Arrays.stream(after.live())).sorted().distinct().toArray();
        for (int number : found) {
            if (promised(Promise.DELETED_STAYS_DELETED) && Arrays.binarySearch(possible, number) < 0) {
                throw new Violation("what was deleted, or cut off, or lost before, doesn't come back: stream=" + key + ", number="
                        + number + ", possible=" + Arrays.toString(possible));
            }
        }
        int first = found.length == 0 ? Integer.MAX_VALUE : found[0];
        int last = found.length == 0 ? -1 : found[found.length - 1];
        boolean isCut = last <= after.last();
        int kept = kept(key);
        for (int number : possible) {
            if (run.isErasure(stretch.step()) && !after.isLive(number)) {
                // each file is as it was, or without the records
                continue;
            }
            boolean isThere = Arrays.binarySearch(found, number) >= 0;
            boolean isInside = number > first && number < last;
            boolean mustBeThere = number < kept && (after.isLive(number) || (number >= first && !isCut));
            boolean isMissingFirst = number < first && found.length > 0 && after.isLive(number);
            if (!isThere && (mustBeThere || (promised(Promise.NO_HOLES) && (isInside || isMissingFirst)))) {
                throw new Violation((mustBeThere ? "lost" : isInside ? "a hole" : "the beginning is lost") + ": stream=" + key
                        + ", missing=" + run.model().stream(key).get(number) + ", found=" + Arrays.toString(found) + ", possible="
                        + Arrays.toString(possible) + ", to be kept: below " + kept);
            }
        }
    }

    /** How many records are not lost. */
    private int kept(String key) {
        int durable = promised(Promise.DURABLE_IS_THERE) ? run.model().stream(key).durableAt(stretch.base() + operation) : 0;
        return promised(Promise.ACKNOWLEDGED_IS_THERE) ? Math.max(durable, acknowledged(key)) : durable;
    }

    /** How many had been acknowledged when it ended; what was acknowledged since the last operation may be not in the state yet. */
    int acknowledged(String key) {
        return acknowledgedBefore(key, operation == stretch.to() ? operation + 1 : operation);
    }

    private int acknowledgedBefore(String key, int next) {
        return Math.min(stretch.after().get(key).attempts(), run.model().stream(key).acknowledgedBefore(stretch.base() + next));
    }

    // ---------------------------------------------------------------- going on

    /** Appends a record to each stream, durably, behind all positions that were given, and adds it to what is there; its positions. */
    private Map<String, Long> appendOneToEach(LogUnderTest log, Map<String, List<Found>> found) throws Violation {
        Map<String, Long> next = new TreeMap<>();
        WriteBatch batch = new WriteBatch();
        found.keySet().forEach(key -> batch.add(key, WriteEntry.of(NEW_CONTENT)));
        for (EntryRef ref : log.wal().append(batch, Durability.IMMEDIATE)) {
            String key = ref.key();
            List<Found> records = found.get(key);
            checkIsBehind(key, records, ref);
            checkIsNew(key, ref.position());
            next.put(key, ref.position());
            records.add(new Found(ref.position(), ref.end(), NEW_CONTENT));
            checkSame("appended", key, records, log.read(key));
        }
        return next;
    }

    private static void checkIsBehind(String key, List<Found> found, EntryRef ref) throws Violation {
        long end = found.isEmpty() ? 0 : found.get(found.size() - 1).end();
        if (ref.position() < end) {
            throw new Violation("a position is given once: stream=" + key + ", there up to " + end + ", now given " + ref.position());
        }
    }

    private void checkIsNew(String key, long position) throws Violation {
        long given = 0;
        Model.Stream stream = run.model().stream(key);
        int acknowledged = ending.isKill() ? acknowledged(key) : acknowledgedBefore(key, operation + 1);
        for (int number = 0; number < acknowledged; number++) {
            given = Math.max(given, stream.get(number).end());
        }
        if (position < given) {
            throw new Violation("a position is given once: stream=" + key + ", given up to " + given + ", now given " + position);
        }
    }

    private static void checkSame(String when, Map<String, List<Found>> expected, LogUnderTest log) throws Violation {
        for (Map.Entry<String, List<Found>> stream : expected.entrySet()) {
            checkSame(when, stream.getKey(), stream.getValue(), log.recoverAndRead(stream.getKey()));
        }
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
