package dev.streamwal.reading;

import java.util.ArrayList;
import java.util.List;

/**
 * What a reading operation was asked, when, and what it gave, in the order in which it came; a line of text from one process to another.
 *
 * @param argument a position, a count, or the first millisecond of a range
 * @param end of the range, exclusive; else 0
 * @param refs asked for
 */
record Answer(Reading operation, String key, long argument, long end, List<Item> refs, long startNanos, long endNanos, List<Item> items) {

    /** What one call gave. */
    enum Kind {
        /** A record. */
        RECORD,
        /** No record, where one was asked for by its reference. */
        ABSENT,
        /** It was told that what is in {@code [position, size)} has been deleted. */
        EXPIRED,
        /** It was told that no record begins or ends at the position asked for. */
        NOT_FOUND,
        /** Anything else; never right. */
        FAILURE
    }

    /**
     * One thing given.
     *
     * @param size of a record; of what is told of, its end
     * @param number of a record: see {@link Content}; -1 where the content is no record's
     */
    record Item(Kind kind, String key, long position, long size, long timestampMillis, long number, String text) {

        static Item of(Kind kind, String key, long position, long size) {
            return new Item(kind, key, position, size, 0, 0, "");
        }

        static Item failure(Throwable e) {
            return new Item(Kind.FAILURE, "", 0, 0, 0, 0, e.toString().replaceAll("[\\s|,;]+", " "));
        }

        private String line() {
            return String.join(",", kind.name(), key, Long.toString(position), Long.toString(size), Long.toString(timestampMillis),
                    Long.toString(number), text);
        }

        private static Item parse(String line) {
            String[] parts = line.split(",", -1);
            return new Item(Kind.valueOf(parts[0]), parts[1], Long.parseLong(parts[2]), Long.parseLong(parts[3]), Long.parseLong(parts[4]),
                    Long.parseLong(parts[5]), parts[6]);
        }
    }

    String line() {
        return String.join("|", operation.name(), key, Long.toString(argument), Long.toString(end), Long.toString(startNanos),
                Long.toString(endNanos), text(refs), text(items));
    }

    static Answer parse(String line) {
        String[] parts = line.split("\\|", -1);
        return new Answer(Reading.valueOf(parts[0]), parts[1], Long.parseLong(parts[2]), Long.parseLong(parts[3]), items(parts[6]),
                Long.parseLong(parts[4]), Long.parseLong(parts[5]), items(parts[7]));
    }

    private static String text(List<Item> items) {
        return String.join(";", items.stream().map(Item::line).toList());
    }

    private static List<Item> items(String text) {
        List<Item> items = new ArrayList<>();
        for (String line : text.isEmpty() ? new String[0] : text.split(";", -1)) {
            items.add(Item.parse(line));
        }
        return items;
    }
}
