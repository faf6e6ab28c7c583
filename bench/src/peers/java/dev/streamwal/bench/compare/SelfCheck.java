package dev.streamwal.bench.compare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Checks what counts and what writes, before anything is measured: this module has no tests. */
final class SelfCheck {

    private SelfCheck() {}

    static void run() {
        statistics();
        numbers();
        answers();
        table();
        tallies();
        orders();
        keys();
        for (Length length : Length.values()) {
            Set<String> names = new HashSet<>();
            Plan.of(length).cells().forEach(cell -> is("a cell's name twice: " + cell.name(), true, names.add(cell.name())));
        }
        is("a string in JSON", "\"a\\\"\\\\\\u0009\"", CompareJson.string("a\"\\\t"));
        is("what is no number in JSON", "null", CompareJson.number(Double.NaN));
    }

    private static void is(String what, Object expected, Object found) {
        if (!expected.equals(found)) {
            throw new IllegalStateException("self-check failed: " + what + ", expected=" + expected + ", found=" + found);
        }
    }

    private static void statistics() {
        is("median of three", 2.0, Measurements.median(new double[] {1, 2, 9}));
        is("median of four", 2.5, Measurements.median(new double[] {1, 2, 3, 9}));
        is("spread", 2.0, Measurements.spread(new double[] {1, 2, 9}));
    }

    private static void numbers() {
        is("a rate", List.of("1.23 M", "12.3 k", "9,999", "0.50"),
                List.of(Numbers.rate(1_234_000), Numbers.rate(12_300), Numbers.rate(9_999), Numbers.rate(0.5)));
        is("a time", List.of("0.50 µs", "1.50 ms", "2.00 s"), List.of(Numbers.micros(0.5), Numbers.micros(1_500), Numbers.micros(2e6)));
        is("a spread", " ±200 %", Numbers.spread(new double[] {1, 2, 9}));
    }

    private static void answers() {
        Measurements read = new Measurements();
        is("an answer", true, Answers.parse("compare-answer\tvalue\tc\tRATE\t2.5", 3, "a", read));
        is("another answer", true, Answers.parse("compare-answer\tcannot\tc\t-\tno way", 3, "a", read));
        is("no answer", false, Answers.parse("a library's words", 3, "a", read));
        is("a value", List.of(new Measurements.Value(3, "a", "c", Metric.RATE, 2.5)), read.values());
        is("a reason", "no way", read.reason("a", "c").orElse(""));
    }

    private static void table() {
        Cell cell = new OpenCell();
        Contender one = contender("one", false);
        Contender other = contender("other", false);
        Contender limit = contender("limit", true);
        Measurements read = new Measurements();
        read.add(new Measurements.Value(1, "one", cell.name(), Metric.RATE, 3));
        read.add(new Measurements.Value(1, "limit", cell.name(), Metric.RATE, 5));
        read.add(new Measurements.Reason("other", cell.name(), "it can't"));
        is("a table", List.of("| | a |", "|---|--:|", "| one | **3.00** |", "| *limit* | 5.00 |", "", "- other: it can't."),
                new CompareTable(read, List.of(one, other, limit), List.of(CompareTable.Column.rate("a", cell))).lines());
    }

    private static Contender contender(String name, boolean limit) {
        return new Contender(name, limit, "", "", List.of(), NoStore::open, null);
    }

    private static void tallies() {
        Tally appended = new Tally();
        appended.add(1, 5, 8);
        appended.add(2, 6, 8);
        Tally read = new Tally();
        read.add(2, 6, 8);
        read.add(1, 5, 8);
        Tally.check("in another order", appended, read);
        Tally swapped = new Tally();
        swapped.add(2, 5, 8);
        swapped.add(1, 6, 8);
        boolean found = false;
        try {
            Tally.check("in another stream", appended, swapped);
        } catch (IllegalStateException expected) {
            found = true;
        }
        is("records in each other's stream are found", true, found);
    }

    private static void orders() {
        double[] sums = {1, 1.5, 1.75};
        is("Zipf", List.of(0, 0, 1, 2, 2), List.of(StreamOrder.zipf(sums, 0), StreamOrder.zipf(sums, 0.5), StreamOrder.zipf(sums, 0.6),
                StreamOrder.zipf(sums, 0.9), StreamOrder.zipf(sums, 0.9999)));
    }

    private static void keys() {
        List<String> keys = new ArrayList<>();
        for (int stream : new int[] {0, 9, 10, 123_456, 1_234_567}) {
            keys.add(Setup.key(stream));
            is("a key's stream", stream, Setup.stream(Setup.key(stream)));
        }
        is("keys in order", keys, Arrays.stream(keys.toArray(String[]::new)).sorted().toList());
    }
}
