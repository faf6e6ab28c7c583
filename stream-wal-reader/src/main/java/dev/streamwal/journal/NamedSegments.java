package dev.streamwal.journal;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The segments that one journal file has named so far. Its entries refer to segments by these numbers. */
final class NamedSegments {

    private final Map<Integer, SegmentHeader> byNumber = new HashMap<>();

    /** Forgets all names: another file follows. */
    void clear() {
        byNumber.clear();
    }

    /** Remembers the names of a block that isn't needed otherwise. */
    void remember(ByteBuffer block) throws IOException {
        try {
            JournalBlockLayout.forEachEntry(block, new Names(byNumber));
        } catch (FormatException e) {
            // if one of the names behind the invalid entry is needed, a later entry reports it as unknown
        }
    }

    /**
     * What is wrong with a whole block's entries, before any of them is handed out.
     *
     * @throws FormatException if a newer version wrote one
     */
    Optional<String> check(ByteBuffer block) throws FormatException, IOException {
        Checked checked = new Checked(new HashMap<>(), byNumber);
        try {
            JournalBlockLayout.forEachEntry(block, checked);
        } catch (FormatException e) {
            if (e.isUnsupported()) {
                throw e;
            }
            return Optional.ofNullable(e.getMessage());
        }
        return Optional.ofNullable(checked.unresolved);
    }

    /** Hands out the block's entries, up to the first invalid one; entries whose segment isn't known are left out. */
    void handOut(ByteBuffer block, JournalVisitor visitor) throws IOException {
        try {
            JournalBlockLayout.forEachEntry(block, new Resolved(byNumber, visitor));
        } catch (FormatException e) {
            // check has reported it
        }
    }

    private static @Nullable String unresolved(@Nullable SegmentHeader segment, int number, int offset, int length) {
        if (segment == null) {
            return "journal file has bytes of a segment that it hasn't named: number=" + Integer.toUnsignedLong(number);
        }
        if (offset < segment.headerLength() || offset > segment.capacity() - length) {
            return "frames reach into the header of " + segment.headerLength() + " bytes, or beyond the capacity of "
                    + segment.capacity() + ": offset=" + offset + ", length=" + length + ", stream=" + segment.key();
        }
        return null;
    }

    /** Only remembers which number means which segment. */
    private static class Names implements JournalEntries {
        private final Map<Integer, SegmentHeader> names;

        Names(Map<Integer, SegmentHeader> names) {
            this.names = names;
        }

        @Override
        public final void segment(int number, SegmentHeader header) {
            names.put(number, header);
        }

        @Override
        public void bytes(int number, int offset, ByteBuffer frames) throws IOException {}

        @Override
        public void deletedBelow(StreamKey key, long position) throws IOException {}

        @Override
        public void truncated(StreamKey key, long from, long to) throws IOException {}
    }

    /** Checks that the segments of the entries are known; changes only its own names. */
    private static final class Checked extends Names {
        private final Map<Integer, SegmentHeader> inBlock;
        private final Map<Integer, SegmentHeader> before;
        private @Nullable String unresolved;

        Checked(Map<Integer, SegmentHeader> inBlock, Map<Integer, SegmentHeader> before) {
            super(inBlock);
            this.inBlock = inBlock;
            this.before = before;
        }

        @Override
        public void bytes(int number, int offset, ByteBuffer frames) {
            SegmentHeader named = inBlock.get(number);
            String wrong = NamedSegments.unresolved(named == null ? before.get(number) : named, number, offset, frames.remaining());
            unresolved = unresolved == null ? wrong : unresolved;
        }
    }

    /** Hands out the valid entries. */
    private static final class Resolved extends Names {
        private final Map<Integer, SegmentHeader> named;
        private final JournalVisitor visitor;

        Resolved(Map<Integer, SegmentHeader> named, JournalVisitor visitor) {
            super(named);
            this.named = named;
            this.visitor = visitor;
        }

        @Override
        public void bytes(int number, int offset, ByteBuffer frames) throws IOException {
            SegmentHeader segment = named.get(number);
            if (segment != null && unresolved(segment, number, offset, frames.remaining()) == null) {
                visitor.bytes(segment, offset, frames);
            }
        }

        @Override
        public void deletedBelow(StreamKey key, long position) throws IOException {
            visitor.deletedBelow(key, position);
        }

        @Override
        public void truncated(StreamKey key, long from, long to) throws IOException {
            visitor.truncated(key, from, to);
        }
    }
}
