package dev.streamwal.cli.ingest;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A file's rows, as they are read. For one thread. */
public interface Rows extends Closeable {

    /**
     * The next row.
     *
     * @return null at the end
     * @throws BadRowException if the text there is not a row; the next call continues behind it, if its end can be found
     * @throws IOException if the file can't be read
     */
    @Nullable Row next() throws IOException;

    /** The number of bytes read so far, of {@link java.nio.file.Files#size}; buffers may be ahead of the rows. */
    long bytesRead();
}
