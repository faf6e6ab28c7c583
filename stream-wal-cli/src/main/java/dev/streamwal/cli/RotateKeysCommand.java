package dev.streamwal.cli;

import dev.streamwal.StreamWal;
import dev.streamwal.keys.MasterKeys;
import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Puts a log whose records are encrypted under another master key. */
@Command(
        name = "rotate-keys",
        description = "Wraps the keys of a log whose records are encrypted under the current master key, which is the last line of --keys FILE. The file"
                + " needs the former master keys, too. No segment is touched. Afterwards the log can be read with the current key alone.",
        footer = {
            "%nCopies that were made before still need the former master keys: keep these as long as the copies."
                    + " So does the log's tier, read alone, until the log was open with it: give it with --tier.",
            LogOptions.OPENING})
final class RotateKeysCommand extends WritingCommand {

    /** The tier gets the keys alone: when packs move is for the program to say. */
    private static final Duration MOVES_NOTHING = Duration.ofDays(36_500);

    @Mixin
    private final KeysOption keys = new KeysOption();

    RotateKeysCommand(CommandContext context) {
        super(context);
    }

    @Override
    String inTheWritingProgram() {
        return "while a program writes the log, it rotates the keys, by StreamWal.rotateKeys";
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        MasterKeys masters = keys.keys().orElseThrow(() -> new UsageException("--keys FILE is missing"));
        try (StreamWal wal = openLog(LogOptions.of(context().clock()).encryption(masters).tierAfter(MOVES_NOTHING))) {
            wal.rotateKeys();
            if (tier().path().isPresent()) {
                int unused = wal.moveToTier();
            }
        }
        String current = masters.currentId();
        out.item(() -> "the log's keys are under master key " + current, json -> json.writeStringField("masterId", current));
        return Exit.OK;
    }
}
