package dev.streamwal.cli.ingest;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A file's rows, as they are read. One thread. */
public interface Rows extends Closeable {

    /**
     * The next row.
     *
     * @return null at the end
     * @throws BadRowException where what stands there is no row; the next call goes on behind it, where anybody can say where that is
     * @throws IOException where the file can't be read
     */
    @Nullable Row next() throws IOException;

    /** How much has been read so far, of what {@link java.nio.file.Files#size} says; buffers may be ahead of the rows. */
    long bytesRead();
}
