package dev.streamwal.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.streamwal.cli.digest.AnchorCheck;
import dev.streamwal.cli.digest.AnchorReader;
import dev.streamwal.cli.digest.AnchoredStream;
import dev.streamwal.cli.digest.StreamFinding;
import dev.streamwal.cli.digest.StreamFinding.Difference;
import dev.streamwal.cli.digest.StreamFinding.State;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Compares a log with an anchor, stream by stream, and says what has become of what the anchor covers. */
final class AnchorReport {

    /** A stream whose beginning is deleted while it is read is read again; so often at most. */
    private static final int MAX_ATTEMPTS = 5;

    private final WalReader reader;
    private final CommandOutput out;
    private final Path file;
    private final String digest;
    private final Consumer<String> complaints;
    private final Consumer<WalIOException> unread;
    private final Map<State, Long> streams = new EnumMap<>(State.class);

    /**
     * @param file of the anchor; is read to its end, which says whether it is one
     * @param complaints receives which records can't be read, and why
     * @param unread receives why a stream can't be compared
     */
    AnchorReport(Path file, WalReader reader, CommandOutput out, Consumer<String> complaints, Consumer<WalIOException> unread) throws IOException {
        this.file = file;
        this.digest = digest(file);
        this.reader = reader;
        this.out = out;
        this.complaints = complaints;
        this.unread = unread;
    }

    /** Whether all that is still there is as it was. */
    boolean compare() throws IOException {
        try (AnchorReader anchor = AnchorReader.open(file)) {
            for (Optional<AnchoredStream> stream = anchor.next(); stream.isPresent(); stream = anchor.next()) {
                try {
                    show(finding(stream.get()));
                } catch (WalIOException e) {
                    unread.accept(e);
                }
            }
            if (!anchor.digest().equals(digest)) {
                throw new RefusedException("the anchor was changed while it was read: file=" + file + "; try again");
            }
            out.item(() -> "anchor of " + anchor.madeAt() + ", digest " + digest + ": " + total(), json -> {
                json.writeStringField("anchorMadeAt", anchor.madeAt().toString());
                json.writeStringField("anchorDigest", digest);
            });
        }
        return streams.keySet().stream().allMatch(State::isGood);
    }

    private static String digest(Path file) throws IOException {
        try (AnchorReader anchor = AnchorReader.open(file)) {
            while (anchor.next().isPresent()) {
                // its digest comes last
            }
            return anchor.digest();
        }
    }

    private StreamFinding finding(AnchoredStream anchored) {
        for (int attempt = 1;; attempt++) {
            Optional<StreamInfo> info = reader.describe(anchored.key());
            if (info.isEmpty()) {
                return AnchorCheck.gone(anchored);
            }
            StreamFinding found = finding(anchored, info.get());
            if (found.state().isGood() || attempt == MAX_ATTEMPTS || firstPosition(anchored) == info.get().firstPosition()) {
                return found;
            }
        }
    }

    private long firstPosition(AnchoredStream anchored) {
        return reader.describe(anchored.key()).map(StreamInfo::firstPosition).orElse(Long.MAX_VALUE);
    }

    private StreamFinding finding(AnchoredStream anchored, StreamInfo info) {
        AnchorCheck check = new AnchorCheck(anchored, info.firstPosition(), info.endPosition());
        TolerantScan scan = new TolerantScan(e -> complaints.accept(String.valueOf(e.getMessage())));
        try (EntryCursor cursor = reader.scan(anchored.key())) {
            while (scan.next(cursor) && !check.isBehind(cursor.position())) {
                check.add(cursor);
            }
        }
        return check.finding();
    }

    private void show(StreamFinding found) {
        streams.merge(found.state(), 1L, Long::sum);
        if (out.isJson()) {
            out.json(json -> write(found, json));
        } else if (found.state() != State.UNCHANGED) {
            out.line(found.anchored().key() + ": " + text(found));
            found.differences().forEach(each -> out.line("    from position " + each.from() + " to " + each.to() + ": "
                    + Figures.number(each.then(), "record") + " then, " + Figures.count(each.now()) + " now"));
        }
    }

    private static String text(StreamFinding found) {
        String unchecked = found.unchecked() == 0 ? "" : "; the beginning was deleted, " + Figures.number(found.unchecked(), "record")
                + " before position " + found.from() + " can't be checked";
        return switch (found.state()) {
            case UNCHANGED, PARTLY_EXPIRED -> Figures.number(found.checked(), "record") + " unchanged" + unchecked;
            case EXPIRED -> "expired, or deleted: none of " + Figures.number(found.unchecked(), "record") + " can be checked";
            case GONE -> "the stream is gone: it had " + Figures.number(found.unchecked(), "record");
            case CUT -> "the stream ends at position " + found.end() + ", and had records up to " + found.anchored().last().end() + unchecked;
            case ALTERED -> "altered" + unchecked;
        };
    }

    private String total() {
        return streams.isEmpty() ? "no streams" : streams.entrySet().stream()
                .map(each -> Figures.number(each.getValue(), "stream") + ' ' + each.getKey().text()).collect(Collectors.joining(", "));
    }

    private static void write(StreamFinding found, JsonGenerator json) throws IOException {
        json.writeStringField("key", found.anchored().key());
        json.writeStringField("anchor", found.state().text());
        json.writeNumberField("from", found.from());
        json.writeNumberField("checked", found.checked());
        json.writeNumberField("unchecked", found.unchecked());
        json.writeArrayFieldStart("differences");
        for (Difference each : found.differences()) {
            json.writeStartObject();
            json.writeNumberField("from", each.from());
            json.writeNumberField("to", each.to());
            json.writeNumberField("then", each.then());
            json.writeNumberField("now", each.now());
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
