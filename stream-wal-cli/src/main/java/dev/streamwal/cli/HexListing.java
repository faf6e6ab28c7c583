package dev.streamwal.cli;

import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Shows bytes like {@code hexdump -C}, with the names of the fields that begin in each line. Of consecutive lines of zeros without a field, it shows
 * the first, and a star for the others.
 */
final class HexListing {

    private static final int LINE_BYTES = 16;
    private static final HexFormat HEX = HexFormat.of();
    /** Width of a line's bytes, with a gap in the middle. */
    private static final int HEX_WIDTH = 3 * LINE_BYTES + 1;

    private final CommandOutput out;
    private boolean afterZeros;
    private boolean starred;

    HexListing(CommandOutput out) {
        this.out = out;
    }

    /** Separates what follows from the lines before. */
    void title(String title) {
        out.line("          -- " + title + " --");
        afterZeros = false;
        starred = false;
    }

    void show(byte[] bytes) {
        show(0, bytes, bytes.length, new TreeMap<>());
    }

    /**
     * @param offset of the first byte; if more bytes follow, the length is a multiple of a line's
     * @param fields names of fields, by offset
     */
    void show(long offset, byte[] bytes, int length, SortedMap<Long, List<String>> fields) {
        for (int at = 0; at < length; at += LINE_BYTES) {
            int end = Math.min(at + LINE_BYTES, length);
            String names = String.join(", ", fields.subMap(offset + at, offset + end).values().stream().flatMap(List::stream).toList());
            boolean zeros = names.isEmpty() && isZero(bytes, at, end);
            if (zeros && afterZeros) {
                star();
            } else {
                out.line(line(offset + at, bytes, at, end, names));
                starred = false;
            }
            afterZeros = isZero(bytes, at, end);
        }
    }

    private void star() {
        if (!starred) {
            out.line("*");
            starred = true;
        }
    }

    private static boolean isZero(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            if (bytes[at] != 0) {
                return false;
            }
        }
        return true;
    }

    private static String line(long offset, byte[] bytes, int from, int to, String names) {
        StringBuilder hex = new StringBuilder();
        StringBuilder text = new StringBuilder("|");
        for (int at = from; at < to; at++) {
            hex.append(at - from == LINE_BYTES / 2 ? " " : "").append(HEX.toHexDigits(bytes[at])).append(' ');
            text.append(bytes[at] >= ' ' && bytes[at] <= '~' ? (char) bytes[at] : '.');
        }
        text.append('|');
        return (HEX.toHexDigits(offset, 8) + "  " + padded(hex, HEX_WIDTH) + ' ' + padded(text, LINE_BYTES + 2) + "  " + names)
                .stripTrailing();
    }

    private static String padded(CharSequence text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
