package dev.streamwal.io;

import java.io.IOException;

/** Works on files. */
@FunctionalInterface
public interface FileStep {

    void run() throws IOException;
}
