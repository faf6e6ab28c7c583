package dev.streamwal.examples;

import dev.streamwal.error.WalIOException;
import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * What consumers of the examples do where a log fails for a while, as when its disk is full, its tier is away, or too many files are open: they say so,
 * rest, and try again.
 */
public final class FailingLog {
    private static final long REST_MILLIS = 1_000;

    private FailingLog() {}

    /** Until the log takes it: a commit, mostly. */
    public static void untilTaken(Runnable call, PrintStream out) throws InterruptedException {
        Runnable unused = untilGiven(() -> {
            call.run();
            return call;
        }, out);
    }

    /** Until the log gives it: the content of a tail's record, which the tail takes for delivered already. */
    public static <T> T untilGiven(Supplier<T> call, PrintStream out) throws InterruptedException {
        while (true) {
            try {
                return call.get();
            } catch (WalIOException e) {
                tellAndRest(e, out);
            }
        }
    }

    /** A tail whose next() has thrown this goes on with the same record. */
    public static void tellAndRest(WalIOException failure, PrintStream out) throws InterruptedException {
        out.println("tries again in a while: " + failure.getMessage());
        TimeUnit.MILLISECONDS.sleep(REST_MILLIS);
    }
}
