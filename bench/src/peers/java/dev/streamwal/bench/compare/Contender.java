package dev.streamwal.bench.compare;

import dev.streamwal.bench.DelayContender;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A participant.
 *
 * @param name in tables and charts
 * @param limit whether it is no log, but a bound of what one could reach
 * @param settings how it is set up, and why; Markdown
 * @param acknowledged what it means that an append returned
 * @param flags command-line flags of its JVMs, beside the heap's size
 * @param opener opens a new log, or one that is there
 * @param follower how another process follows it; null where none can
 */
record Contender(String name, boolean limit, String settings, String acknowledged, List<String> flags, Opener opener,
        @Nullable DelayContender follower) {

    @FunctionalInterface
    interface Opener {
        /** The folder is there. */
        Store open(Path folder, Setup setup) throws Exception;
    }

    Store open(Path folder, Setup setup) throws Exception {
        return opener.open(folder, setup);
    }

    String folderName() {
        return "compare-" + name.replaceAll("[^A-Za-z0-9]+", "-");
    }
}
