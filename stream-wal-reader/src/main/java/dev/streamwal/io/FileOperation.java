package dev.streamwal.io;

import java.io.IOException;

/** Works on files, and returns what came of it. */
@FunctionalInterface
public interface FileOperation<T> {

    T run() throws IOException;
}
