package dev.streamwal;

/**
 * How records are stored in packs; see {@link WalOptions.Builder#compression}. Packs stored with another value stay readable.
 *
 * @since 1.0
 */
public enum Compression {

    /** As they were appended. */
    NONE,

    /**
     * By field, in blocks of 16 KiB, and deflated (RFC 1951, by {@code java.util.zip}). Values that can be computed are not stored;
     * timestamps, lengths and contents are each stored together. Records that would become larger that way are stored as they are.
     */
    COLUMNS
}
