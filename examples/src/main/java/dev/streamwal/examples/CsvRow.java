package dev.streamwal.examples;

/** A row of a series: the line it stands on, its time in UTC, and its value as the file writes it. */
record CsvRow(long line, long timestampMillis, String value) {}
