package dev.streamwal.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Shows the parts of a segment, with their bytes or without. */
final class DumpWriter {

    /** Read at a time; a multiple of a line's length. */
    private static final int CHUNK_BYTES = 64 << 10;

    private final SegmentBytes bytes;
    private final CommandOutput out;
    private final boolean brief;
    private final HexListing listing;

    /** @param brief without the bytes */
    DumpWriter(SegmentBytes bytes, CommandOutput out, boolean brief) {
        this.bytes = bytes;
        this.out = out;
        this.brief = brief;
        this.listing = new HexListing(out);
    }

    void write(DumpPart part) throws IOException {
        if (out.isJson()) {
            out.json(json -> write(part, json));
        } else if (brief) {
            out.line(part.offset() + "  " + title(part));
        } else {
            listing.title(title(part));
            hex(part);
        }
    }

    private static String title(DumpPart part) {
        String facts = part.facts().entrySet().stream().map(fact -> ", " + fact.getKey() + "=" + fact.getValue())
                .collect(Collectors.joining());
        return kind(part).replace('-', ' ') + ", " + Figures.number(part.length(), "byte") + facts;
    }

    private static String kind(DumpPart part) {
        return part.kind().name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private void hex(DumpPart part) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, part.length()));
        for (long done = 0; done < part.length(); ) {
            chunk.clear().limit((int) Math.min(CHUNK_BYTES, part.length() - done));
            int read = bytes.read(chunk, part.offset() + done);
            if (read == 0) {
                out.line("the file ends here now: it was cut meanwhile");
                return;
            }
            listing.show(part.offset() + done, chunk.array(), read, part.fields());
            done += read;
        }
    }

    private static void write(DumpPart part, JsonGenerator json) throws IOException {
        json.writeStringField("part", kind(part));
        json.writeNumberField("offset", part.offset());
        json.writeNumberField("length", part.length());
        for (Map.Entry<String, Object> fact : part.facts().entrySet()) {
            json.writeObjectField(fact.getKey(), fact.getValue());
        }
    }
}
