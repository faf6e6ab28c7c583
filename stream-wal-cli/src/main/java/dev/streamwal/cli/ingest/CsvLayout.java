package dev.streamwal.cli.ingest;

import java.util.Optional;

/**
 * The columns of CSV files. A column is identified by its name in the first row or, if the first row has no names, by its number, from 1 on.
 *
 * @param named whether the first row has the columns' names
 * @param separator between fields
 * @param timeColumn the column of the time
 * @param timeFormat of the time
 * @param keyColumn the column of the key; empty if all rows have the same key
 * @param valueColumn the column that is the content, unchanged; empty if all columns are except those of key and time
 * @param content their form: text, the fields as CSV without a line's end; JSON, an object of strings by columns' names
 */
public record CsvLayout(
        boolean named,
        char separator,
        String timeColumn,
        TimeFormat timeFormat,
        Optional<String> keyColumn,
        Optional<String> valueColumn,
        RowContent content) {}
