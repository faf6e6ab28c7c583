package dev.streamwal.append;

import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.RecordLayout;
import java.util.List;

/** A record before it has a place. Its lengths were checked against the limits. */
public final class Draft {

    private Source header = Source.EMPTY;
    private Source content = Source.EMPTY;
    private long timestampMillis;

    public static Draft of(Source header, Source content, long timestampMillis) {
        return new Draft().set(header, content, timestampMillis);
    }

    /** Sources are mostly the same objects each time; storing a reference costs more than comparing it. */
    @SuppressWarnings("ReferenceEquality")
    Draft set(Source newHeader, Source newContent, long newTimestampMillis) {
        if (header != newHeader) {
            header = newHeader;
        }
        if (content != newContent) {
            content = newContent;
        }
        timestampMillis = newTimestampMillis;
        return this;
    }

    Source header() {
        return header;
    }

    Source content() {
        return content;
    }

    public int headerLength() {
        return header.length();
    }

    public int contentLength() {
        return content.length();
    }

    public long timestampMillis() {
        return timestampMillis;
    }

    public void timestampMillis(long newTimestampMillis) {
        timestampMillis = newTimestampMillis;
    }

    /** The size of a batch of these, including its leading record. A {@code long}, like {@link #frameBytes()}. */
    public static long batchBytes(List<Draft> members) {
        long bytes = BatchLayout.FRAME_BYTES;
        for (Draft member : members) {
            bytes += member.frameBytes();
        }
        return bytes;
    }

    /** A {@code long}, so that lengths that no record can have don't overflow it. */
    public long frameBytes() {
        return RecordLayout.frameBytes(headerLength(), contentLength());
    }
}
