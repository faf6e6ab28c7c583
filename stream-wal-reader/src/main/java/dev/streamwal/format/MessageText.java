package dev.streamwal.format;

import java.util.HexFormat;

/**
 * Escapes text for messages and for display: keys, paths and contents may have any characters, but a message is one line, and a terminal obeys control
 * characters. Control characters are escaped as in Java, and so are invisible characters, which hide or reverse the text beside them. A backslash stays as it
 * is: exceptions and JSON output have the exact keys.
 */
public final class MessageText {

    /** What to do after a scan's failure that is thrown once: the end of its message. */
    public static final String NEXT_CALL = "; call next() again to continue after it";

    private static final HexFormat HEX = HexFormat.of();

    private MessageText() {}

    /** The text without such characters; mostly the same text. */
    public static String of(String text) {
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

    /** A scan's message for a user that calls no method, as at a command line. */
    public static String withoutNextCall(String message) {
        return message.replace(NEXT_CALL, "");
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
