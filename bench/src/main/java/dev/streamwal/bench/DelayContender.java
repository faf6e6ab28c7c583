package dev.streamwal.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A participant: something that one process appends to, and another follows.
 *
 * @param name in the results, and of its folder
 * @param flags command-line flags of its JVMs
 */
public record DelayContender(String name, List<String> flags, WriterOpener writer, ReaderOpener reader) {

    /** Opens it in a process of its own, before the reader. */
    public interface Writer extends AutoCloseable {
        void append(byte[] content) throws IOException;

        @Override
        void close() throws IOException;
    }

    /** Opened in another process: delivers what is appended from then on. */
    public interface Reader extends AutoCloseable {
        /** Fills the array with the next record; false if none came in time. */
        boolean next(byte[] content, Duration timeout) throws IOException, InterruptedException;

        @Override
        void close() throws IOException;
    }

    @FunctionalInterface
    public interface WriterOpener {
        Writer open(Path folder) throws IOException;
    }

    @FunctionalInterface
    public interface ReaderOpener {
        Reader open(Path folder) throws IOException, InterruptedException;
    }

    String folderName() {
        return "delay-" + name.replaceAll("[^A-Za-z0-9]+", "-");
    }
}
