package dev.streamwal.format;

import java.util.HexFormat;

/** Text for messages. Keys and paths may contain any character; a message is one line, and a terminal or a log shows it as it is. */
public final class MessageText {

    private static final HexFormat HEX = HexFormat.of();

    private MessageText() {}

    /** The text with control characters, line breaks and lone surrogates written as a backslash, a u, and their number; mostly the same text. */
    public static String of(String text) {
        return text.codePoints().noneMatch(MessageText::isUnprintable) ? text : escaped(text);
    }

    private static String escaped(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            if (isUnprintable(c)) {
                out.append("\\u").append(HEX.toHexDigits((char) c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.toString();
    }

    private static boolean isUnprintable(int codePoint) {
        int type = Character.getType(codePoint);
        return type == Character.CONTROL || type == Character.SURROGATE || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR;
    }
}
