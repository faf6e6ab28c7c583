package dev.streamwal.error;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A record isn't one that the codec can read: it has another schema, a version that the codec doesn't read, or no schema at all; or the codec threw,
 * and its exception is the {@link #getCause() cause}. The record itself is whole. A cursor stays on it, so that its bytes can be read, and its
 * {@code next()} goes on.
 *
 * @since 1.0
 */
public final class UndecodableRecordException extends WalException {

    private static final long serialVersionUID = 1L;

    private static final int NONE = 0;

    /** 0 if the record has no schema. */
    private final int schemaId;
    /** 0 if the record has no schema. */
    private final int version;

    /**
     * Made by the library, for a record without a schema.
     *
     * @param message what is wrong, the values, where, and what to do next
     * @param key the key of the record's stream
     * @param position the record's position
     */
    public UndecodableRecordException(String message, String key, long position) {
        this(message, key, position, NONE, NONE, null);
    }

    /**
     * Made by the library.
     *
     * @param message what is wrong, the values, where, and what to do next
     * @param key the key of the record's stream
     * @param position the record's position
     * @param schemaId of the record
     * @param version of the record's schema
     * @param cause what the codec threw; null if it wasn't asked
     */
    public UndecodableRecordException(String message, String key, long position, int schemaId, int version, @Nullable Throwable cause) {
        super(message, null, key, position, cause);
        this.schemaId = schemaId;
        this.version = version;
    }

    /** {@return the record's schema id; empty if the record has no schema} */
    public OptionalInt schemaId() {
        return version == NONE ? OptionalInt.empty() : OptionalInt.of(schemaId);
    }

    /** {@return the version of the record's schema; empty if the record has no schema} */
    public OptionalInt version() {
        return version == NONE ? OptionalInt.empty() : OptionalInt.of(version);
    }
}
