package dev.streamwal.append;

import dev.streamwal.format.SealLayout;
import dev.streamwal.format.StreamKey;

/** Seals the records of one stream, each once its position is known: {@link SealLayout}. Thread-safe. */
public final class RecordSealer {

    private final SessionKeys keys;
    private final byte[] streamKey;

    public RecordSealer(SessionKeys keys, StreamKey stream) {
        this.keys = keys;
        this.streamKey = stream.utf8();
    }

    /** Throws, before the record has a place, if there is no key and none can be made. */
    public void ready() {
        keys.ready();
    }

    /** Copies a record to the beginning of an array that has room for {@link SealLayout#BYTES} more, and seals it there. */
    void seal(Draft record, byte[] target, long position) {
        int headerLength = record.headerLength();
        int length = headerLength + record.contentLength();
        record.header().copy(0, target, 0, headerLength);
        record.content().copy(0, target, headerLength, length - headerLength);
        keys.key().seal(target, length, headerLength, record.timestampMillis(), streamKey, position);
    }
}
