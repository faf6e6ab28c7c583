package dev.streamwal.cli.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.streamwal.cli.ingest.Point.Field;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The points of a file in InfluxDB's line protocol, a stream for each series. */
public final class LineProtocolRows implements Rows {

    /** Larger than any record. */
    private static final int MAX_LINE_BYTES = 32 << 20;

    private final CountedInput input;
    private final BoundedLines lines;
    private final String file;
    private final EpochUnit precision;
    private final RowContent content;

    /**
     * @param input closed with this
     * @param file its name, for messages
     * @param precision of the timestamps
     * @param content text: the fields, as they stand in the line; JSON: an object by their names
     */
    public LineProtocolRows(InputStream input, String file, EpochUnit precision, RowContent content) {
        this.input = new CountedInput(input);
        this.lines = new BoundedLines(this.input, file, MAX_LINE_BYTES);
        this.file = file;
        this.precision = precision;
        this.content = content;
    }

    @Override
    public @Nullable Row next() throws IOException {
        for (String line = lines.next(); line != null; line = lines.next()) {
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
            throw new BadRowException(String.valueOf(e.getMessage()), file, lines.number(), e);
        }
    }

    private Row row(Point point) throws IOException {
        byte[] bytes = content == RowContent.TEXT ? point.fieldSet().getBytes(UTF_8) : json(point);
        return new Row(BadRowException.place(lines.number()), point.series(), time(point), Row.NO_HEADER, bytes);
    }

    private RowTime time(Point point) throws BadRowException {
        try {
            return point.timestamp().isEmpty() ? RowTime.NONE : precision.parse(point.timestamp());
        } catch (DateTimeException e) {
            throw new BadRowException("invalid time: " + e.getMessage(), file, lines.number(), e);
        }
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

    @Override
    public long bytesRead() {
        return input.bytes();
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
