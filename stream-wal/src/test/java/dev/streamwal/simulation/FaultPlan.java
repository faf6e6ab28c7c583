package dev.streamwal.simulation;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which calls of a disk fail, and how: those that are counted are of the given kinds and concern a path in which the pattern is found;
 * from the {@code nth} of them on {@code times} fail. What it prints is all that is needed to have the same happen again.
 *
 * @param seed that it was made from; 0 where it was made by hand
 * @param nth from 1
 * @param times {@link Integer#MAX_VALUE}: all from there on
 */
public record FaultPlan(long seed, Set<Call> calls, String pathPattern, int nth, int times, Failure failure) {

    /** How a call fails. What isn't a write can't be short, and fails without. */
    public enum Failure {
        IO_ERROR("Input/output error", false),
        DISK_FULL("No space left on device", false),
        SHORT_WRITE_THEN_IO_ERROR("Input/output error", true),
        SHORT_WRITE_THEN_DISK_FULL("No space left on device", true);

        private final String text;
        private final boolean shortWrite;

        Failure(String text, boolean shortWrite) {
            this.text = text;
            this.shortWrite = shortWrite;
        }

        boolean isShortWrite() {
            return shortWrite;
        }

        boolean isDiskFull() {
            return this == DISK_FULL || this == SHORT_WRITE_THEN_DISK_FULL;
        }

        /** As Java's own file systems put it: with the path where a path was given, not where a descriptor was. */
        IOException exception(Call call, String path) {
            return switch (call) {
                case READ, WRITE, FORCE, FORCE_DIRECTORY, TRUNCATE -> new IOException(text);
                default -> new FileSystemException(path, null, text);
            };
        }
    }

    public static final FaultPlan NONE = new FaultPlan(0, EnumSet.noneOf(Call.class), "", 1, 0, Failure.IO_ERROR);

    /** The n-th call of all fails once. */
    public static FaultPlan nthOfAll(int nth, Failure failure) {
        return new FaultPlan(0, EnumSet.complementOf(EnumSet.of(Call.STORE)), "", nth, 1, failure);
    }

    /** The n-th call of a kind, on paths in which the pattern is found, fails once. */
    public static FaultPlan nthOf(Call call, String pathPattern, int nth, Failure failure) {
        return new FaultPlan(0, EnumSet.of(call), pathPattern, nth, 1, failure);
    }

    /** One call of the first so many fails, now and then all that follow too. */
    public static FaultPlan random(long seed, int calls) {
        Random random = new Random(seed);
        Failure failure = Failure.values()[random.nextInt(Failure.values().length)];
        Set<Call> kinds = EnumSet.noneOf(Call.class);
        for (Call call : Call.values()) {
            if (call != Call.STORE && (!failure.isDiskFull() || call.allocates())) {
                kinds.add(call);
            }
        }
        return new FaultPlan(seed, kinds, "", 1 + random.nextInt(calls), random.nextInt(4) == 0 ? Integer.MAX_VALUE : 1, failure);
    }

    /** Which calls of one disk have been counted so far. */
    static final class Count {

        private final FaultPlan plan;
        private final Pattern pattern;
        private int counted;

        Count(FaultPlan plan) {
            this.plan = plan;
            this.pattern = Pattern.compile(plan.pathPattern);
        }

        /** Counts a call; whether it is to fail. */
        boolean fails(Call call, String path) {
            if (!plan.calls.contains(call) || !pattern.matcher(path).find()) {
                return false;
            }
            counted++;
            return counted >= plan.nth && counted - plan.nth < plan.times;
        }

        FaultPlan plan() {
            return plan;
        }
    }
}
