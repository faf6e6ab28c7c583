package dev.streamwal.cli.ingest;

/**
 * What becomes a record.
 *
 * @param place in the file, for messages: {@code line=7}
 * @param key of the stream; not checked
 * @param time as the file has it
 * @param header handed over
 * @param content handed over
 */
public record Row(String place, String key, RowTime time, byte[] header, byte[] content) {

    /** Of most formats. */
    static final byte[] NO_HEADER = {};
}
