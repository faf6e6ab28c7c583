package dev.streamwal.cli;

import java.util.HexFormat;

/**
 * Escapes text for display: keys and contents come from anywhere, and a terminal obeys control characters. They are escaped as in Java, and so are
 * invisible characters, which hide or reverse what stands beside them. A backslash stays as it is: JSON output has the exact characters.
 */
final class TerminalText {

    private static final HexFormat HEX = HexFormat.of();

    private TerminalText() {}

    static String escape(String text) {
        int visible = 0;
        while (visible < text.length() && isVisible(text.codePointAt(visible))) {
            visible += Character.charCount(text.codePointAt(visible));
        }
        if (visible == text.length()) {
            return text;
        }
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> append(escaped, c));
        return escaped.toString();
    }

    private static boolean isVisible(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }

    private static void append(StringBuilder out, int codePoint) {
        if (isVisible(codePoint)) {
            out.appendCodePoint(codePoint);
            return;
        }
        switch (codePoint) {
            case '\t' -> out.append("\\t");
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            default -> {
                for (char unit : Character.toChars(codePoint)) {
                    out.append("\\u").append(HEX.toHexDigits(unit));
                }
            }
        }
    }
}
