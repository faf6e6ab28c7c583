package dev.streamwal.cli;

import dev.streamwal.StreamWal;
import dev.streamwal.WalStats;
import dev.streamwal.error.WalException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Copies a log. */
@Command(
        name = "checkpoint",
        description = "Copies a log that no process is writing. Complete segments become hard links if the copy is on the same"
            + " file system, and take no space. The copy is a log itself.",
        footer = {
            "%nTo copy a live log, call StreamWal.checkpoint(target) in the program that writes it, or back it up: stream-wal backup LOG FOLDER.",
            LogOptions.OPENING + " A log with damaged streams can't be copied: recover it first."})
final class CheckpointCommand extends WritingCommand {

    @Parameters(index = "1", paramLabel = "TARGET", description = "A directory that is empty or doesn't exist yet.")
    @SuppressWarnings("NullAway.Init") // required, so that it is set before the command runs
    private Path target;

    CheckpointCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        checkIsOutside(target);
        try (StreamWal wal = openLog()) {
            copy(wal);
            WalStats stats = wal.stats();
            int streams = wal.keys().size();
            out.item(() -> "copied " + Figures.number(streams, "stream") + ", " + Figures.number(stats.segments(), "segment") + ", "
                    + Figures.bytes(stats.bytes()) + ", to " + target, json -> {
                json.writeStringField("target", target.toString());
                json.writeNumberField("streams", streams);
                json.writeNumberField("segments", stats.segments());
                json.writeNumberField("bytes", stats.bytes());
            });
            return Exit.OK;
        }
    }

    @Override
    String inTheWritingProgram() {
        return "while a program writes the log, it makes the copy, by StreamWal.checkpoint";
    }

    private void copy(StreamWal wal) {
        try {
            wal.checkpoint(target);
        } catch (WalException e) {
            if (Files.exists(target)) {
                complain("the copy is incomplete: target=" + target + "; delete it");
            }
            throw e;
        }
    }
}
