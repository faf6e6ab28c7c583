package dev.streamwal.cli;

import dev.streamwal.error.KeyUnavailableException;
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

    /** Master keys, for commands that show what records contain; for others none. */
    KeysOption keys() {
        return new KeysOption();
    }

    /** Runs the command. */
    abstract Exit read(WalReader reader, CommandOutput out) throws IOException;

    @Override
    final Exit run(CommandOutput out) throws IOException {
        try (WalReader reader = nanoWal ? WalReader.openNanoWal(root()) : WalReader.open(root(), keys().reading())) {
            if (!nanoWal) {
                checkIsLog();
            }
            return read(reader, out);
        } catch (KeyUnavailableException e) {
            throw keys().explained(e);
        }
    }

    /** Whether ROOT is a directory of nano-wal files. */
    final boolean isNanoWal() {
        return nanoWal;
    }
}
