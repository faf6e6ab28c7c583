package dev.streamwal.examples;

import static org.assertj.core.api.Assertions.assertThat;

/** Snippets of documents and of code. */
final class Snippets {
    private Snippets() {}

    /** What stands between the first two of these. */
    static String between(String text, String start, String end) {
        int from = text.indexOf(start);
        assertThat(from).as("%s in the text", start.strip()).isNotNegative();
        int to = text.indexOf(end, from + start.length());
        assertThat(to).as("%s behind it", end.strip()).isNotNegative();
        return text.substring(from + start.length(), to);
    }
}
