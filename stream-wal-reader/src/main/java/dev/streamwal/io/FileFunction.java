package dev.streamwal.io;

import java.io.IOException;

/** Works on files with what it is given, and returns what came of it. */
@FunctionalInterface
public interface FileFunction<A, T> {

    T apply(A given) throws IOException;
}
