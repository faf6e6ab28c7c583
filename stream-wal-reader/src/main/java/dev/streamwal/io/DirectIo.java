package dev.streamwal.io;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Direct I/O: past the page cache, between the disk and memory of the process. Offset in the file, length and address must be multiples of
 * {@value #BLOCK_BYTES}. Not every file system can do that.
 */
final class DirectIo {

    /** What file systems mostly ask for; those with larger blocks get no direct writes. */
    static final int BLOCK_BYTES = 4_096;

    /** A class of the module {@code jdk.unsupported}, which a run time may lack. A reference in the source would give a compiler warning. */
    private static final String OPTIONS = "com.sun.nio.file.ExtendedOpenOption";

    private static final Optional<OpenOption> DIRECT = direct();

    private DirectIo() {}

    private static Optional<OpenOption> direct() {
        try {
            for (Object each : Class.forName(OPTIONS).getEnumConstants()) {
                if (each instanceof OpenOption option && each.toString().equals("DIRECT")) {
                    return Optional.of(option);
                }
            }
            return Optional.empty();
        } catch (ClassNotFoundException | LinkageError e) {
            return Optional.empty();
        }
    }

    /** The option to open a file with; empty if there is none. The file system may still refuse it. */
    static Optional<OpenOption> option(Path path) {
        return path.getFileSystem().equals(FileSystems.getDefault()) ? DIRECT : Optional.empty();
    }

    /** An existing file, open for direct writes; empty if they aren't possible. */
    static Optional<LogFile> writing(Path path) {
        Optional<OpenOption> option = option(path);
        if (option.isEmpty()) {
            return Optional.empty();
        }
        LogFile file = new LogFile(path, StandardOpenOption.WRITE, option.get());
        try {
            if (BLOCK_BYTES % Files.getFileStore(path).getBlockSize() != 0) {
                return Optional.empty();
            }
            file.open();
            return Optional.of(file);
        } catch (IOException | UnsupportedOperationException e) {
            // the file system can't; if there is another reason, the writes through the page cache meet it
            return Optional.empty();
        }
    }
}
