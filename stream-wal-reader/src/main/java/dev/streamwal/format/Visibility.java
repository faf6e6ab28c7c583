package dev.streamwal.format;

/**
 * How a reader treats a record that verifies. The one rule for scans, walks and reads by reference. A segment's index counts all data
 * records, whether they are shown or not.
 */
public enum Visibility {
    /** Data: delivered to the reader. */
    SHOWN,
    /** A control record: skipped. */
    HIDDEN,
    /** The footer: the data ends before it. */
    END,
    /** Data that needs a newer version: reported to the reader. */
    TOO_NEW;

    private static final int KNOWN_DATA_FLAGS = RecordLayout.MEMBER | RecordLayout.ENCRYPTED;

    /** @param flags of a record that verifies */
    public static Visibility of(int flags) {
        if (!RecordLayout.isControl(flags)) {
            return (flags & ~KNOWN_DATA_FLAGS) == 0 ? SHOWN : TOO_NEW;
        }
        return flags == RecordLayout.FOOTER ? END : HIDDEN;
    }
}
