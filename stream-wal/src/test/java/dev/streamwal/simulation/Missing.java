package dev.streamwal.simulation;

import java.nio.file.NoSuchFileException;

/** Without a stack trace: nothing is as frequent on a disk as what isn't there. */
final class Missing extends NoSuchFileException {

    private static final long serialVersionUID = 1L;

    Missing(String path) {
        super(path);
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
