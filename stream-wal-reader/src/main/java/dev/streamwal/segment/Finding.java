package dev.streamwal.segment;

/** What a scan finds at an offset of a segment; if it isn't a record, the fault. */
enum Finding {
    RECORD("a record"),
    END("file ends inside a record"),
    EMPTY("commit word is zero"),
    NOT_A_RECORD("commit word doesn't start with NANORC"),
    BAD_PREVIOUS_SIZE("previous size doesn't lead to the start of a record"),
    TOO_LONG("record's lengths exceed the limits or the rest of the segment"),
    BAD_CHECKSUM("record checksum mismatch"),
    BROKEN_BATCH("a member of the batch doesn't verify"),
    STRAY_MEMBER("batch member doesn't follow its batch"),
    FOOTER("footer instead of a record"),
    TOO_NEW("data record has flags that this version doesn't know");

    private final String fault;

    Finding(String fault) {
        this.fault = fault;
    }

    String fault() {
        return fault;
    }
}
