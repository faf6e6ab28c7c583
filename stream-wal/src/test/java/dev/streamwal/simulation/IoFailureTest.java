package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Scale;
import dev.streamwal.simulation.FaultPlan.Failure;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every I/O call of a program that does all that a log can do fails once: the first, in the next run the second, and so on until a run
 * reaches its end without. {@code -Dscale=0.1} takes each thirtieth, {@code -Dnth=…} one.
 */
@Tag("portable")
class IoFailureTest {

    private static final int MAX_NTH = 20_000;
    private static final int SEEDS = 40;

    /** On a file system other than the machine's, a directory that can't be opened counts as one that can't be forced. */
    private static final Set<Call> CALLS_BUT_OPEN = EnumSet.complementOf(EnumSet.of(Call.STORE, Call.OPEN));

    private static final String FILES = "\\.[a-z]+$|/(positions|frontier|LOCK)$";

    /** How calls fail. */
    enum Kind {
        IO_ERROR,
        IO_ERROR_OPENING,
        DISK_FULL,
        SHORT_WRITE,
        SHORT_WRITE_ON_FULL_DISK,
        /** All from there on, until the log is closed. */
        DEAD_DISK;

        FaultPlan plan(int nth) {
            return switch (this) {
                case IO_ERROR -> new FaultPlan(0, CALLS_BUT_OPEN, "", nth, 1, Failure.IO_ERROR);
                case IO_ERROR_OPENING -> FaultPlan.nthOf(Call.OPEN, FILES, nth, Failure.IO_ERROR);
                case DISK_FULL -> new FaultPlan(0, allocating(), "", nth, 1, Failure.DISK_FULL);
                case SHORT_WRITE -> FaultPlan.nthOf(Call.WRITE, "", nth, Failure.SHORT_WRITE_THEN_IO_ERROR);
                case SHORT_WRITE_ON_FULL_DISK -> FaultPlan.nthOf(Call.WRITE, "", nth, Failure.SHORT_WRITE_THEN_DISK_FULL);
                case DEAD_DISK -> new FaultPlan(0, CALLS_BUT_OPEN, "", nth, Integer.MAX_VALUE, Failure.IO_ERROR);
            };
        }

        private static Set<Call> allocating() {
            Set<Call> calls = EnumSet.allOf(Call.class);
            calls.removeIf(call -> !call.allocates());
            return calls;
        }
    }

    /** What the program does, and on what. */
    enum Program {
        EVERYTHING,
        AFTER_A_CRASH,
        AFTER_A_CRASH_THAT_LEFT_SOME;

        void run(FaultyRun run) {
            switch (this) {
                case EVERYTHING -> run.everything();
                case AFTER_A_CRASH -> run.afterCrash(true);
                case AFTER_A_CRASH_THAT_LEFT_SOME -> run.afterCrash(false);
            }
        }
    }

    /** Of all runs of one kind. */
    private record Outcome(int runs, int failedCalls, int errors, long checks) {

        static final Outcome NONE = new Outcome(0, 0, 0, 0);

        Outcome plus(FaultyRun run) {
            return new Outcome(runs + 1, failedCalls + run.failures(), errors + run.errors(), checks + run.checks());
        }

        Outcome plus(Outcome other) {
            return new Outcome(runs + other.runs, failedCalls + other.failedCalls, errors + other.errors, checks + other.checks);
        }
    }

    static Stream<Arguments> programs() {
        return Stream.of(Arguments.of(Program.EVERYTHING, true), Arguments.of(Program.EVERYTHING, false),
                Arguments.of(Program.AFTER_A_CRASH, false), Arguments.of(Program.AFTER_A_CRASH_THAT_LEFT_SOME, true));
    }

    @ParameterizedTest
    @MethodSource("programs")
    @Timeout(600)
    void everyCall_failedOnce_losesNothingThatWasAcknowledged(Program program, boolean mapped) throws Exception {
        long start = System.nanoTime();
        ExecutorService threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        Outcome all = Outcome.NONE;
        try {
            List<Callable<Outcome>> enumerations = new ArrayList<>();
            for (Kind kind : Kind.values()) {
                enumerations.add(() -> everyCall(program, mapped, kind));
            }
            List<Future<Outcome>> done = threads.invokeAll(enumerations);
            for (int i = 0; i < done.size(); i++) {
                Outcome outcome = result(done.get(i));
                System.out.printf("IoFailureTest: %s, mapped=%s, %s: %d runs, %d failed calls, %d errors told, %d records looked for%n", program,
                        mapped, Kind.values()[i], outcome.runs, outcome.failedCalls, outcome.errors, outcome.checks);
                assertThat(outcome.failedCalls).isPositive();
                all = all.plus(outcome);
            }
        } finally {
            threads.shutdownNow();
        }
        System.out.printf("IoFailureTest: %s, mapped=%s: %d failed calls in %d runs, %d ms%n", program, mapped, all.failedCalls, all.runs,
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
        assertThat(all.errors).isPositive();
    }

    /** With threads of its own, nothing happens in the same way twice; but nobody may wait for ever, whichever call fails. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Timeout(600)
    void anyCall_failsWhileThreadsWait_allAreAnswered(boolean mapped) throws Exception {
        int seeds = (int) Math.max(SEEDS / 10, Math.round(SEEDS * Scale.factor()));
        int failures = 0;
        int told = 0;
        long durable = 0;
        for (int seed = 1; seed <= seeds; seed++) {
            Random random = new Random(seed);
            int nth = 1 + random.nextInt(40);
            FaultPlan plan = switch (random.nextInt(4)) {
                case 0 -> FaultPlan.nthOf(Call.FORCE, "journal$", nth, Failure.IO_ERROR);
                case 1 -> FaultPlan.nthOf(Call.WRITE, "journal$", nth, Failure.SHORT_WRITE_THEN_IO_ERROR);
                case 2 -> FaultPlan.nthOf(Call.FORCE, "seg$", 1 + nth / 10, Failure.IO_ERROR);
                default -> new FaultPlan(seed, CALLS_BUT_OPEN, "", 5 * nth, 1, Failure.IO_ERROR);
            };
            FaultyThreads run = new FaultyThreads(mapped, seed);
            run.run(plan);
            failures += run.failures();
            told += run.told();
            durable += run.durable();
        }
        System.out.printf("IoFailureTest: threads, mapped=%s: %d failed calls in %d runs, %d threads told, %d records durable%n", mapped,
                failures, seeds, told, durable);
        assertThat(told).isPositive();
        assertThat(durable).isPositive();
    }

    private static Outcome everyCall(Program program, boolean mapped, Kind kind) {
        int step = (int) Math.max(1, Math.round((Scale.isShortened() ? 5 : 1) / Scale.factor()));
        Integer given = Integer.getInteger("nth");
        Outcome outcome = Outcome.NONE;
        for (int nth = given == null ? 1 : given; nth < MAX_NTH; nth += step) {
            FaultyRun run = new FaultyRun(mapped, kind.plan(nth));
            try {
                program.run(run);
            } catch (AssertionError e) {
                throw new AssertionError(e.getMessage() + "\n" + program + ", " + kind + ", " + run.describe(), e);
            }
            if (!run.isReached() || given != null) {
                return outcome.plus(run);
            }
            outcome = outcome.plus(run);
        }
        throw new AssertionError("a run reaches its end before its " + MAX_NTH + "th call");
    }

    private static Outcome result(Future<Outcome> done) throws Exception {
        try {
            return done.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AssertionError violation) {
                throw violation;
            }
            throw e;
        }
    }
}
