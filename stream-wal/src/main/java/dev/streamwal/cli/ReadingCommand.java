package dev.streamwal.cli;

import dev.streamwal.reader.WalReader;
import java.io.IOException;

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
}
