package dev.streamwal.cli;

import java.io.PrintWriter;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A progress bar on standard error, or nothing. */
final class Progress implements AutoCloseable {

    private static final int WIDTH = 80;
    private static final int UPDATE_MILLIS = 100;

    private final PrintWriter err;
    private final @Nullable ProgressBar bar;

    Progress(CommandContext context, boolean shown, String task, long steps, String unit) {
        this.err = context.err();
        this.bar = shown ? bar(task, steps, unit) : null;
    }

    /** With a width and a consumer of our own: otherwise the library asks the terminal by native code, about which JDK 24+ warns. */
    private ProgressBar bar(String task, long steps, String unit) {
        return new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(steps)
                .setUnit(" " + unit, 1)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(UPDATE_MILLIS)
                .setConsumer(new DelegatingProgressBarConsumer(this::show, WIDTH))
                .build();
    }

    private void show(String line) {
        err.print('\r' + line);
        err.flush();
    }

    /** Advances by so many steps. */
    void step(long steps) {
        if (bar != null) {
            bar.stepBy(steps);
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            err.println();
        }
    }
}
