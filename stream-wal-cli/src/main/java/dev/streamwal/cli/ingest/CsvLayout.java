package dev.streamwal.cli.ingest;

import java.util.Optional;

/**
 * What the columns of CSV files are. A column is called by its name in the first row, or, where the first row is none of names, by its
 * number, from 1 on.
 *
 * @param named whether the first row has the columns' names
 * @param separator between fields
 * @param timeColumn has the time
 * @param timeFormat of it
 * @param keyColumn has the key; empty where all rows have the same
 * @param valueColumn is the content as it is; empty where all columns are that are neither key nor time
 * @param content what these become: text, the fields as CSV without a line's end; JSON, an object of strings by columns' names
 */
public record CsvLayout(
        boolean named,
        char separator,
        String timeColumn,
        TimeFormat timeFormat,
        Optional<String> keyColumn,
        Optional<String> valueColumn,
        RowContent content) {}
