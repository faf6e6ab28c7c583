package dev.streamwal.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A part of a segment's file: where it is, its facts, and its fields with their offsets.
 *
 * @param facts about the whole part, by their names
 * @param fields by the offset of the file where they begin
 */
record DumpPart(Kind kind, long offset, long length, Map<String, Object> facts, SortedMap<Long, List<String>> fields) {

    enum Kind { HEADER, RECORD, MEMBER, BATCH, PADDING, FOOTER, UNKNOWN_RECORD, HOLE, DAMAGE, TORN_TAIL, UNUSED }

    DumpPart(Kind kind, long offset, long end) {
        this(kind, offset, end - offset, new LinkedHashMap<>(), new TreeMap<>());
    }

    DumpPart fact(String name, Object value) {
        facts.put(name, value);
        return this;
    }

    void field(long at, String text) {
        fields.computeIfAbsent(at, none -> new ArrayList<>()).add(text);
    }
}
