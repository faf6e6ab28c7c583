package dev.streamwal.cli.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.CsvRecordHandler;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.streamwal.format.RecordLayout;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a CSV file, in UTF-8. After a quote that is never closed there are none. The output of {@code export} is recognised by its columns, and
 * becomes the records that were exported.
 */
public final class CsvRows implements Rows {

    /** More than a record can hold, in Base64, or as text with a quote at every other character. */
    private static final int MAX_CHARACTERS = 2 * RecordLayout.MAX_CONTENT_BYTES;

    private static final Pattern STARTED = Pattern.compile("(?:starting at|started in) line (\\d+)");

    private final CsvLayout layout;
    private final CountedInput input;
    private final String file;
    private final String fixedKey;
    private final CloseableIterator<CsvRecord> records;
    private final StringWriter text = new StringWriter();
    private final CsvWriter writer;

    private List<String> names = List.of();
    private int timeIndex = -1;
    private int keyIndex = -1;
    private int valueIndex = -1;
    private long line;
    private boolean ended;
    /** Whether the columns are those that {@code export} writes. */
    private boolean exported;

    /**
     * Reads the first row, which tells the columns.
     *
     * @param input closed with this
     * @param file its name, for messages
     * @param fixedKey of all rows, if the layout has no column for it
     * @throws BadRowException if a column is missing
     */
    public CsvRows(InputStream input, String file, CsvLayout layout, String fixedKey) throws IOException {
        this.layout = layout;
        this.input = new CountedInput(input);
        this.file = file;
        this.fixedKey = fixedKey;
        this.writer = CsvWriter.builder().fieldSeparator(layout.separator()).lineDelimiter(LineDelimiter.LF).bufferSize(0).build(text);
        // the number of fields is checked here, with a message that names the file
        this.records = CsvReader.builder()
                .fieldSeparator(layout.separator())
                .detectBomHeader(false)
                .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
                .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
                .allowUnclosedQuote(false)
                .maxBufferSize(MAX_CHARACTERS)
                .build(CsvRecordHandler.of(handler -> handler.maxFieldSize(MAX_CHARACTERS).maxRecordSize(MAX_CHARACTERS)),
                        new MarkedUtf8(new UnmarkedInput(this.input)))
                .iterator();
        try {
            if (layout.named()) {
                readNames();
            }
        } catch (IOException | RuntimeException e) {
            records.close();
            throw e;
        }
    }

    private void readNames() throws IOException {
        CsvRecord first = read();
        if (first == null) {
            if (layout.keyColumn().isPresent() || layout.valueColumn().isPresent()) {
                line = 1;
                throw badFile("file is empty, and has no first row with the columns' names");
            }
            return;
        }
        Optional<String> fault = utf8Fault(first.getFields());
        if (fault.isPresent()) {
            throw badFile(fault.get());
        }
        names = List.copyOf(first.getFields());
        exported = names.equals(ExportedCsv.COLUMNS);
        if (exported) {
            return;
        }
        Map<String, Integer> columns = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            if (columns.putIfAbsent(names.get(i), i) != null) {
                throw badFile("two columns have the same name: twice=" + names.get(i));
            }
        }
        find(columns);
    }

    private void find(Map<String, Integer> columns) throws BadRowException {
        timeIndex = index(columns, layout.timeColumn());
        keyIndex = layout.keyColumn().isPresent() ? index(columns, layout.keyColumn().get()) : -1;
        valueIndex = layout.valueColumn().isPresent() ? index(columns, layout.valueColumn().get()) : -1;
    }

    private int index(Map<String, Integer> columns, String name) throws BadRowException {
        Integer index = columns.get(name);
        if (index == null) {
            throw badFile("no such column in the first row: missing=" + name + ", columns=" + String.join(",", columns.keySet()));
        }
        return index;
    }

    @Override
    public @Nullable Row next() throws IOException {
        CsvRecord record = read();
        if (record == null) {
            return null;
        }
        List<String> fields = record.getFields();
        Optional<String> fault = utf8Fault(fields);
        if (fault.isPresent()) {
            throw bad(fault.get(), null);
        }
        if (names.isEmpty()) {
            countColumns(fields.size());
        }
        if (fields.size() != names.size()) {
            throw bad("row has another number of fields than the first one: fields=" + fields.size() + ", columns=" + names.size(), null);
        }
        if (exported) {
            return exportedRow(fields);
        }
        String key = keyIndex < 0 ? fixedKey : fields.get(keyIndex);
        return new Row(BadRowException.place(line), key, time(fields.get(timeIndex)), Row.NO_HEADER, content(fields));
    }

    private Row exportedRow(List<String> fields) throws BadRowException {
        try {
            return ExportedCsv.row(BadRowException.place(line), fields);
        } catch (DateTimeException | IllegalArgumentException e) {
            throw bad(String.valueOf(e.getMessage()), e);
        }
    }

    private static Optional<String> utf8Fault(List<String> fields) {
        for (int i = 0; i < fields.size(); i++) {
            int marked = MarkedUtf8.firstMarked(fields.get(i));
            if (marked >= 0) {
                return Optional.of("row is not valid UTF-8: byte=0x" + Integer.toHexString(marked) + ", column=" + (i + 1));
            }
        }
        return Optional.empty();
    }

    private void countColumns(int count) throws BadRowException {
        List<String> numbers = new ArrayList<>(count);
        Map<String, Integer> columns = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            numbers.add(String.valueOf(i + 1));
            columns.put(numbers.get(i), i);
        }
        find(columns);
        names = numbers;
    }

    private @Nullable CsvRecord read() throws IOException {
        if (ended) {
            return null;
        }
        ended = true;
        try {
            CsvRecord record = records.hasNext() ? records.next() : null;
            if (record != null) {
                line = record.getStartingLineNumber();
                ended = false;
            }
            return record;
        } catch (CsvParseException e) {
            line = lineOf(e);
            Throwable why = e.getCause() == null ? e : e.getCause();
            throw bad("not CSV from this line on: " + why.getMessage(), e);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /**
     * The line in which the unreadable row began. The CSV reader says it only in its message; if the message doesn't have it, this is the line of the
     * row before.
     */
    private long lineOf(CsvParseException e) {
        Matcher started = STARTED.matcher(String.valueOf(e.getMessage()));
        return started.find() ? Long.parseLong(started.group(1)) : Math.max(1, line);
    }

    private RowTime time(String field) throws BadRowException {
        try {
            return layout.timeFormat().parse(field);
        } catch (DateTimeException e) {
            throw bad("invalid time: " + e.getMessage(), e);
        }
    }

    private byte[] content(List<String> fields) throws IOException {
        if (valueIndex >= 0) {
            return fields.get(valueIndex).getBytes(UTF_8);
        }
        if (layout.content() == RowContent.JSON) {
            return JsonObject.of(json -> {
                for (int i = 0; i < fields.size(); i++) {
                    if (isContent(i)) {
                        json.writeStringField(names.get(i), fields.get(i));
                    }
                }
            });
        }
        return csv(fields);
    }

    private byte[] csv(List<String> fields) {
        List<String> rest = new ArrayList<>(fields.size());
        for (int i = 0; i < fields.size(); i++) {
            if (isContent(i)) {
                rest.add(fields.get(i));
            }
        }
        text.getBuffer().setLength(0);
        writer.writeRecord(rest);
        return text.getBuffer().substring(0, text.getBuffer().length() - 1).getBytes(UTF_8);
    }

    private boolean isContent(int index) {
        return index != timeIndex && index != keyIndex;
    }

    private BadRowException badFile(String problem) {
        return BadRowException.ofFile(problem, file, line);
    }

    private BadRowException bad(String problem, @Nullable Throwable cause) {
        return new BadRowException(problem, file, line, cause);
    }

    @Override
    public long bytesRead() {
        return input.bytes();
    }

    @Override
    public void close() throws IOException {
        records.close();
    }
}
