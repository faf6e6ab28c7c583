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
            return read(reader, out);
        }
    }

    /** What a command ends with that found everything but what it says now. */
    final Exit complainOfMissing(KeySelection selection) {
        selection.missing().forEach(argument -> complain("no stream has this key or matches this pattern: " + argument));
        return selection.missing().isEmpty() ? Exit.OK : Exit.FINDINGS;
    }
}
