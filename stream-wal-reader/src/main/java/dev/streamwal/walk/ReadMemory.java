package dev.streamwal.walk;

import dev.streamwal.segment.ReadSettings;
import org.jspecify.annotations.Nullable;

/** Counts the memory of the read buffers of streams that are walked together, for which there is a limit. One thread. */
public final class ReadMemory {

    private final long maxBytes;
    private final int streams;
    private long limitBytes;
    private long bytes;

    /**
     * @param maxBytes of all buffers together; one read may exceed that
     * @param streams that have buffers at a time, at most
     */
    public ReadMemory(long maxBytes, int streams) {
        this.maxBytes = maxBytes;
        this.streams = streams;
        this.limitBytes = maxBytes;
    }

    /** How much each stream may read at a time: so little that the limit is only exceeded if single records are larger. */
    public int readBytes(ReadSettings settings) {
        return (int) Math.min(settings.scanBufferBytes(), maxBytes / streams);
    }

    /**
     * Counts the buffers of one stream again.
     *
     * @param before what this returned for the stream the last time; 0 the first time
     * @param scan of the stream; null if it has none
     * @return size of its buffers
     */
    public int recount(int before, @Nullable StreamScan scan) {
        int now = scan == null ? 0 : scan.bufferBytes();
        bytes += now - before;
        return now;
    }

    /** Size of all buffers. */
    public long bytes() {
        return bytes;
    }

    /** Whether memory is to be given back before more is read. */
    public boolean isExceeded() {
        return bytes > limitBytes;
    }

    /**
     * Notes that the process had no room for a buffer besides these. From then on memory is given back before that many bytes are reached: the JDK waits
     * for half a second before it says that there is no room.
     */
    public void hadNoRoomBesides(long heldBytes) {
        limitBytes = Math.min(limitBytes, Math.max(0, heldBytes - 1));
    }

    /** Has as much used again as at first: the process may have room by now. */
    public void tryMore() {
        limitBytes = maxBytes;
    }
}
