package dev.streamwal.cli;

import dev.streamwal.StreamWal;
import dev.streamwal.WalStats;
import dev.streamwal.error.WalException;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Copies a log. */
@Command(
        name = "checkpoint",
        description = "Makes a copy of a log that nobody writes. Segments that are complete become hard links where the copy is on the same"
            + " file system, and so take no room. The copy opens as a log.",
        footer = {
            "%nA program that writes the log makes one by StreamWal.checkpoint(target), while it goes on.",
            LogOptions.OPENING + " Then there is no checkpoint: recover the log first."})
final class CheckpointCommand extends WritingCommand {

    @Parameters(index = "1", paramLabel = "TARGET", description = "A directory that is empty, or isn't there yet.")
    @SuppressWarnings("NullAway.Init") // required, so that it is set before the command runs
    private Path target;

    CheckpointCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        try (StreamWal wal = openLog()) {
            copy(wal);
            WalStats stats = wal.stats();
            out.item(() -> "copied " + Figures.number(stats.streams(), "stream") + ", " + Figures.number(stats.segments(), "segment") + ", "
                    + Figures.bytes(stats.bytes()) + ", to " + target, json -> {
                json.writeStringField("target", target.toString());
                json.writeNumberField("streams", stats.streams());
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
            complain("the copy is not complete, delete it: target=" + target);
            throw e;
        }
    }
}
