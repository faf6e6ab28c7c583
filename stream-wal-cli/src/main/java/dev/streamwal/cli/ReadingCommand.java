package dev.streamwal.cli;

import dev.streamwal.reader.WalReader;
import java.io.IOException;
import picocli.CommandLine.Option;

/** A command that reads a log, which may be live: it writes nothing there, and takes no lock. */
abstract class ReadingCommand extends LogCommand {

    @Option(
            names = "--nano-wal",
            description = "ROOT is a directory of nano-wal 1.0 files: a stream for each prefix of their names, and no times.")
    private boolean nanoWal;

    ReadingCommand(CommandContext context) {
        super(context);
    }

    /** Runs the command. */
    abstract Exit read(WalReader reader, CommandOutput out) throws IOException;

    @Override
    final Exit run(CommandOutput out) throws IOException {
        try (WalReader reader = nanoWal ? WalReader.openNanoWal(root()) : WalReader.open(root())) {
            if (!nanoWal) {
                checkIsLog();
            }
            return read(reader, out);
        }
    }

    /** Whether ROOT is a directory of nano-wal files. */
    final boolean isNanoWal() {
        return nanoWal;
    }
}
