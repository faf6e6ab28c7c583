package dev.streamwal.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** What {@code import} reads. */
enum ImportFormat {
    CSV, INFLUX;

    /** What a file's name says. */
    static Optional<ImportFormat> ofName(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        if (name.endsWith(".csv")) {
            return Optional.of(CSV);
        }
        return name.endsWith(".lp") || name.endsWith(".influx") ? Optional.of(INFLUX) : Optional.empty();
    }
}
