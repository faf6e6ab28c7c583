package dev.streamwal.cli;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
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
        boolean complete = true;
        for (List<String> keys : selection.portions(MAX_PORTION_KEYS)) {
            complete &= write(reader, keys, writer);
        }
        return complete ? Exit.OK : Exit.FINDINGS;
    }

    private boolean write(WalReader reader, List<String> keys, EntryWriter writer) {
        Collection<Entry> latest;
        try {
            latest = reader.latest(keys).values();
        } catch (CorruptSegmentException | UnsupportedFormatException damaged) {
            return writeOneByOne(reader, keys, writer);
        }
        latest.stream().map(ShownEntry::of).forEach(writer::write);
        return true;
    }

    /** Damage at the end of one stream must not affect the others. */
    private boolean writeOneByOne(WalReader reader, List<String> keys, EntryWriter writer) {
        boolean complete = true;
        for (String key : keys) {
            try {
                reader.latest(key).map(ShownEntry::of).ifPresent(writer::write);
            } catch (CorruptSegmentException | UnsupportedFormatException damaged) {
                complete = false;
                complain(String.valueOf(damaged.getMessage()));
            }
        }
        return complete;
    }
}
