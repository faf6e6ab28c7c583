package dev.streamwal.cli;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows records by ref. */
@Command(name = "get", description = "Shows records by ref, in the given order.")
final class GetCommand extends ReadingCommand {

    /** Bytes read at a time: one record of the largest size, or many small ones. */
    private static final long BATCH_BYTES = 32 << 20;
    private static final int BATCH_REFS = 1_024;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "REF", description = "key@position+size.")
    private List<EntryRef> refs = List.of();

    @Mixin
    private final FormatOption format = new FormatOption();

    @Mixin
    private final KeysOption keys = new KeysOption();

    GetCommand(CommandContext context) {
        super(context);
    }

    @Override
    KeysOption keys() {
        return keys;
    }

    @Override
    Exit read(WalReader reader, CommandOutput out) {
        boolean all = true;
        List<EntryRef> batch = new ArrayList<>();
        long bytes = 0;
        for (EntryRef ref : refs) {
            if (!batch.isEmpty() && (bytes + ref.size() > BATCH_BYTES || batch.size() == BATCH_REFS)) {
                all &= show(reader, batch, out);
                batch.clear();
                bytes = 0;
            }
            batch.add(ref);
            bytes += ref.size();
        }
        all &= show(reader, batch, out);
        return withLeftOut(all ? Exit.OK : Exit.FINDINGS);
    }

    private boolean show(WalReader reader, List<EntryRef> asked, CommandOutput out) {
        EntryBatch read;
        try {
            read = reader.readBatch(asked);
        } catch (WalIOException e) {
            return showOneByOne(reader, asked, e, out);
        }
        EntryWriter writer = format.writer(out);
        boolean all = true;
        try (EntryBatch batch = read) {
            for (int i = 0; i < batch.size(); i++) {
                Optional<Entry> entry = found(batch, i);
                entry.map(ShownEntry::of).ifPresent(writer::write);
                if (entry.isEmpty()) {
                    all = false;
                    tellWhy(reader, batch, i, asked.get(i), out);
                }
            }
        }
        return all;
    }

    /** Of a batch nothing was read: the disk can't read one of its records. */
    private boolean showOneByOne(WalReader reader, List<EntryRef> asked, WalIOException failure, CommandOutput out) {
        if (asked.size() == 1) {
            leaveOut(failure);
            showStatus(asked.get(0), "UNREADABLE", out);
            return true;
        }
        boolean all = true;
        for (EntryRef ref : asked) {
            all &= show(reader, List.of(ref), out);
        }
        return all;
    }

    /** Empty also where it is encrypted and was changed. */
    private static Optional<Entry> found(EntryBatch batch, int index) {
        try {
            return batch.status(index) == EntryBatch.Status.FOUND ? Optional.of(batch.get(index)) : Optional.empty();
        } catch (CorruptSegmentException e) {
            return Optional.empty();
        }
    }

    private void tellWhy(WalReader reader, EntryBatch batch, int index, EntryRef ref, CommandOutput out) {
        EntryBatch.Status found = batch.status(index);
        String status = (found == EntryBatch.Status.FOUND ? EntryBatch.Status.CORRUPT : found).name();
        try {
            batch.get(index);
        } catch (EntryExpiredException why) {
            complain(reader.describe(ref.key()).isPresent() ? String.valueOf(why.getMessage())
                    : "no such stream, or the record has been deleted: ref=" + ref + "; stream-wal ls LOG lists the streams");
        } catch (WalException why) {
            complain(String.valueOf(why.getMessage()));
        }
        showStatus(ref, status, out);
    }

    private static void showStatus(EntryRef ref, String status, CommandOutput out) {
        if (out.isJson()) {
            out.json(json -> {
                json.writeStringField("ref", ref.toString());
                json.writeStringField("status", status);
            });
        }
    }
}
