package dev.streamwal.append;

import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SealLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A record before it has a place. Its lengths were checked against the limits. */
public final class Draft {

    private Source header = Source.EMPTY;
    private Source content = Source.EMPTY;
    private long timestampMillis;
    /** Seals the record once it has a position; null if it isn't encrypted, or is sealed already. */
    private @Nullable RecordSealer sealer;
    private boolean isSealed;

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
        if (sealer != null) {
            sealer = null;
        }
        isSealed = false;
        return this;
    }

    /** Has the record encrypted when it gets its position; to be called before its {@link #frameBytes} are asked for. */
    public Draft sealedBy(@Nullable RecordSealer newSealer) {
        sealer = newSealer;
        return this;
    }

    /** Says that header and content are ciphertext already. */
    Draft sealed(boolean newSealed) {
        isSealed = newSealed;
        return this;
    }

    boolean isSealed() {
        return isSealed;
    }

    @Nullable RecordSealer sealer() {
        return sealer;
    }

    /** Flags of its frame, beside {@link RecordLayout#MEMBER}. */
    int flags() {
        return isSealed ? RecordLayout.ENCRYPTED : 0;
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

    /** A {@code long}: even lengths beyond a record's limits don't overflow it. */
    public long frameBytes() {
        return RecordLayout.frameBytes(headerLength(), (long) contentLength() + (sealer == null ? 0 : SealLayout.BYTES));
    }
}
