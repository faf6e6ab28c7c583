package dev.streamwal.cli;

import dev.streamwal.WriteEntry;
import dev.streamwal.cli.SetAsideRecords.Group;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.FormatException;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import dev.streamwal.shared.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The records in a part of a shared segment that was set aside, in order, by the windows and retention of their streams. */
final class SharedSetAside {

    /** The window and retention of a stream. */
    record Span(long windowMillis, long retentionMillis) {}

    /**
     * What is appended together to one stream: one record, or a batch.
     *
     * @param ref of the first
     * @param group with the entries as the stream has them
     */
    record Piece(EntryRef ref, Group group) {

        String key() {
            return ref.key();
        }

        /** Whether it still stands at its old place, in whatever file that is now. */
        boolean isThere(WalReader reader) {
            try {
                WriteEntry first = group.entries().get(0);
                Optional<Entry> found = reader.find(ref);
                return found.isPresent() && found.get().timestampMillis() == first.timestampMillis()
                        && ByteBuffer.wrap(found.get().contentBytes()).equals(first.content())
                        && ByteBuffer.wrap(found.get().headerBytes()).equals(first.header());
            } catch (CorruptSegmentException e) {
                return false;
            }
        }
    }

    private SharedSetAside() {}

    static Map<Span, List<Piece>> of(SetAsideRecords records) throws IOException {
        Map<Span, List<Piece>> pieces = new LinkedHashMap<>();
        Slot slot = new Slot();
        records.restart();
        for (Group group = records.next(); group != null; group = records.next()) {
            try {
                Piece piece = piece(slot, group);
                // the span of a batch's last record applies to all of it
                pieces.computeIfAbsent(new Span(slot.windowMillis(), slot.retentionMillis()), unused -> new ArrayList<>()).add(piece);
            } catch (FormatException e) {
                // no writer writes this
            }
        }
        return pieces;
    }

    /** Leaves the slot at the last record of the group. */
    private static Piece piece(Slot slot, Group group) throws FormatException {
        List<WriteEntry> entries = new ArrayList<>(group.entries().size());
        long dataBytes = 0;
        EntryRef first = null;
        int sealBytes = group.isSealed() ? EntryRef.ENCRYPTION_BYTES : 0;
        for (WriteEntry stored : group.entries()) {
            WriteEntry entry = entry(slot, stored);
            int frameBytes = EntryRef.sizeOf(entry.header().remaining(), entry.content().remaining() + sealBytes);
            first = first == null ? new EntryRef(slot.key(), slot.position(), frameBytes) : first;
            entries.add(entry);
            dataBytes += frameBytes;
        }
        if (first == null) {
            throw FormatException.corrupt("group without a record: from=" + group.from());
        }
        return new Piece(first, new Group(group.from(), group.to(), entries, dataBytes, group.isSealed()));
    }

    /** Leaves the slot at this record. */
    private static WriteEntry entry(Slot slot, WriteEntry stored) throws FormatException {
        ByteBuffer slotHeader = stored.header().duplicate();
        byte[] bytes = new byte[slotHeader.remaining()];
        slotHeader.get(bytes);
        slot.read(bytes, bytes.length);
        ByteBuffer content = stored.content().duplicate();
        if (slot.headerLength() > content.remaining()) {
            throw FormatException.corrupt("record's header is longer than the content that it stands in: headerLength=" + slot.headerLength()
                    + ", contentLength=" + content.remaining());
        }
        ByteBuffer header = content.slice(0, slot.headerLength());
        return new WriteEntry(header, content.slice(slot.headerLength(), content.remaining() - slot.headerLength()), stored.timestampMillis());
    }
}
