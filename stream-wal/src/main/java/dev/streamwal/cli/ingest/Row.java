package dev.streamwal.cli.ingest;

/**
 * What becomes a record.
 *
 * @param line of the file, where it begins; from 1 on
 * @param key of the stream; not checked
 * @param time as the file has it
 * @param content handed over
 */
public record Row(long line, String key, RowTime time, byte[] content) {}
