package dev.streamwal.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** A part of a segment's file: where it is, its facts, and its fields with their offsets. */
final class DumpPart {

    /** The kind of a part. */
    enum Kind { HEADER, RECORD, MEMBER, BATCH, PADDING, FOOTER, UNKNOWN_RECORD, HOLE, DAMAGE, TORN_TAIL, UNUSED }

    private final Kind kind;
    private final long offset;
    private final long length;
    private final Map<String, Object> facts = new LinkedHashMap<>();
    private final SortedMap<Long, List<String>> fields = new TreeMap<>();

    DumpPart(Kind kind, long offset, long end) {
        this.kind = kind;
        this.offset = offset;
        this.length = end - offset;
    }

    /** Adds a fact about the whole part. */
    DumpPart fact(String name, Object value) {
        facts.put(name, value);
        return this;
    }

    /** Adds a field that begins at an offset of the file. */
    void field(long at, String text) {
        fields.computeIfAbsent(at, none -> new ArrayList<>()).add(text);
    }

    Kind kind() {
        return kind;
    }

    long offset() {
        return offset;
    }

    long length() {
        return length;
    }

    Map<String, Object> facts() {
        return facts;
    }

    SortedMap<Long, List<String>> fields() {
        return fields;
    }
}
