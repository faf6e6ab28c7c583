package dev.streamwal.segment;

import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import java.io.IOException;

/** Tells whether a batch is whole: a member counts only if its batch record and all members verify. Remembers the last whole batch. */
final class BatchCheck {

    private static final long NOWHERE = -1;

    private final ReadBuffer buffer;
    private final FrameCheck frames;
    private final long firstOffset;

    private long start = NOWHERE;
    private long end = NOWHERE;

    BatchCheck(ReadBuffer buffer, FrameCheck frames, long firstOffset) {
        this.buffer = buffer;
        this.frames = frames;
        this.firstOffset = firstOffset;
    }

    /** Whether the last whole batch starts here. */
    boolean startsAt(long at) {
        return at == start;
    }

    /** Whether a frame here is a member of the last whole batch. */
    boolean contains(long at) {
        return at > start && at < end;
    }

    /** Checks the batch whose record was just looked at, with its members. Moves the view. */
    boolean enter(long at) throws IOException {
        RecordView view = frames.view();
        if (view.contentLength() != BatchLayout.CONTENT_BYTES) {
            return false;
        }
        int members = BatchLayout.members(buffer.bytes(), view.contentIndex());
        int memberBytes = BatchLayout.bytes(buffer.bytes(), view.contentIndex());
        long first = at + view.frameBytes();
        if (!BatchLayout.plausible(members, memberBytes, buffer.limit() - first) || !areMembers(first, first + memberBytes, members)) {
            return false;
        }
        start = at;
        end = first + memberBytes;
        return true;
    }

    /** Whether exactly that many members fill this part of the segment. */
    private boolean areMembers(long from, long to, int members) throws IOException {
        long member = from;
        for (int i = 0; i < members; i++) {
            if (member >= to || frames.look(member) != Finding.RECORD || !RecordLayout.isMember(frames.view().flags())) {
                return false;
            }
            member += frames.view().frameBytes();
        }
        return member == to;
    }

    /** Walks back from the member that was just looked at to its batch record, and checks the batch. */
    boolean enterFrom(long member) throws IOException {
        RecordView view = frames.view();
        long at = member;
        do {
            int size = view.previousSize();
            if (size < RecordLayout.PREFIX_BYTES || at - size < firstOffset) {
                return false;
            }
            at -= size;
            buffer.ensureBackwards(at, size);
            if (frames.look(at) != Finding.RECORD || view.frameBytes() != size) {
                return false;
            }
        } while (RecordLayout.isMember(view.flags()));
        return view.flags() == RecordLayout.BATCH && enter(at) && contains(member);
    }
}
