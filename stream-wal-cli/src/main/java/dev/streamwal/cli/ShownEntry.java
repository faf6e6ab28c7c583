package dev.streamwal.cli;

import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import io.netty.buffer.ByteBuf;

/**
 * A record to show, from any source; valid as long as its source.
 *
 * @param header empty if it has none
 */
record ShownEntry(EntryRef ref, long timestampMillis, ByteBuf header, ByteBuf content) {

    static ShownEntry of(EntryCursor cursor) {
        return new ShownEntry(cursor.ref(), cursor.timestampMillis(), cursor.header(), cursor.content());
    }

    static ShownEntry of(Entry entry) {
        return new ShownEntry(entry.ref(), entry.timestampMillis(), entry.header(), entry.content());
    }
}
