package dev.streamwal.cli;

import java.util.Locale;

/** The formats that {@code export} writes. */
enum ExportFormat {
    CSV, JSON, INFLUX;

    /** The name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
