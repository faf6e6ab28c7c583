package dev.streamwal.examples;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The rows of a CSV file with timestamps and values, as they are read. A bad one throws {@link BadCsvException}. */
final class CsvRows implements Iterator<CsvRow>, Closeable {
    private static final List<String> HEADER = List.of("timestamp", "value");
    private static final DateTimeFormatter UTC = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT)
            .withResolverStyle(ResolverStyle.STRICT)
            .withZone(ZoneOffset.UTC);

    private final Path file;
    private final CloseableIterator<CsvRecord> records;
    private long line; // of the record read last

    /** An empty file has no rows; any other begins with its header. */
    CsvRows(Path file) throws IOException {
        this.file = file;
        // How many fields a record has is checked below, with a message that names the file.
        records = CsvReader.builder()
                .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
                .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
                .allowUnclosedQuote(false)
                .ofCsvRecord(file)
                .iterator();
        if (hasNext() && !fields().equals(HEADER)) {
            close();
            throw bad("the first line isn't \"timestamp,value\"", null);
        }
    }

    @Override
    public boolean hasNext() {
        try {
            return records.hasNext();
        } catch (CsvParseException e) {
            throw bad("not CSV from this line on: " + e.getMessage(), e);
        }
    }

    @Override
    public CsvRow next() {
        List<String> fields = fields();
        if (fields.size() != HEADER.size()) {
            throw bad("row is not a timestamp and a value: fields=" + fields.size(), null);
        }
        return new CsvRow(line, timestampMillis(fields.get(0)), number(fields.get(1)));
    }

    private List<String> fields() {
        CsvRecord record = records.next();
        line = record.getStartingLineNumber();
        return record.getFields();
    }

    private long timestampMillis(String text) {
        try {
            boolean iso = text.indexOf('T') >= 0;
            return (iso ? Instant.parse(text) : UTC.parse(text, Instant::from)).toEpochMilli();
        } catch (DateTimeException e) {
            throw bad("timestamp is neither yyyy-MM-dd HH:mm:ss nor an ISO instant: timestamp=" + text, e);
        }
    }

    /** The text of a number, unchanged: a number written back would not always read the same. */
    private String number(String text) {
        try {
            Double.parseDouble(text);
            return text;
        } catch (NumberFormatException e) {
            throw bad("value isn't a number: value=" + text, e);
        }
    }

    private BadCsvException bad(String problem, @Nullable Throwable cause) {
        return new BadCsvException(problem, file, line, cause);
    }

    @Override
    public void close() throws IOException {
        records.close();
    }
}
