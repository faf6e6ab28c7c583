package dev.streamwal.cli;

import java.util.Locale;

/** What {@code export} writes. */
enum ExportFormat {
    CSV, JSON, INFLUX;

    /** As it is called on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
