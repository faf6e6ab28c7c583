package dev.streamwal.cli.ingest;

/**
 * The input for one record.
 *
 * @param place in the file, for messages: {@code line=7}
 * @param key of the stream; not checked
 * @param time as in the file
 * @param header owned by this
 * @param content owned by this
 */
public record Row(String place, String key, RowTime time, byte[] header, byte[] content) {

    /** For most formats. */
    static final byte[] NO_HEADER = {};
}
