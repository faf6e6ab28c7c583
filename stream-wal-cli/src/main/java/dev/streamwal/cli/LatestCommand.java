package dev.streamwal.cli;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.WalReader;
import java.util.Collection;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Shows the newest record of each stream. */
@Command(name = "latest", description = "Shows the last record of each stream.")
final class LatestCommand extends RecordsCommand {

    /** Of each of them a content is in memory, which may be of a megabyte and more. */
    private static final int MAX_PORTION_KEYS = 256;

    @Mixin
    private final FormatOption format = new FormatOption();

    LatestCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit read(WalReader reader, LogSegments segments, KeySelection selection, CommandOutput out) {
        EntryWriter writer = format.writer(out);
        for (List<String> keys : selection.portions(MAX_PORTION_KEYS)) {
            latest(reader, keys).stream().map(ShownEntry::of).forEach(writer::write);
        }
        return Exit.OK;
    }

    private Collection<Entry> latest(WalReader reader, List<String> keys) {
        try {
            return reader.latest(keys).values();
        } catch (CorruptSegmentException | UnsupportedFormatException | WalIOException ofOne) {
            return oneByOne(keys, reader::latest);
        }
    }
}
