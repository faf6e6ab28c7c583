package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.Scale;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import dev.streamwal.reading.StreamHistory.Appended;
import dev.streamwal.reading.StreamHistory.Removal;
import dev.streamwal.simulation.Call;
import dev.streamwal.simulation.FaultPlan;
import dev.streamwal.simulation.SimulatedDisk;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Between any two calls that a reading operation makes to the disk, something is done to the log: appended, cut off, swept, deleted; all of
 * it, or a part, as where the process ends in the middle. One thread, on a simulated disk, so every interleaving is brought about, and again;
 * {@code -Dscale=4} takes all of them, 1 each fourth, a build a few of a third of them.
 */
@Tag("long")
class InterleavedReadTest {

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final Duration RETENTION = Duration.ofMinutes(10);
    private static final int RECORDS_A_WINDOW = 5;
    private static final int WINDOWS = 3;
    private static final int MAX_CALLS = 2_000;
    /** Of the calls of an operation: which ones, differs with the operation and the change. */
    private static final int STRIDE = (int) Math.max(1, Math.round(4 / Scale.factor()));
    /** In builds one of so many pairs of a change and a reading: of other pairs for each reader and shape. */
    private static final int PARTS = Scale.isShortened() ? 5 : 1;
    private static final int MAX_TOLD = 40;
    private static final int THREADS = 2;
    private static final int FEW = 3;
    private static final int MANY = 8;
    private static final int LEAST_TO_CUT = 6;
    private static final int HISTORIES = 8;

    /** That are asked of one stream. */
    private static final Reading[] OF_ONE_STREAM = EnumSet.complementOf(EnumSet.of(Reading.KEYS, Reading.LATEST_OF_KEYS, Reading.DESCRIBE_OF_KEYS))
            .toArray(new Reading[0]);
    /** Of which others can follow: none that ends in the middle. */
    private static final Change[] WHOLE = EnumSet.complementOf(EnumSet.of(Change.CUT_BUT_FOR_THE_SECOND_WRITE, Change.CUT_BUT_FOR_THE_TRUNCATION,
            Change.CUT_BUT_FOR_A_SECOND_DELETION)).toArray(new Change[0]);

    /** Who reads. */
    private enum Who {
        /** In the writing process. */
        WITHIN,
        /** Beside it, for the first time. */
        BESIDE,
        /** Beside it, and has read it before, so that it knows its segments and footers. */
        BESIDE_AGAIN
    }

    /** What is done meanwhile. */
    private enum Change {
        APPEND(run -> run.append(2)),
        APPEND_IN_THE_NEXT_WINDOW(run -> {
            run.tick(WINDOW);
            run.append(2);
        }),
        CUT_A_FEW(run -> run.cut(-3)),
        CUT_SEGMENTS(run -> run.cut(3)),
        APPEND_AND_CUT(run -> {
            run.append(2);
            run.cut(-3);
        }),
        CUT_AND_APPEND(run -> {
            run.cut(-3);
            run.append(2);
        }),
        CUT_TWICE(run -> {
            run.cut(-2);
            run.cut(-2);
        }),
        CUT_AND_APPEND_AND_CUT(run -> {
            run.cut(-4);
            run.append(3);
            run.cut(-2);
        }),
        CUT_BUT_FOR_THE_SECOND_WRITE(run -> run.cutBut(Call.WRITE, 2)),
        CUT_BUT_FOR_THE_TRUNCATION(run -> run.cutBut(Call.TRUNCATE, 1)),
        CUT_BUT_FOR_A_SECOND_DELETION(run -> run.cutBut(Call.DELETE, 2)),
        SWEEP(Run::sweep),
        SWEEP_AND_APPEND(run -> {
            run.sweep();
            run.append(2);
        }),
        PACK(Run::pack),
        PACK_AND_CUT(run -> {
            run.pack();
            run.cut(3);
        }),
        PACK_AND_SWEEP(run -> {
            run.pack();
            run.sweep();
        }),
        CUT_AND_APPEND_AND_PACK(run -> {
            run.cut(3);
            run.tick(WINDOW);
            run.append(2);
            SimulatedLog.runBackground(run.wal);
            run.pack();
        }),
        DELETE(Run::delete),
        DELETE_AND_APPEND(run -> {
            run.delete();
            run.append(2);
        });

        @SuppressWarnings("ImmutableEnumChecker") // a method
        private final Doing doing;

        Change(Doing doing) {
            this.doing = doing;
        }
    }

    private interface Doing {
        void on(Run run);
    }

    private static final String FILLER = "filler";
    private static final int PIECES = 2;

    /** How the stream stands. */
    private enum Shape {
        BY_POSITION(false, false, false, false),
        MAPPED(true, false, false, false),
        /** A checkpoint has links to the sealed segments, so these are cut by putting a copy in their place. */
        LINKED(false, true, false, false),
        SEALED(false, false, true, false),
        /** All but the newest segment are in packs. */
        PACKED(false, false, false, true),
        /** What the stream has in each window is in several packs, which become one when packs are made again. */
        IN_PIECES(false, false, false, false),
        /** The same, in several shared segments. */
        IN_SHARED_PIECES(false, false, false, false);

        private final boolean mapped;
        private final boolean linked;
        private final boolean sealed;
        private final boolean packed;

        Shape(boolean mapped, boolean linked, boolean sealed, boolean packed) {
            this.mapped = mapped;
            this.linked = linked;
            this.sealed = sealed;
            this.packed = packed;
        }

        /** There are many calls, and much to be done before each, where a stream is in pieces; what matters there has a test of its own. */
        int stride() {
            return isInPieces() ? Math.min(MAX_CALLS / 2, 16 * STRIDE) : STRIDE;
        }

        boolean isInPieces() {
            return this == IN_PIECES || this == IN_SHARED_PIECES;
        }
    }

    /** One log, with a stream for each interleaving. */
    private static final class Run implements AutoCloseable {
        private final SimulatedDisk disk = new SimulatedDisk();
        private final Path root = disk.path("/log");
        private final StreamWal wal;
        private final Shape shape;
        private final Who who;
        private Instant now = Instant.parse("2026-03-01T12:00:00Z");
        private long ticks;
        private long number;
        private int keys;
        private WalStream stream;
        private StreamHistory history;

        Run(Shape shape, Who who) {
            this(shape, who, 0);
        }

        Run(Shape shape, Who who, int ownSegments) {
            this.shape = shape;
            this.who = who;
            WalOptions options = WalOptions.builder().clock(() -> now).window(WINDOW).retention(RETENTION)
                    .segmentBytes(shape.isInPieces() ? 4 << 10 : 64 << 10)
                    .maxRecordBytes(1_000).ownSegments(ownSegments).sweepInterval(Duration.ZERO).durability(Durability.BUFFERED).build();
            wal = SimulatedLog.open(root, options, "boot", shape.mapped, new Random(1)::nextLong);
        }

        long nanos() {
            return ++ticks;
        }

        void tick(Duration by) {
            now = now.plus(by);
        }

        /** Another stream, as the shape says. */
        void fill() {
            if (keys > 0) {
                wal.delete(stream.key());
            }
            if (keys > 0 && shape == Shape.IN_SHARED_PIECES) {
                // or who opens the log would read the shared segments of all streams before this one
                tick(WINDOW);
                wal.sweep();
                SimulatedLog.runBackground(wal);
            }
            String key = "k" + keys++;
            stream = wal.stream(key);
            history = new StreamHistory(key);
            for (int window = 0; window < WINDOWS; window++) {
                if (window > 0) {
                    tick(WINDOW);
                }
                append(RECORDS_A_WINDOW);
                SimulatedLog.runBackground(wal);
                if (shape.isInPieces()) {
                    inPieces();
                }
            }
            if (shape.sealed) {
                tick(WINDOW);
                wal.sweep();
                wal.sweep();
                SimulatedLog.runBackground(wal);
            }
            if (shape.isInPieces()) {
                wal.delete(FILLER);
            }
            if (shape.packed) {
                pack();
            }
            if (shape.linked) {
                wal.checkpoint(disk.path("/copy" + keys));
            }
        }

        /** What is appended to the window stands in several segments; where they are packed, in several packs: a sweep packs, and doesn't merge. */
        private void inPieces() {
            for (int piece = 0; piece < PIECES; piece++) {
                WalStream filler = wal.stream(FILLER);
                for (int i = 0; i < 4; i++) {
                    filler.append(now.toEpochMilli(), new byte[900]);
                }
                append(2);
                SimulatedLog.runBackground(wal);
                if (shape == Shape.IN_PIECES) {
                    wal.sweep();
                }
            }
        }

        void append(int records) {
            for (int i = 0; i < records; i++) {
                long start = nanos();
                long millis = now.toEpochMilli();
                EntryRef ref = stream.append(millis, Content.of(number));
                history.appended(List.of(new Appended(stream.key(), ref.position(), ref.size(), millis, number++)), start, nanos());
            }
        }

        /** @param index of the last record that stays; from the end where it is negative */
        void cut(int index) {
            List<Appended> records = List.copyOf(history.now().values());
            Appended last = records.get(index < 0 ? records.size() + index : index);
            long start = nanos();
            List<Long> segments = segments();
            stream.truncateAfter(new EntryRef(stream.key(), last.position(), last.size()));
            history.cutFrom(last.end(), segments, start, nanos());
        }

        /** A cut that isn't done to its end. */
        void cutBut(Call call, int nth) {
            List<Appended> records = List.copyOf(history.now().values());
            Appended last = records.get(FEW);
            long start = nanos();
            List<Long> segments = segments();
            disk.failing(FaultPlan.nthOf(call, "\\.seg", nth, FaultPlan.Failure.IO_ERROR));
            try {
                stream.truncateAfter(new EntryRef(stream.key(), last.position(), last.size()));
            } catch (WalException e) {
                // as if the process ended there
            } finally {
                disk.failing(FaultPlan.NONE);
            }
            history.cutFrom(last.end(), segments, start, Long.MAX_VALUE);
        }

        void sweep() {
            List<Long> segments = segments();
            // so that the first two windows of this stream go
            tick(RETENTION.minus(WINDOW.multipliedBy(shape.sealed ? 2 : 1)));
            long start = nanos();
            wal.sweep();
            List<Long> left = segments();
            history.removedBelow(left.isEmpty() ? Long.MAX_VALUE : left.get(0), segments, Removal.SWEPT, start, nanos());
        }

        void pack() {
            int unused = wal.pack();
        }

        void delete() {
            long start = nanos();
            List<Long> segments = segments();
            wal.delete(stream.key());
            history.removedBelow(Long.MAX_VALUE, segments, Removal.DELETED, start, nanos());
        }

        private List<Long> segments() {
            return SegmentPositions.of(root, stream.key());
        }

        WalReader reader() {
            return who == Who.WITHIN ? wal.reader() : WalReader.open(root);
        }

        @Override
        public void close() {
            wal.close();
        }
    }

    /** On two threads: a run has its own disk and log. */
    @ParameterizedTest
    @EnumSource(Shape.class)
    void read_betweenAnyTwoCalls_isExplainedByAStateMeanwhile(Shape shape) throws Exception {
        List<String> wrong = Collections.synchronizedList(new ArrayList<>());
        List<Callable<Integer>> runs = new ArrayList<>();
        for (Who who : Who.values()) {
            for (Change change : Change.values()) {
                for (Reading reading : Reading.values()) {
                    if ((who.ordinal() + change.ordinal() + reading.ordinal() + shape.ordinal()) % PARTS != 0) {
                        continue;
                    }
                    runs.add(() -> {
                        try (Run run = new Run(shape, who)) {
                            int first = 1 + (change.ordinal() + reading.ordinal() + who.ordinal()) % shape.stride();
                            return interleavings(run, change, reading, first, shape.stride(), wrong);
                        }
                    });
                }
            }
        }
        int interleavings = 0;
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            for (Future<Integer> run : threads.invokeAll(runs)) {
                interleavings += run.get();
            }
        } finally {
            threads.shutdownNow();
        }
        System.out.println("InterleavedReadTest: " + shape + ", " + interleavings + " interleavings");
        assertThat(wrong).as(wrong.size() + " of " + interleavings).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Who.class)
    void newestRecords_endCutOffBetweenAnyTwoCalls_areOfOneMoment(Who who) {
        assertAllExplained(who, List.of(Change.CUT_A_FEW, Change.CUT_SEGMENTS, Change.CUT_TWICE, Change.APPEND_AND_CUT),
                List.of(Reading.LATEST, Reading.SCAN_LAST));
    }

    @ParameterizedTest
    @EnumSource(Who.class)
    void tail_itsSegmentSweptBetweenAnyTwoCalls_isToldOfWhatIsGone(Who who) {
        assertAllExplained(who, List.of(Change.SWEEP, Change.SWEEP_AND_APPEND), List.of(Reading.FOLLOW_FROM, Reading.FOLLOW_KEYS));
    }

    /** What a stream has in several packs becomes one segment of one pack, which begins before the place where the reader is. */
    @ParameterizedTest
    @EnumSource(Who.class)
    void read_segmentsBecomeOneBetweenAnyTwoCalls_eachRecordIsReadOnce(Who who) {
        assertAllExplained(Shape.IN_PIECES, who, List.of(Change.PACK), List.of(Reading.values()));
        assertAllExplained(Shape.IN_SHARED_PIECES, who, List.of(Change.PACK), List.of(Reading.values()));
    }

    /** Three things happen, each a few calls after the one before. At random: there are too many ways to go through them all. */
    @Test
    void read_threeChangesBetweenCalls_isExplainedByAStateMeanwhile() {
        int seeds = Math.max(20, (int) (400 * Scale.factor()));
        List<String> wrong = new ArrayList<>();
        int happened = 0;
        for (long seed = 1; seed <= seeds; seed++) {
            Random random = new Random(seed * 7919);
            Shape shape = any(random, Shape.values());
            Who who = any(random, Who.values());
            try (Run run = new Run(shape, who, random.nextInt(3) == 0 ? MANY : 0)) {
                for (int history = 0; history < HISTORIES; history++) {
                    run.fill();
                    Meanwhile third = new Meanwhile(any(random, WHOLE), 1 + random.nextInt(FEW), null);
                    Meanwhile second = new Meanwhile(any(random, WHOLE), 1 + random.nextInt(2 * MANY), third);
                    Meanwhile first = new Meanwhile(any(random, WHOLE), 1 + random.nextInt(random.nextBoolean() ? MANY : 7 * MANY), second);
                    Reading reading = any(random, OF_ONE_STREAM);
                    Answer answer = ask(run, first, reading);
                    happened += third.happened ? 1 : 0;
                    String why = new Explanation(Map.of(run.history.key(), run.history)).wrong(answer);
                    if (!why.isEmpty() && wrong.size() < MAX_TOLD) {
                        wrong.add("seed " + seed + ", " + shape + " " + who + " " + first + " of " + reading + ": " + why + ", " + answer.line());
                    }
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(happened).isGreaterThan(seeds);
    }

    /** What is done between two calls, and what is done some calls later. */
    private static final class Meanwhile {
        private final Change change;
        private final int calls;
        private final @Nullable Meanwhile next;
        private boolean happened;

        Meanwhile(Change change, int calls, @Nullable Meanwhile next) {
            this.change = change;
            this.calls = calls;
            this.next = next;
        }

        void in(Run run) {
            run.disk.meanwhile(calls, () -> {
                happened = true;
                Change possible = run.history.now().size() < LEAST_TO_CUT ? Change.APPEND : change;
                possible.doing.on(run);
                if (next != null) {
                    next.in(run);
                }
            });
        }

        @Override
        public String toString() {
            return change + " before call " + calls + (next == null ? "" : ", then " + next);
        }
    }

    private static <T> T any(Random random, T[] of) {
        return of[random.nextInt(of.length)];
    }

    private static void assertAllExplained(Who who, List<Change> changes, List<Reading> readings) {
        assertAllExplained(Shape.BY_POSITION, who, changes, readings);
    }

    private static void assertAllExplained(Shape shape, Who who, List<Change> changes, List<Reading> readings) {
        List<String> wrong = new ArrayList<>();
        for (Change change : changes) {
            for (Reading reading : readings) {
                try (Run run = new Run(shape, who)) {
                    int stride = shape.isInPieces() ? 2 * STRIDE : 1;
                    int unused = interleavings(run, change, reading, 1 + (change.ordinal() + reading.ordinal()) % stride, stride, wrong);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    private static int interleavings(Run run, Change change, Reading reading, int first, int stride, List<String> wrong) {
        for (int call = first; call < MAX_CALLS; call += stride) {
            run.fill();
            Meanwhile meanwhile = new Meanwhile(change, call, null);
            Answer answer = ask(run, meanwhile, reading);
            String why = new Explanation(Map.of(run.history.key(), run.history)).wrong(answer);
            if (!why.isEmpty() && wrong.size() < MAX_TOLD) {
                wrong.add(run.shape + " " + run.who + " " + meanwhile + " of " + reading + ": " + why + ", "
                        + answer.line());
            }
            if (!meanwhile.happened) {
                return call / stride + 1;
            }
        }
        throw new AssertionError("it doesn't end: " + change + " " + reading);
    }

    private static Answer ask(Run run, Meanwhile meanwhile, Reading reading) {
        int call = meanwhile.calls;
        List<Appended> records = List.copyOf(run.history.now().values());
        String key = run.history.key();
        Appended middle = records.get(call % records.size());
        List<EntryRef> refs = records.stream().map(record -> new EntryRef(key, record.position(), record.size())).toList();
        List<EntryRef> asked = switch (reading) {
            case FIND -> List.of(refs.get(call % refs.size()));
            case BATCH -> refs;
            default -> List.of();
        };
        long argument = switch (reading) {
            case SCAN_LAST -> call % 2 == 0 ? FEW : MANY;
            case SCAN_FROM, BACKWARD_FROM, FOLLOW_FROM, FOLLOW_KEYS -> middle.position();
            case SCAN_TIME, MERGED -> records.get(0).timestampMillis() + WINDOW.toMillis();
            default -> 0;
        };
        long end = switch (reading) {
            case SCAN_TIME, MERGED -> run.now.toEpochMilli() + 1;
            default -> 0;
        };
        LongSupplier nanos = run::nanos;
        try (WalReader reader = run.reader()) {
            if (run.who != Who.BESIDE) {
                for (Reading warm : List.of(Reading.SCAN, Reading.LATEST, Reading.SCAN_LAST)) {
                    Answer unused = warm.ask(reader, key, FEW, 0, List.of(), nanos);
                }
            }
            meanwhile.in(run);
            Answer answer = reading.ask(reader, key, argument, end, asked, nanos);
            run.disk.meanwhile(0, null);
            return answer;
        }
    }
}
