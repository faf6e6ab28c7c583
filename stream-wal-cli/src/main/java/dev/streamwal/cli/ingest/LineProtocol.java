package dev.streamwal.cli.ingest;

import dev.streamwal.cli.ingest.Point.Field;
import dev.streamwal.cli.ingest.Point.Kind;
import dev.streamwal.cli.ingest.Point.Tag;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * One line of InfluxDB's line protocol.
 *
 * <pre>
 * line        = [white space] [ "#" anything ] | spaces point spaces
 * point       = measurement { "," name "=" value } space spaces field { "," field } [ space spaces timestamp ]
 * field       = name "=" ( float | integer "i" | unsigned "u" | boolean | '"' text '"' )
 * </pre>
 *
 * Names and values are never empty. A backslash escapes a comma or a space, and, in names and values of tags and names of fields, an equals sign; in
 * a string, it escapes a quote or a backslash; anywhere else it is an ordinary character. Stricter than InfluxDB: the names of tags, and those of
 * fields, are all different, numbers are finite and in range, and a string ends on its line.
 */
final class LineProtocol {

    /** An exponent of more digits is out of range anyway, and more than {@link java.math.BigDecimal} may take. */
    private static final Pattern FLOAT = Pattern.compile("[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d{1,4})?");
    private static final Pattern INTEGER = Pattern.compile("[-+]?\\d+");
    private static final Pattern TIMESTAMP = Pattern.compile("[-+]?\\d{1,19}");
    private static final Set<String> BOOLEANS = Set.of("t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE");
    private static final int LONG_BITS = 63;

    /** What is wrong with a line. */
    static final class SyntaxException extends Exception {

        private static final long serialVersionUID = 1L;

        SyntaxException(String fault, int column) {
            super(fault + ", column=" + (column + 1), null, false, false);
        }
    }

    private final String line;
    private int at;

    private LineProtocol(String line) {
        this.line = line;
    }

    /** Empty if the line is blank, or a comment. */
    static Optional<Point> parse(String line) throws SyntaxException {
        return new LineProtocol(line).line();
    }

    private Optional<Point> line() throws SyntaxException {
        if (line.isBlank() || line.stripLeading().startsWith("#")) {
            return Optional.empty();
        }
        skipSpaces();
        String measurement = name(", ", ", ", "line without a measurement");
        List<Tag> tags = tags();
        skipSpacesBeforeFields();
        int fieldsFrom = at;
        List<Field> fields = fields();
        String fieldSet = line.substring(fieldsFrom, at);
        skipSpaces();
        String timestamp = timestamp();
        return Optional.of(new Point(measurement, tags, fields, fieldSet, timestamp));
    }

    private List<Tag> tags() throws SyntaxException {
        List<Tag> tags = new ArrayList<>();
        Set<String> names = new HashSet<>();
        while (!isEnd() && line.charAt(at) == ',') {
            int start = ++at;
            String name = name("=, ", ",= ", "tag without a name");
            if (!names.add(name)) {
                throw new SyntaxException("two tags have the same name: twice=" + name, start);
            }
            expectEquals("tag without = behind its name");
            tags.add(new Tag(name, name("=, ", ",= ", "tag without a value")));
            if (!isEnd() && line.charAt(at) == '=') {
                throw new SyntaxException("equals sign in a tag's value without a backslash before it", at);
            }
        }
        return tags;
    }

    private List<Field> fields() throws SyntaxException {
        List<Field> fields = new ArrayList<>();
        Set<String> names = new HashSet<>();
        do {
            int start = fields.isEmpty() ? at : ++at;
            String name = name("=, ", ",= ", "field without a name");
            if (!names.add(name)) {
                throw new SyntaxException("two fields have the same name: twice=" + name, start);
            }
            expectEquals("field without = behind its name");
            fields.add(value(name));
        } while (!isEnd() && line.charAt(at) == ',');
        return fields;
    }

    private Field value(String name) throws SyntaxException {
        if (!isEnd() && line.charAt(at) == '"') {
            Field field = new Field(name, Kind.STRING, string());
            if (!isEnd() && line.charAt(at) != ',' && !isSpace()) {
                throw new SyntaxException("neither a comma nor a space behind a string", at);
            }
            return field;
        }
        int start = at;
        while (!isEnd() && line.charAt(at) != ',' && !isSpace()) {
            at++;
        }
        return plain(name, line.substring(start, at), start);
    }

    private static Field plain(String name, String value, int start) throws SyntaxException {
        if (BOOLEANS.contains(value)) {
            return new Field(name, Kind.BOOLEAN, value);
        }
        if (FLOAT.matcher(value).matches() && Double.isFinite(Double.parseDouble(value))) {
            return new Field(name, Kind.FLOAT, value);
        }
        String digits = value.isEmpty() ? "" : value.substring(0, value.length() - 1);
        if (value.endsWith("i") && isInteger(digits, true)) {
            return new Field(name, Kind.INTEGER, digits);
        }
        if (value.endsWith("u") && isInteger(digits, false)) {
            return new Field(name, Kind.UNSIGNED, digits);
        }
        throw new SyntaxException("field's value is neither a finite float, an integer of 64 bits with i or u behind it, a boolean, nor a string"
                + " in quotes: value=" + value, start);
    }

    private static boolean isInteger(String digits, boolean signed) {
        // longer ones are out of range, and parsing them takes quadratic time
        if (digits.length() > LONG_BITS || !INTEGER.matcher(digits).matches()) {
            return false;
        }
        BigInteger value = new BigInteger(digits);
        return signed ? value.bitLength() <= LONG_BITS : value.signum() >= 0 && value.bitLength() <= LONG_BITS + 1;
    }

    private String string() throws SyntaxException {
        int start = at;
        StringBuilder text = new StringBuilder();
        for (at++; !isEnd(); at++) {
            char c = line.charAt(at);
            if (c == '"') {
                at++;
                return text.toString();
            }
            if (c == '\\' && at + 1 < line.length() && (line.charAt(at + 1) == '"' || line.charAt(at + 1) == '\\')) {
                c = line.charAt(++at);
            }
            text.append(c);
        }
        throw new SyntaxException("string without a closing quote on its line", start);
    }

    private String timestamp() throws SyntaxException {
        int start = at;
        while (!isEnd() && !isSpace()) {
            at++;
        }
        String timestamp = line.substring(start, at);
        skipSpaces();
        if (!isEnd()) {
            throw new SyntaxException("unexpected text behind the timestamp", at);
        }
        if (!timestamp.isEmpty() && !TIMESTAMP.matcher(timestamp).matches()) {
            throw new SyntaxException("timestamp is not an integer: timestamp=" + timestamp, start);
        }
        return timestamp;
    }

    /**
     * @param end characters that end the name
     * @param escapable characters that a backslash escapes
     */
    private String name(String end, String escapable, String fault) throws SyntaxException {
        int start = at;
        StringBuilder name = new StringBuilder();
        while (!isEnd() && end.indexOf(line.charAt(at)) < 0) {
            if (line.charAt(at) == '\\' && at + 1 < line.length() && escapable.indexOf(line.charAt(at + 1)) >= 0) {
                at++;
            }
            name.append(line.charAt(at++));
        }
        if (name.isEmpty()) {
            throw new SyntaxException(fault, start);
        }
        return name.toString();
    }

    private void expectEquals(String fault) throws SyntaxException {
        if (isEnd() || line.charAt(at) != '=') {
            throw new SyntaxException(fault, at);
        }
        at++;
    }

    private void skipSpacesBeforeFields() throws SyntaxException {
        int start = at;
        skipSpaces();
        if (at == start || isEnd()) {
            throw new SyntaxException("no fields behind the measurement and its tags", at);
        }
    }

    private void skipSpaces() {
        while (!isEnd() && isSpace()) {
            at++;
        }
    }

    private boolean isSpace() {
        return line.charAt(at) == ' ';
    }

    private boolean isEnd() {
        return at == line.length();
    }
}
