package dev.streamwal.io;

import java.io.IOException;

/** Works on files with what it is given. */
@FunctionalInterface
public interface FileConsumer<A> {

    void accept(A given) throws IOException;
}
