package dev.streamwal.segment;

/** What a scan finds at an offset of a segment; if it isn't a record, the rule that it breaks. */
enum Finding {
    RECORD("a record"),
    END("a record ends before the file does"),
    EMPTY("a commit word isn't zero"),
    NOT_A_RECORD("a commit word starts with NANORC"),
    TOO_LONG("a record's lengths fit the limits and what is left of the segment"),
    BAD_CHECKSUM("a record's checksum is right"),
    BROKEN_BATCH("a batch's members verify, all of them"),
    STRAY_MEMBER("a batch's member follows its batch"),
    FOOTER("a record stands before the footer"),
    TOO_NEW("a data record has only flags this version knows");

    private final String rule;

    Finding(String rule) {
        this.rule = rule;
    }

    String rule() {
        return rule;
    }
}
