package dev.streamwal.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.MessageText;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.Damage;
import dev.streamwal.reader.VerifyReport;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Verifies every checksum. */
@Command(
        name = "verify",
        description = {
            "Verifies every checksum of the records, and reports what is damaged, where, and what was lost.",
            "Without KEYs also checks the other files that a writer or a consumer needs: positions, the commit journal, the list of packs, consumers, keys.",
            "Damage in a segment that streams share, and of a pack of which nothing can be read, is told once, by its file, with the streams that may have "
                    + "lost records there; in JSON by an object with sharedFile.",
            "The number of records in a damaged part is estimated from the stream's mean record size. Of a pack whose table is damaged, or that is missing, "
                    + "it is known, but deleted ones may be among them.",
            "With --anchor, compares the log with what it was when the command digest printed the anchor, too."
        })
final class VerifyCommand extends RecordsCommand {

    /** How many streams are shown of those that damage in a shared segment may have hit. */
    private static final int SHOWN_STREAMS = 10;

    @Option(
            names = "--anchor",
            paramLabel = "FILE",
            description = "Say of each stream in this anchor whether its records are as they were; an encrypted log needs --keys for it.")
    private @Nullable Path anchor;

    private long records;
    private long bytes;
    private final LossEstimate lost = new LossEstimate();
    @SuppressWarnings("NullAway.Init") // set before anything is verified
    private SharedDamage shared;
    @SuppressWarnings("NullAway.Init") // read before anything is verified
    private PacksInTier inTier;

    VerifyCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit read(WalReader reader, LogSegments segments, KeySelection selection, CommandOutput out) throws IOException {
        if (anchor != null && (isNanoWal() || !patterns().isEmpty())) {
            throw new UsageException("--anchor can't be combined with keys or --nano-wal");
        }
        // whose anchor is no anchor hears of it before the log is read
        AnchorReport report = anchor == null ? null : new AnchorReport(anchor, reader, out, this::complain, this::leaveOut);
        Map<Path, Long> unreadable = new HashMap<>();
        for (CorruptSegmentException table : segments.damagedTables()) {
            Path file = Objects.requireNonNull(table.file());
            unreadable.put(file, segments.unlistedRecords(file));
        }
        shared = new SharedDamage(unreadable);
        inTier = PacksInTier.of(root());
        forEach(selection, "verifying", key -> verified(reader.verify(key), out));
        verifyShared(reader, selection.isAll(), out);
        List<String> beside = isOfLog() && selection.isAll() && !selection.keys().isEmpty() ? FilesBesideRecords.damage(root()) : List.of();
        beside.forEach(this::complain);
        if (!out.isJson()) {
            out.line(Figures.number(selection.keys().size(), "stream") + ", " + Figures.number(records, "record") + ", "
                    + Figures.bytes(bytes) + " verify; " + (beside.isEmpty() || !lost.isNone() ? lost : "no damage in records")
                    + (beside.isEmpty() ? "" : "; " + Figures.number(beside.size(), "other file") + " damaged")
                    + (unread() == 0 ? "" : "; " + Figures.number(unread(), "stream") + " can't be read to the end"));
        }
        boolean good = report == null || report.compare();
        return lost.isNone() && good && beside.isEmpty() ? Exit.OK : Exit.FINDINGS;
    }

    /**
     * Reports damage in shared segments, once for each file. If all streams are verified, this includes damage that no stream knows of, because the
     * stream has nothing behind it.
     */
    private void verifyShared(WalReader reader, boolean all, CommandOutput out) {
        if (all || !shared.isNone()) {
            orLeaveOut(() -> shared.addOwn(reader.verify(StreamKey.SHARED.text()), all));
        }
        shared.files().forEach(file -> damaged(file, out));
    }

    private void damaged(SharedDamage.InFile file, CommandOutput out) {
        List<Damage> damage = file.damage();
        LossEstimate here = shared.loss(damage);
        lost.add(here);
        if (out.isJson()) {
            out.json(json -> write(file, here, json));
            return;
        }
        damage.forEach(each -> show("", each, shared.loss(List.of(each)), SharedDamage.reason(each), out));
        if (file.isTruncated()) {
            more(file.file().toString(), out);
        }
        if (file.streamCount() > 0 && here.records() > 0) {
            List<String> named = file.streams().subList(0, Math.min(SHOWN_STREAMS, file.streams().size()));
            long others = file.streamCount() - named.size();
            out.line("    streams that may have lost records there: " + String.join(", ", named)
                    + (others == 0 ? "" : ", and " + Figures.count(others) + " more"));
        }
    }

    private static void more(String where, CommandOutput out) {
        out.line(where + "  more damage than " + VerifyReport.MAX_DAMAGE + " places; only these are listed");
    }

    private void verified(VerifyReport report, CommandOutput out) {
        records += report.records();
        bytes += report.bytes();
        shared.add(report);
        List<Damage> own = report.damage().stream().filter(damage -> !shared.isShared(damage)).toList();
        LossEstimate here = new LossEstimate();
        own.forEach(damage -> here.add(damage, report));
        lost.add(here);
        if (out.isJson()) {
            out.json(json -> write(report, own, here, json));
        } else {
            own.forEach(damage -> show(damage, report, out));
            if (report.truncated()) {
                more(report.key(), out);
            }
        }
    }

    private void show(Damage damage, VerifyReport report, CommandOutput out) {
        LossEstimate here = new LossEstimate();
        here.add(damage, report);
        show(damage.key() + ": ", damage, here, MessageText.withoutNextCall(damage.reason()), out);
    }

    private void show(String stream, Damage damage, LossEstimate here, String reason, CommandOutput out) {
        out.line(stream + damage.file() + ", offset " + damage.offset() + ": " + Figures.bytes(damage.length())
                + " damaged, " + here.recordsLost());
        out.line("    " + reason);
        inTier.advice(damage.file()).ifPresent(advice -> out.line("    " + advice));
    }

    private static void write(VerifyReport report, List<Damage> own, LossEstimate lost, JsonGenerator json) throws IOException {
        json.writeStringField("key", report.key());
        json.writeNumberField("records", report.records());
        json.writeNumberField("bytes", report.bytes());
        write(lost, report.truncated(), json);
        json.writeArrayFieldStart("damage");
        for (Damage damage : own) {
            write(damage, MessageText.withoutNextCall(damage.reason()), json);
        }
        json.writeEndArray();
    }

    private static void write(SharedDamage.InFile file, LossEstimate lost, JsonGenerator json) throws IOException {
        json.writeStringField("sharedFile", file.file().toString());
        json.writeArrayFieldStart("streams");
        for (String stream : file.streams()) {
            json.writeString(stream);
        }
        json.writeEndArray();
        json.writeNumberField("streamCount", file.streamCount());
        write(lost, file.isTruncated(), json);
        json.writeArrayFieldStart("damage");
        for (Damage damage : file.damage()) {
            write(damage, SharedDamage.reason(damage), json);
        }
        json.writeEndArray();
    }

    private static void write(LossEstimate lost, boolean truncated, JsonGenerator json) throws IOException {
        json.writeNumberField("damagedBytes", lost.bytes());
        json.writeNumberField("estimatedRecordsLost", lost.records());
        json.writeBooleanField("truncated", truncated);
    }

    private static void write(Damage damage, String reason, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("file", damage.file().toString());
        json.writeNumberField("offset", damage.offset());
        json.writeNumberField("length", damage.length());
        json.writeStringField("reason", reason);
        json.writeEndObject();
    }
}
