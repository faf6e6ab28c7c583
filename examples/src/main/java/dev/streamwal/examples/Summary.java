package dev.streamwal.examples;

import dev.streamwal.cli.StreamWalCommand;
import java.io.PrintStream;
import java.util.Locale;

/** Prints a program's figures: a name and a value per line, the same in every locale. */
final class Summary {
    private final PrintStream out;

    Summary(PrintStream out) {
        this.out = out;
    }

    void line(String name, String format, Object... values) {
        out.printf(Locale.ROOT, "%-14s %s%n", name, String.format(Locale.ROOT, format, values));
    }

    /** Runs a command of the command line, and returns its exit code. */
    int command(String... arguments) {
        return StreamWalCommand.run(out, out, arguments);
    }

    void blank() {
        out.println();
    }

    static double micros(long nanos) {
        return nanos / 1e3;
    }

    static double seconds(long nanos) {
        return nanos / 1e9;
    }

    static double perSecond(long count, long nanos) {
        return count / seconds(Math.max(nanos, 1));
    }
}
