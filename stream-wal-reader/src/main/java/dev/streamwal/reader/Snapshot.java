package dev.streamwal.reader;

import org.jspecify.annotations.Nullable;

/**
 * Values that a reader hands out. Not a public record: a new field would change a record's constructor and its patterns. Equal if all fields
 * are. Immutable.
 */
abstract class Snapshot<F extends Record> {

    private final F fields;

    Snapshot(F fields) {
        this.fields = fields;
    }

    final F fields() {
        return fields;
    }

    @Override
    public final boolean equals(@Nullable Object other) {
        return other instanceof Snapshot<?> that && fields.equals(that.fields);
    }

    @Override
    public final int hashCode() {
        return fields.hashCode();
    }

    /** Like a record's: names and values. */
    @Override
    public final String toString() {
        String text = fields.toString();
        return getClass().getSimpleName() + text.substring(text.indexOf('['));
    }
}
