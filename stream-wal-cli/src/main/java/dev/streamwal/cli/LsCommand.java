package dev.streamwal.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Command;

/** Lists streams. */
@Command(
        name = "ls",
        description = {
            "Lists streams: their segments, bytes and range of time.",
            "SIZE is that of the segments if each had a file of its own, in packs they take less; DATA is that of their records,"
                + " erased ones included."
        })
final class LsCommand extends StreamsCommand {

    LsCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit read(WalReader reader, LogSegments segments, KeySelection selection, CommandOutput out) {
        TextTable table = new TextTable(out, "KEY", ">SEGMENTS", ">SIZE", ">DATA", "FROM", "TO", ">DATA RATE");
        for (List<String> keys : selection.portions()) {
            for (StreamInfo stream : describe(reader, keys)) {
                show(stream, table, out);
            }
        }
        table.print();
        return Exit.OK;
    }

    private Collection<StreamInfo> describe(WalReader reader, List<String> keys) {
        try {
            return reader.describe(keys).values();
        } catch (WalIOException ofOne) {
            return oneByOne(keys, reader::describe);
        }
    }

    private static void show(StreamInfo stream, TextTable table, CommandOutput out) {
        if (out.isJson()) {
            out.json(json -> write(stream, json));
        } else {
            table.row(stream.key(), Figures.count(stream.segments()), Figures.bytes(stream.bytes()), Figures.bytes(stream.dataBytes()),
                    time(stream.smallestTimestampMillis()), time(stream.largestTimestampMillis()),
                    dataRate(stream).map(Figures::byteRate).orElse("-"));
        }
    }

    private static void write(StreamInfo stream, JsonGenerator json) throws IOException {
        json.writeStringField("key", stream.key());
        json.writeNumberField("segments", stream.segments());
        json.writeNumberField("bytes", stream.bytes());
        json.writeNumberField("dataBytes", stream.dataBytes());
        json.writeNumberField("firstPosition", stream.firstPosition());
        json.writeNumberField("endPosition", stream.endPosition());
        if (stream.smallestTimestampMillis().isPresent() && stream.largestTimestampMillis().isPresent()) {
            JsonTime.write(json, "from", stream.smallestTimestampMillis().getAsLong());
            JsonTime.write(json, "to", stream.largestTimestampMillis().getAsLong());
        }
    }

    private static String time(OptionalLong millis) {
        return millis.isPresent() ? Figures.time(millis.getAsLong()) : "-";
    }

    /** Bytes a second, where there is some time to divide by. */
    private static Optional<Double> dataRate(StreamInfo stream) {
        if (stream.smallestTimestampMillis().isEmpty() || stream.largestTimestampMillis().isEmpty()) {
            return Optional.empty();
        }
        double millis = (double) stream.largestTimestampMillis().getAsLong() - stream.smallestTimestampMillis().getAsLong();
        return millis <= 0 ? Optional.empty() : Optional.of(stream.dataBytes() * 1_000 / millis);
    }
}
