package dev.streamwal.cli.ingest;

/** What becomes a record's content. */
public enum RowContent {
    /** What the file has, as it stands there. */
    TEXT,
    /** An object. */
    JSON
}
