package dev.streamwal.cli;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.Parameters;

/** A command that reads some streams of a log, or all. */
abstract class StreamsCommand extends ReadingCommand {

    @Parameters(
            index = "1..*",
            paramLabel = "KEY",
            description = "Streams: keys, or patterns in which * is any run of characters, / included, and ? one character "
                    + "(default: all).")
    private List<String> patterns = List.of();

    StreamsCommand(CommandContext context) {
        super(context);
    }

    abstract Exit read(WalReader reader, LogSegments segments, KeySelection selection, CommandOutput out) throws IOException;

    /** The arguments; all streams if there is none. */
    List<String> patterns() {
        return patterns;
    }

    /**
     * Takes the arguments as picocli would, if they are LOG, KEYs and options that every command has: most calls are like that, and picocli takes
     * longer to read this class's annotations than the command takes to run.
     *
     * @return false if there is anything else, or anything wrong; what to do then, and what to say, picocli knows, with a new command
     */
    final boolean takePlainly(List<String> arguments) {
        List<String> named = new ArrayList<>();
        for (String argument : arguments) {
            if (!argument.startsWith("-")) {
                named.add(argument);
            } else if (!takeOption(argument)) {
                return false;
            }
        }
        if (named.isEmpty()) {
            return false;
        }
        try {
            takeRoot(named.get(0));
        } catch (InvalidPathException e) {
            return false;
        }
        patterns = named.subList(1, named.size());
        return true;
    }

    @Override
    final Exit read(WalReader reader, CommandOutput out) throws IOException {
        try (LogSegments segments = segments()) {
            KeySelection selection = KeySelection.of(segments, reader, patterns());
            // before the reading, which may never end
            Exit found = complainOfMissing(selection.withMissing(this::isMissed));
            found = selection.isByList() && complainOfDamagedTables(segments) ? Exit.FINDINGS : found;
            Exit exit = withLeftOut(read(reader, segments, selection, out));
            return exit == Exit.OK ? found : exit;
        }
    }

    /** Does something with each stream, also behind those that can't be read. */
    final void forEach(KeySelection selection, String task, Consumer<String> action) {
        try (Progress progress = progress(task, selection.keys().size(), "streams")) {
            for (String key : selection.keys()) {
                orLeaveOut(() -> action.accept(key));
                progress.step(1);
            }
        }
    }

    /** Reads something of one stream; what can't be read is left out. */
    final void orLeaveOut(Runnable reading) {
        try {
            reading.run();
        } catch (WalIOException e) {
            leaveOut(e);
        }
    }

    /** Asks for each stream alone, where a call for all of them has failed, as it does at the first that is damaged or can't be read. */
    final <T> List<T> oneByOne(List<String> keys, Function<String, Optional<T>> call) {
        List<T> found = new ArrayList<>();
        for (String key : keys) {
            try {
                call.apply(key).ifPresent(found::add);
            } catch (CorruptSegmentException | UnsupportedFormatException | WalIOException e) {
                leaveOut(e);
            }
        }
        return found;
    }

    /** Reports damaged tables if all streams, or those that match, were requested: more streams may be missing. */
    private boolean complainOfDamagedTables(LogSegments segments) throws IOException {
        List<CorruptSegmentException> damage = segments.damagedTables();
        for (CorruptSegmentException each : damage) {
            complain("streams may be missing here: " + each.getMessage());
        }
        return !damage.isEmpty();
    }

    /** Whether it is an error if no stream matches this argument. */
    boolean isMissed(String argument) {
        return true;
    }
}
