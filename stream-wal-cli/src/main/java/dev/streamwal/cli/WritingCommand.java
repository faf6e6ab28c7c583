package dev.streamwal.cli;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Mixin;

/** A command that changes a log, or says what it would change. */
abstract class WritingCommand extends LogCommand {

    @Mixin
    private final TierOption tier = new TierOption();

    WritingCommand(CommandContext context) {
        super(context);
    }

    /** The caller closes it. */
    final StreamWal openLog() {
        return openLog(LogOptions.of(context().clock()));
    }

    /** The caller closes it. */
    final StreamWal openLog(WalOptions.Builder options) {
        checkIsLog();
        LogOwner.check(root());
        try {
            return StreamWal.open(root(), tier.with(options).build());
        } catch (WalLockedException e) {
            throw new WalLockedException(e.getMessage() + "; " + inTheWritingProgram(), e.file(), e.key(), e.position());
        }
    }

    /** The streams that these keys and patterns name, as the log is now. */
    final KeySelection selection(List<String> arguments) throws IOException {
        try (WalReader reader = WalReader.open(root()); LogSegments segments = LogSegments.of(root())) {
            return KeySelection.of(segments, reader, arguments);
        }
    }

    /** Where the log's tier is. */
    final TierOption tier() {
        return tier;
    }

    /** What a program that writes the log calls instead of this command, as the end of a message. */
    abstract String inTheWritingProgram();

    /** A file's path relative to the log's directory. */
    final String relative(Path file) {
        return file.startsWith(root()) ? root().relativize(file).toString() : file.toString();
    }
}
