package dev.streamwal.format;

/**
 * What a reader makes of a record that verifies. The one rule for scans, walks and reads by reference. What a segment's index counts is
 * another matter: all data, whether it is shown or not.
 */
public enum Visibility {
    /** Data, which is handed out. */
    SHOWN,
    /** A control record, which is passed. */
    HIDDEN,
    /** The footer: the data ends before it. */
    END,
    /** Data that needs a newer version: the reader is told of it. */
    TOO_NEW;

    private static final int KNOWN_DATA_FLAGS = RecordLayout.MEMBER;

    /** @param flags of a record that verifies */
    public static Visibility of(int flags) {
        if (!RecordLayout.isControl(flags)) {
            return (flags & ~KNOWN_DATA_FLAGS) == 0 ? SHOWN : TOO_NEW;
        }
        return flags == RecordLayout.FOOTER ? END : HIDDEN;
    }
}
