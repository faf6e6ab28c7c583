package dev.streamwal.cli;

import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A command that reads a log, which may be live: it writes nothing there, and takes no lock. */
abstract class ReadingCommand extends LogCommand {

    @Option(
            names = "--nano-wal",
            description = "LOG is a directory of nano-wal 1.0 files: a stream for each prefix of their names, and no times.")
    private boolean nanoWal;

    @Option(
            names = "--tier-alone",
            description = "LOG is a log's tier, as by --tier, and is read without the log's directory: it has the packs that were moved there, nothing newer.")
    private boolean tierAlone;

    @Mixin
    private final TierOption tier = new TierOption();

    ReadingCommand(CommandContext context) {
        super(context);
    }

    /** Master keys, for commands that show what records contain; for others none. */
    KeysOption keys() {
        return new KeysOption();
    }

    abstract Exit read(WalReader reader, CommandOutput out) throws IOException;

    @Override
    final Exit run(CommandOutput out) throws IOException {
        if ((nanoWal && (tierAlone || tier.path().isPresent())) || (tierAlone && tier.path().isPresent())) {
            throw new UsageException("--nano-wal, --tier and --tier-alone can't be combined");
        }
        try (WalReader reader = open()) {
            if (!nanoWal && !tierAlone) {
                checkIsLog();
            }
            return read(reader, out);
        } catch (KeyUnavailableException e) {
            throw keys().explained(e);
        }
    }

    private WalReader open() {
        if (tierAlone) {
            return WalReader.openTier(root(), keys().reading());
        }
        return nanoWal ? WalReader.openNanoWal(root()) : WalReader.open(root(), tier.reading(keys()));
    }

    /** The log's segments. */
    final LogSegments segments() throws IOException {
        return tierAlone ? LogSegments.ofTier(root()) : LogSegments.of(root(), tier.path().orElse(null));
    }

    /** Whether LOG is a log's directory, not a tier or a directory of nano-wal files. */
    final boolean isOfLog() {
        return !nanoWal && !tierAlone;
    }

    /** Whether LOG is a directory of nano-wal files. */
    final boolean isNanoWal() {
        return nanoWal;
    }
}
