package dev.streamwal.recovery;

/** What recovery does with a record that must be there but isn't what was written, as the public option of the same name says. */
public enum DamagePolicy {

    /** The stream isn't appended to; its files stay as they are. */
    STOP_AT_FIRST_ERROR,

    /** The stream goes on behind the damage, of which a copy is kept. */
    SKIP_BAD_RECORDS
}
