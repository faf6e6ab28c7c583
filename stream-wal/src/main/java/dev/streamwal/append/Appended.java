package dev.streamwal.append;

/**
 * What was appended since the log was opened.
 *
 * @param bytes of the records' frames, and of what stands between them
 */
public record Appended(long records, long bytes) {

    static final Appended NOTHING = new Appended(0, 0);

    /** The sum of both. */
    public Appended plus(Appended other) {
        return new Appended(records + other.records, bytes + other.bytes);
    }
}
