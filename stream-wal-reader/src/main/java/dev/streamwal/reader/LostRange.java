package dev.streamwal.reader;

/**
 * A range of stream positions whose records were deleted before a consumer had read them. It doesn't tell how many bytes were lost: the stream may
 * have skipped positions within the range. Immutable.
 *
 * @since 1.0
 */
public final class LostRange extends Snapshot<LostRange.Fields> {

    record Fields(String key, long from, long to) {}

    LostRange(String key, long from, long to) {
        super(new Fields(key, from, to));
    }

    /** {@return the key of the stream} */
    public String key() {
        return fields().key();
    }

    /** {@return the stream position where it begins, inclusive} */
    public long from() {
        return fields().from();
    }

    /** {@return the stream position where it ends, exclusive} */
    public long to() {
        return fields().to();
    }
}
