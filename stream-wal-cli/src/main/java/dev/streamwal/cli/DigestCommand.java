package dev.streamwal.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.streamwal.cli.digest.AnchorWriter;
import dev.streamwal.cli.digest.AnchoredStream;
import dev.streamwal.cli.digest.StreamDigest;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;

/** Prints an anchor. */
@Command(
        name = "digest",
        description = {
            "Prints an anchor: digests of the streams' records, from which \"verify --anchor\" tells later what was changed.",
            "Keep the anchor, or its last line, where nobody can change it who can change the log."
        })
final class DigestCommand extends RecordsCommand {

    DigestCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit read(WalReader reader, LogSegments segments, KeySelection selection, CommandOutput out) throws IOException {
        if (isNanoWal()) {
            throw new UsageException("nano-wal files can't be digested: their records have no lasting positions; import them into a log first");
        }
        TolerantScan scan = new TolerantScan(this::leaveOut);
        AnchorWriter anchor = new AnchorWriter(context().clock().instant(), out.isJson() ? line -> { } : out::line);
        // the anchor is without a stream that can't be read
        forEach(selection, "digesting", key -> digested(reader, key, scan).ifPresent(stream -> add(stream, anchor, out)));
        String digest = anchor.finish();
        if (out.isJson()) {
            out.json(json -> json.writeStringField("anchor", digest));
        }
        return Exit.OK;
    }

    private static void add(AnchoredStream stream, AnchorWriter anchor, CommandOutput out) {
        anchor.add(stream);
        if (out.isJson()) {
            out.json(json -> write(stream, json));
        }
    }

    /** Up to where the stream ends now, as one that is written may never end. */
    private static Optional<AnchoredStream> digested(WalReader reader, String key, TolerantScan scan) {
        long end = reader.describe(key).map(StreamInfo::endPosition).orElse(0L);
        StreamDigest digest = new StreamDigest(key);
        try (EntryCursor cursor = reader.scan(key)) {
            while (scan.next(cursor) && cursor.position() < end) {
                digest.add(cursor);
            }
        }
        return digest.anchored();
    }

    private static void write(AnchoredStream stream, JsonGenerator json) throws IOException {
        json.writeStringField("key", stream.key());
        json.writeNumberField("begin", stream.begin());
        json.writeNumberField("end", stream.last().end());
        json.writeNumberField("records", stream.last().records());
        json.writeStringField("digest", stream.last().digest());
    }
}
