package dev.streamwal.cli;

import dev.streamwal.reader.WalException;
import dev.streamwal.reader.WalIOException;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;

/** A command that reads a log, which may be live: it writes nothing there, and locks nothing. */
abstract class ReadingCommand extends LogCommand {

    ReadingCommand(CommandContext context) {
        super(context);
    }

    /** Does what the command is for. */
    abstract Exit read(WalReader reader, CommandOutput out) throws IOException;

    @Override
    final Exit run(CommandOutput out) throws IOException {
        try (WalReader reader = WalReader.open(root())) {
            checkIsLog();
            return read(reader, out);
        }
    }

    /** A reader takes any directory for a log that is empty as yet; who types one has made a mistake. */
    private void checkIsLog() {
        if (!Files.isDirectory(StreamFiles.folder(root()))) {
            throw new WalIOException("a log has a folder \"streams\", once somebody has opened it for writing: root=" + root(),
                    root(), null, WalException.NO_POSITION, null);
        }
    }
}
