package dev.streamwal.cli.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.streamwal.cli.ingest.Point.Field;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The points of a file in InfluxDB's line protocol, a stream for each series. */
public final class LineProtocolRows extends LinedRows {

    /** Larger than any record. */
    private static final int MAX_LINE_BYTES = 32 << 20;

    private final EpochUnit precision;
    private final RowContent content;

    /**
     * @param input closed with this
     * @param file its name, for messages
     * @param precision of the timestamps
     * @param content text: the fields, as they stand in the line; JSON: an object by their names
     */
    public LineProtocolRows(InputStream input, String file, EpochUnit precision, RowContent content) {
        super(input, file, MAX_LINE_BYTES);
        this.precision = precision;
        this.content = content;
    }

    @Override
    public @Nullable Row next() throws IOException {
        for (String line = nextLine(); line != null; line = nextLine()) {
            Optional<Point> point = parse(line);
            if (point.isPresent()) {
                return row(point.get());
            }
        }
        return null;
    }

    private Optional<Point> parse(String line) throws BadRowException {
        try {
            return LineProtocol.parse(line);
        } catch (LineProtocol.SyntaxException e) {
            throw bad(String.valueOf(e.getMessage()), e);
        }
    }

    private Row row(Point point) throws IOException {
        byte[] bytes = content == RowContent.TEXT ? point.fieldSet().getBytes(UTF_8) : json(point);
        return new Row(place(), point.series(), time(point), Row.NO_HEADER, bytes);
    }

    private RowTime time(Point point) throws BadRowException {
        return point.timestamp().isEmpty() ? RowTime.NONE : time(() -> precision.parse(point.timestamp()));
    }

    private static byte[] json(Point point) throws IOException {
        return JsonObject.of(json -> {
            for (Field field : point.fields()) {
                json.writeFieldName(field.name());
                write(json, field);
            }
        });
    }

    private static void write(JsonGenerator json, Field field) throws IOException {
        switch (field.kind()) {
            case FLOAT -> json.writeNumber(new BigDecimal(field.value()));
            case INTEGER, UNSIGNED -> json.writeNumber(new BigInteger(field.value()));
            case BOOLEAN -> json.writeBoolean(field.value().startsWith("t") || field.value().startsWith("T"));
            case STRING -> json.writeString(field.value());
        }
    }
}
