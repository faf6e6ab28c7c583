package dev.streamwal;

/**
 * How records are stored in packs; see {@link WalOptions.Builder#compression}. What was stored otherwise is read all the same.
 *
 * @since 1.0
 */
public enum Compression {

    /** As they were appended. */
    NONE,

    /**
     * By field, in blocks of 16 KiB, and deflated (RFC 1951, by {@code java.util.zip}): what can be computed isn't stored, and timestamps, lengths
     * and contents each stand beside others of their kind. Where that takes more than the records themselves, they are stored as they are.
     */
    COLUMNS
}
