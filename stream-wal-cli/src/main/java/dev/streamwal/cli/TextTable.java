package dev.streamwal.cli;

import dev.streamwal.format.MessageText;
import java.util.ArrayList;
import java.util.List;

/**
 * Lines of text with aligned columns. They are printed in rounds, so that a long table needs little memory and its first lines come soon: a cell that
 * is wider than in the rounds before widens its column from there on.
 */
final class TextTable {

    private static final int ROWS_PER_ROUND = 1_000;
    private static final String GAP = "  ";
    /** Maximum width of a column. A longer cell is shown whole, and shifts only the rest of its own line. */
    private static final int MAX_WIDTH = 60;

    private final CommandOutput out;
    private final boolean[] right;
    private final int[] widths;
    private final List<String[]> rows = new ArrayList<>();

    /** @param header the columns' names; one that starts with {@code >} is aligned to the right; if all names are empty there is no header */
    TextTable(CommandOutput out, String... header) {
        this.out = out;
        this.right = new boolean[header.length];
        this.widths = new int[header.length];
        String[] names = header.clone();
        for (int column = 0; column < names.length; column++) {
            right[column] = names[column].startsWith(">");
            names[column] = right[column] ? names[column].substring(1) : names[column];
        }
        if (!String.join("", names).isEmpty()) {
            row(names);
        }
    }

    void row(String... cells) {
        String[] escaped = new String[cells.length];
        for (int column = 0; column < cells.length; column++) {
            escaped[column] = MessageText.of(cells[column]);
            if (width(escaped[column]) <= MAX_WIDTH) {
                widths[column] = Math.max(widths[column], width(escaped[column]));
            }
        }
        rows.add(escaped);
        if (rows.size() == ROWS_PER_ROUND) {
            print();
        }
    }

    /** Prints the remaining lines, of a table for people; call it at the end. */
    void print() {
        if (out.isJson()) {
            return;
        }
        for (String[] cells : rows) {
            out.line(line(cells));
        }
        rows.clear();
    }

    private String line(String[] cells) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < cells.length; column++) {
            String fill = " ".repeat(Math.max(0, widths[column] - width(cells[column])));
            line.append(column == 0 ? "" : GAP).append(right[column] ? fill + cells[column] : cells[column] + fill);
        }
        return line.toString().stripTrailing();
    }

    private static int width(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
