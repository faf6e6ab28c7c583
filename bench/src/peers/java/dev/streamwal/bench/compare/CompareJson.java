package dev.streamwal.bench.compare;

import dev.streamwal.bench.Machine;
import java.util.List;

/** Every figure as JSON, for programs. */
final class CompareJson {

    private CompareJson() {}

    static String of(Machine machine, CompareOptions options, Measurements measurements) {
        return "{\n  \"machine\": {" + String.join(", ", List.of(member("processor", machine.processor()), "\"cores\": " + machine.cores(),
                member("memory", machine.memory()), member("kernel", machine.kernel()), member("fileSystem", machine.fileSystem()),
                member("runtime", machine.runtime()))) + "},\n  " + member("length", options.length().name()) + ",\n  \"rounds\": " + options.rounds() + ",\n  "
                + member("note", options.note()) + ",\n  \"values\": [\n    " + String.join(",\n    ", measurements.values().stream().map(CompareJson::value).toList())
                + "\n  ],\n  \"reasons\": [\n    " + String.join(",\n    ", measurements.reasons().stream().map(CompareJson::reason).toList()) + "\n  ]\n}\n";
    }

    private static String value(Measurements.Value value) {
        return "{\"round\": " + value.round() + ", " + member("contender", value.contender()) + ", " + member("cell", value.cell()) + ", "
                + member("metric", value.metric().name()) + ", \"value\": " + number(value.value()) + "}";
    }

    private static String reason(Measurements.Reason reason) {
        return "{" + member("contender", reason.contender()) + ", " + member("cell", reason.cell()) + ", " + member("reason", reason.text()) + "}";
    }

    /** JSON has no word for what isn't a number. */
    static String number(double value) {
        return Double.isFinite(value) ? Double.toString(value) : "null";
    }

    private static String member(String name, String value) {
        return string(name) + ": " + string(value);
    }

    static String string(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append((char) c);
            } else if (c < ' ') {
                quoted.append(String.format("\\u%04x", c));
            } else {
                quoted.append((char) c);
            }
        });
        return quoted.append('"').toString();
    }
}
