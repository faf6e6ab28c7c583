package dev.streamwal.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** What {@code import} reads. */
enum ImportFormat {
    CSV, INFLUX, NANO_WAL;

    /** What a file's name says, and that it is a directory. */
    static Optional<ImportFormat> of(Path file) {
        if (Files.isDirectory(file)) {
            return Optional.of(NANO_WAL);
        }
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        if (name.endsWith(".csv")) {
            return Optional.of(CSV);
        }
        return name.endsWith(".lp") || name.endsWith(".influx") ? Optional.of(INFLUX) : Optional.empty();
    }

    /** As it is called on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
