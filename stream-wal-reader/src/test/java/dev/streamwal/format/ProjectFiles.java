package dev.streamwal.format;

import java.nio.file.Path;

/** Where the sources and the documents are, for tests that read them. */
final class ProjectFiles {

    private ProjectFiles() {}

    /** The folder of this module: Maven says it, an IDE starts tests there. */
    static Path module() {
        return Path.of(System.getProperty("basedir", "."));
    }

    static Path formatDocument() {
        return module().resolve("../docs/format.md");
    }
}
