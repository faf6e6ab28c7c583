package dev.streamwal.cli.ingest;

/** The form of a record's content. */
public enum RowContent {
    /** As written in the file. */
    TEXT,
    /** An object. */
    JSON
}
