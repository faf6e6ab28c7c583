package dev.streamwal.commit;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A stream of one segment that is a number: how far it is published, and how far reserved. */
final class FakeStream implements CommitStream {

    private static final int CAPACITY = 1 << 30;

    /** Bytes that are asked for in vain. */
    @Nullable RuntimeException unreadable;

    @Nullable Error broken;
    /** Asking for its end fails. */
    @Nullable Error endless;
    /** Runs where a leader asks for its bytes. */
    volatile Runnable whenGathered = () -> {};
    /** Runs where somebody asks for its open segments. */
    volatile Runnable whenListed = () -> {};
    /** Counted down to zero where nobody seals it, as from the beginning. */
    volatile CountDownLatch sealing = new CountDownLatch(0);

    private final Segment segment;
    private final CommitCursor cursor = new CommitCursor(this);
    /** What its bytes are. */
    byte content;
    private int published;
    private int reserved;

    FakeStream(String key) {
        SegmentHeader header = new SegmentHeader(StreamKey.of(key), new Window(0, 1_000), 2_000, 0, 0, 1, key.hashCode(), 0, CAPACITY, 0, 0);
        this.segment = new Segment(header);
        this.published = header.headerLength();
        this.reserved = published;
    }

    @Override
    public CommitCursor cursor() {
        return cursor;
    }

    SegmentHeader header() {
        return segment.header();
    }

    /** Adds published bytes; where they end. */
    synchronized long append(int bytes) {
        published += bytes;
        reserved = published;
        return appendedEnd();
    }

    /** Adds a slot that isn't published; where it ends. */
    synchronized long reserve(int bytes) {
        reserved += bytes;
        return appendedEnd();
    }

    synchronized void publish() {
        published = reserved;
    }

    @Override
    public CommitSegment activeSegment() {
        return segment;
    }

    @Override
    public synchronized long appendedEnd() {
        if (endless != null) {
            throw endless;
        }
        return segment.header().positionAt(reserved);
    }

    @Override
    public List<? extends CommitSegment> unfinishedSegments() {
        return List.of(segment);
    }

    @Override
    public List<? extends CommitSegment> openSegments() {
        whenListed.run();
        return List.of(segment);
    }

    int durableOffset() {
        return segment.durableOffset();
    }

    /** Its file is deleted. */
    void delete() {
        segment.delete();
    }

    private final class Segment extends CommitSegment {

        private final SegmentHeader header;

        Segment(SegmentHeader header) {
            super(header.headerLength());
            this.header = header;
        }

        @Override
        public SegmentHeader header() {
            return header;
        }

        @Override
        public Path path() {
            return Path.of("not there", header.key().text());
        }

        @Override
        protected Undurable undurable(Room room) throws IOException {
            whenGathered.run();
            synchronized (FakeStream.this) {
                int from = durableOffset();
                var target = published > from ? room.of(from, published) : null;
                for (int i = 0; target != null && i < target.remaining(); i++) {
                    target.put(target.position() + i, content);
                }
                if (unreadable != null) {
                    throw unreadable;
                }
                if (broken != null) {
                    throw broken;
                }
                return new Undurable(from, published, target != null, published == reserved, false);
            }
        }

        void delete() {
            gone();
        }

        @Override
        protected boolean isBeingSealed() {
            return sealing.getCount() > 0;
        }

        @Override
        protected void awaitSealing() {
            try {
                sealing.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        protected boolean isForceFailed() {
            return false;
        }
    }
}
