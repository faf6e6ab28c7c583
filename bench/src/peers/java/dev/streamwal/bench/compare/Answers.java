package dev.streamwal.bench.compare;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a contender's process tells the one that has started it: a line each, on its standard output. Of a cell it tells nothing before all of that is done, as
 * what was appended is read back at the end: who has dropped some of it has no figure.
 */
final class Answers {

    private static final String MARK = "compare-answer";
    private static final String SEPARATOR = "\t";
    private static final String VALUE = "value";
    private static final String REASON = "cannot";
    private static final int FIELDS = 5;

    private final PrintStream out;
    private final List<String> untold = new ArrayList<>();

    Answers(PrintStream out) {
        this.out = out;
    }

    void value(Cell cell, Metric metric, double value) {
        untold.add(line(VALUE, cell, metric.name(), Double.toString(value)));
    }

    /** The cell is done. */
    void done() {
        untold.forEach(out::println);
        untold.clear();
    }

    void cannot(Cell cell, String reason) {
        untold.clear();
        out.println(line(REASON, cell, "-", reason));
    }

    private static String line(String kind, Cell cell, String what, String text) {
        return String.join(SEPARATOR, List.of(MARK, kind, cell.name(), what, text.replaceAll("\\s+", " ")));
    }

    /** Adds a line to the measurements, if it is an answer. */
    static boolean parse(String line, int round, String contender, Measurements into) {
        Optional<String[]> fields = Optional.of(line.split(SEPARATOR)).filter(split -> split.length == FIELDS && split[0].equals(MARK));
        fields.ifPresent(split -> {
            if (split[1].equals(VALUE)) {
                into.add(new Measurements.Value(round, contender, split[2], Metric.valueOf(split[3]), Double.parseDouble(split[4])));
            } else {
                into.add(new Measurements.Reason(contender, split[2], split[4]));
            }
        });
        return fields.isPresent();
    }
}
