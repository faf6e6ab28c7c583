package dev.streamwal.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The formats that {@code import} reads. */
enum ImportFormat {
    CSV(".csv"), INFLUX(".lp", ".influx"), JSON(".jsonl", ".ndjson"), LINES(".log"), NANO_WAL();

    /** Endings of file names, separated by a space. */
    private final String endings;

    ImportFormat(String... endings) {
        this.endings = String.join(" ", endings);
    }

    /** By a file's name, or for a directory. */
    static Optional<ImportFormat> of(Path file) {
        if (Files.isDirectory(file)) {
            return Optional.of(NANO_WAL);
        }
        for (ImportFormat format : values()) {
            if (format.ending(file).isPresent()) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }

    private Optional<String> ending(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return Stream.of(endings.split(" ")).filter(ending -> !ending.isEmpty() && name.endsWith(ending)).findFirst();
    }

    /** A file's name without the ending of its format. */
    static String baseName(Path file) {
        String name = String.valueOf(file.getFileName());
        return of(file).flatMap(format -> format.ending(file)).map(ending -> name.substring(0, name.length() - ending.length())).orElse(name);
    }

    /** The name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
