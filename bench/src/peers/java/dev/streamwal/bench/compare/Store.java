package dev.streamwal.bench.compare;

import java.io.IOException;
import java.util.List;

/** An open log of a contender. What it doesn't override it can't do. Writers and cursors are closed before it. */
abstract class Store implements AutoCloseable {

    /** A new one for each thread. */
    abstract Writer writer() throws Exception;

    /** All records, in whichever order the log gives them fastest. */
    RecordCursor scan() throws Exception {
        throw new Cannot("it has no reading");
    }

    /** Records of streams {@code first} up to {@code end}, exclusive, from a time up to another one, exclusive; in whichever order is fastest. */
    RecordCursor range(int first, int end, long fromMillis, long toMillis) throws Exception {
        throw new Cannot("it finds no record by its stream and time");
    }

    /** The same records in the order of their times. */
    RecordCursor merged(int first, int end, long fromMillis, long toMillis) throws Exception {
        return MergedCursor.of(first, end, stream -> range(stream, stream + 1, fromMillis, toMillis));
    }

    /** Records by what {@link RecordCursor#ref} gave, in their order. */
    RecordCursor read(List<Object> refs) throws Exception {
        throw new Cannot("it finds no record by a reference");
    }

    /** The last record of each of the streams 0 up to {@code streams}, exclusive. */
    RecordCursor latest(int streams) throws Exception {
        throw new Cannot("it finds no stream's last record");
    }

    /** Called once a window: takes away what is older, as far as the log doesn't do it by itself. */
    void expire(long beforeMillis) throws Exception {}

    /** Returns when what the log does in the background after appends is done. */
    void settle() throws Exception {}

    @Override
    public abstract void close() throws IOException;
}
