package dev.streamwal.cli;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.reader.WalReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Shows the newest record of each stream. */
@Command(name = "latest", description = "Shows the last record of each stream.")
final class LatestCommand extends StreamsCommand {

    @Mixin
    private final FormatOption format = new FormatOption();

    LatestCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit read(WalReader reader, LogSegments segments, KeySelection selection, CommandOutput out) {
        EntryWriter writer = format.writer(out);
        boolean complete = true;
        for (String key : selection.keys()) {
            try {
                // one at a time: damage at the end of one stream must not affect the others
                reader.latest(key).map(ShownEntry::of).ifPresent(writer::write);
            } catch (CorruptSegmentException | UnsupportedFormatException damaged) {
                complete = false;
                complain(String.valueOf(damaged.getMessage()));
            }
        }
        return complete ? Exit.OK : Exit.FINDINGS;
    }
}
