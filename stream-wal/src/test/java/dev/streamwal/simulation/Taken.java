package dev.streamwal.simulation;

import java.nio.file.FileAlreadyExistsException;

/** Without a stack trace, as {@link Missing}. */
final class Taken extends FileAlreadyExistsException {

    private static final long serialVersionUID = 1L;

    Taken(String path) {
        super(path);
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
