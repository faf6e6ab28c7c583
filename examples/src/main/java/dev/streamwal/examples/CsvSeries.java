package dev.streamwal.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A series of timestamps and values in a CSV file, and the key of the stream it belongs to. */
record CsvSeries(String key, Path file) {
    private static final String EXTENSION = ".csv";

    /** The CSV files of a folder and those below, keyed by their path in it; or the one file, keyed by its name. */
    static List<CsvSeries> find(Path fileOrFolder) throws IOException {
        if (Files.isRegularFile(fileOrFolder)) {
            return List.of(new CsvSeries(key(fileOrFolder.getFileName()), fileOrFolder));
        }
        if (!Files.isDirectory(fileOrFolder)) {
            throw new NoSuchFileException(fileOrFolder.toString(), null, "neither a file nor a folder");
        }
        try (Stream<Path> files = Files.walk(fileOrFolder)) {
            return files.filter(file -> Files.isRegularFile(file) && file.toString().endsWith(EXTENSION))
                    .sorted()
                    .map(file -> new CsvSeries(key(fileOrFolder.relativize(file)), file))
                    .toList();
        }
    }

    private static String key(Path path) {
        String name = path.toString().replace(path.getFileSystem().getSeparator(), "/");
        return name.endsWith(EXTENSION) ? name.substring(0, name.length() - EXTENSION.length()) : name;
    }

    CsvRows rows() throws IOException {
        return new CsvRows(file);
    }
}
