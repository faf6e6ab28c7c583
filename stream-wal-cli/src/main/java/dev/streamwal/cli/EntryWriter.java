package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.streamwal.format.SchemaTag;
import dev.streamwal.reader.EntryRef;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.util.Optional;

/** Shows records. */
final class EntryWriter {

    private final CommandOutput out;
    private final EntryFormat format;
    private final Optional<ContentType> type;

    /** @param type of contents; empty if unknown */
    EntryWriter(CommandOutput out, EntryFormat format, Optional<ContentType> type) {
        this.out = out;
        this.format = format;
        this.type = type;
    }

    void write(ShownEntry entry) {
        switch (format) {
            case TEXT -> out.line(place(entry) + (type.isEmpty() && isSample(entry) ? "  " + sample(entry) : header(entry) + "  " + content(entry)));
            case HEX -> {
                out.line(place(entry));
                hex("header", entry.header());
                hex("content", entry.content());
            }
            case JSON -> out.json(json -> write(entry, json));
            case RAW -> out.bytes(ByteBufUtil.getBytes(entry.content()));
        }
    }

    private static String place(ShownEntry entry) {
        return Figures.time(entry.timestampMillis()) + "  " + entry.ref();
    }

    /** By its whole header, so that it is hardly anything else. People read text: JSON and raw bytes stay as they are written. */
    private static boolean isSample(ShownEntry entry) {
        ByteBuf header = entry.header();
        return header.readableBytes() == SchemaTag.BYTES && header.getLongLE(header.readerIndex()) == SchemaTag.SAMPLE
                && entry.content().readableBytes() == Double.BYTES;
    }

    private static double sample(ShownEntry entry) {
        return entry.content().getDoubleLE(entry.content().readerIndex());
    }

    private static String header(ShownEntry entry) {
        return entry.header().isReadable() ? "  [" + text(entry.header()) + ']' : "";
    }

    private String content(ShownEntry entry) {
        return type.flatMap(known -> known.text(entry.content())).orElseGet(() -> text(entry.content()));
    }

    private static String text(ByteBuf bytes) {
        return ByteBufUtil.isText(bytes, UTF_8) ? bytes.toString(UTF_8) : "0x" + ByteBufUtil.hexDump(bytes);
    }

    private void hex(String title, ByteBuf bytes) {
        if (bytes.isReadable()) {
            out.line(title + ", " + Figures.bytes(bytes.readableBytes()));
            new HexListing(out).show(ByteBufUtil.getBytes(bytes));
        }
    }

    private void write(ShownEntry entry, JsonGenerator json) throws IOException {
        EntryRef ref = entry.ref();
        json.writeStringField("ref", ref.toString());
        json.writeStringField("key", ref.key());
        json.writeNumberField("position", ref.position());
        json.writeNumberField("size", ref.size());
        JsonTime.write(json, "timestamp", entry.timestampMillis());
        if (entry.header().isReadable()) {
            write("header", entry.header(), json);
        }
        if (type.isEmpty() || !type.get().write(entry.content(), json)) {
            write("content", entry.content(), json);
        }
    }

    private static void write(String name, ByteBuf bytes, JsonGenerator json) throws IOException {
        if (ByteBufUtil.isText(bytes, UTF_8)) {
            json.writeStringField(name, bytes.toString(UTF_8));
        } else {
            json.writeBinaryField(name + "Base64", ByteBufUtil.getBytes(bytes));
        }
    }
}
