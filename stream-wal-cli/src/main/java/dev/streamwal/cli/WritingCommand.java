package dev.streamwal.cli;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import java.nio.file.Path;

/** A command that changes a log, or says what it would change. */
abstract class WritingCommand extends LogCommand {

    WritingCommand(CommandContext context) {
        super(context);
    }

    /** The caller closes it. */
    final StreamWal openLog() {
        return openLog(LogOptions.of(context().clock()).build());
    }

    /** The caller closes it. */
    final StreamWal openLog(WalOptions options) {
        checkIsLog();
        return StreamWal.open(root(), options);
    }

    /** A file's path relative to the log's directory. */
    final String relative(Path file) {
        return file.startsWith(root()) ? root().relativize(file).toString() : file.toString();
    }
}
