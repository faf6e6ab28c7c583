package dev.streamwal.cli.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.List;

/**
 * A point of InfluxDB's line protocol.
 *
 * @param measurement without escapes
 * @param tags in the line's order
 * @param fields in the line's order
 * @param fieldSet the fields, as written in the line
 * @param timestamp digits, with or without a sign; empty if there is none
 */
record Point(String measurement, List<Tag> tags, List<Field> fields, String fieldSet, String timestamp) {

    /** Without escapes. */
    record Tag(String name, String value) {}

    /**
     * @param name without escapes
     * @param value of a string without quotes and escapes; others as written, without {@code i} and {@code u}
     */
    record Field(String name, Kind kind, String value) {}

    enum Kind { FLOAT, INTEGER, UNSIGNED, STRING, BOOLEAN }

    /**
     * What InfluxDB calls a series: measurement and tags, in canonical form, sorted by the bytes of their names. With escapes, so that
     * different series have different keys: a measurement {@code a,b=c} isn't {@code a} with a tag.
     */
    String series() {
        StringBuilder key = new StringBuilder(escape(measurement, ", "));
        tags.stream()
                .sorted((a, b) -> Arrays.compareUnsigned(a.name().getBytes(UTF_8), b.name().getBytes(UTF_8)))
                .forEach(tag -> key.append(',').append(escape(tag.name(), ",= ")).append('=').append(escape(tag.value(), ",= ")));
        return key.toString();
    }

    /** With a backslash before each of the special characters. */
    static String escape(String text, String special) {
        StringBuilder escaped = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            if (special.indexOf(text.charAt(i)) >= 0) {
                escaped.append('\\');
            }
            escaped.append(text.charAt(i));
        }
        return escaped.toString();
    }
}
