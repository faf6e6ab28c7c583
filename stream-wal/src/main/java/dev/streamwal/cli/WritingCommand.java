package dev.streamwal.cli;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.source.PositionsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A command that changes a log, or says what it would change. */
abstract class WritingCommand extends LogCommand {

    WritingCommand(CommandContext context) {
        super(context);
    }

    /** The caller closes it. */
    final StreamWal openLog() throws IOException {
        return openLog(LogOptions.of(context().clock()).build());
    }

    /** The caller closes it. */
    final StreamWal openLog(WalOptions options) throws IOException {
        checkIsLog();
        return StreamWal.open(root(), options);
    }

    /** Opening would make one. */
    final void checkIsLog() throws IOException {
        if (!Files.isRegularFile(PositionsFile.in(root())) && !Files.isDirectory(StreamFiles.folder(root()))) {
            throw new RefusedException("a log's directory has a file positions, or a folder streams: root=" + root());
        }
    }

    /** What of it is below the log's directory. */
    final String relative(Path file) {
        return file.startsWith(root()) ? root().relativize(file).toString() : file.toString();
    }
}
