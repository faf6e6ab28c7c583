package dev.streamwal.commit;

import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One file of the journal while it is used. The leader owns it while it is the current file, then the checkpoint; it is handed over under the
 * journal's lock.
 */
final class OpenJournalFile {

    /** At least so many segments are kept, even if some are gone. */
    private static final int MIN_KEPT = 1_024;

    private final LogFile file;
    private final int length;

    /** In the order of their numbers; without some of those that are gone. */
    private final List<CommitSegment> mentioned = new ArrayList<>();

    /** Number of segments mentioned, including those that are gone. */
    private int mentions;

    /** At this number of kept segments, those that are gone are removed. */
    private int lookAt = MIN_KEPT;

    /**
     * Streams with a deletion in the file's blocks, once for each deletion. Bounded by the file: an entry takes at least 14 bytes more in its
     * block than here, and the array exceeds its content by half at most. For keys of 20 bytes, that is 3.3 MiB for a first file of 4 MiB
     * that is full of deletions, and 53 MiB for a file of 64 MiB. Stored as key objects, of 250 bytes each, they would take 25 MiB and 400
     * MiB.
     */
    private final KeyList deletedFrom = new KeyList();
    private final AtomicInteger pins = new AtomicInteger();
    private int offset;
    private long lastSequence;
    private int blocks;
    private long life;
    /** Whether something in it was written before the log was opened. */
    private boolean inherited;
    private boolean hasBadSector;

    OpenJournalFile(Path path, int length) {
        this.file = new LogFile(path, StandardOpenOption.WRITE);
        this.length = length;
    }

    Path path() {
        return file.path();
    }

    int length() {
        return length;
    }

    int room() {
        return length - offset;
    }

    /** Blocks written by this process since the file was last free. */
    int blocks() {
        return blocks;
    }

    long lastSequence() {
        return lastSequence;
    }

    boolean isInherited() {
        return inherited;
    }

    /** Whether it isn't to be used again. */
    boolean hasBadSector() {
        return hasBadSector;
    }

    /** Takes over what a scan found. */
    void inherit(int end, long last, long newLife, boolean isBad) {
        inherited = true;
        hasBadSector = isBad;
        offset = end;
        lastSequence = last;
        life = newLife;
    }

    /** The file's content is no longer needed: the segments that it mentioned may be forgotten. */
    void clear() {
        mentioned.clear();
        mentions = 0;
        lookAt = MIN_KEPT;
        deletedFrom.clear();
        inherited = false;
    }

    /** The next block goes to the file's beginning. */
    void reuse(long newLife) {
        clear();
        offset = 0;
        blocks = 0;
        life = newLife;
    }

    /**
     * Identifies one use of one file, from its first block until it is reused. A mentioned segment remembers it, since a reused file has
     * mentioned nothing. All lives differ, and none is 0.
     */
    long life() {
        return life;
    }

    /** The number by which the file's blocks call a segment. */
    int mention(CommitSegment segment) {
        mentioned.add(segment);
        segment.mentionedIn = life;
        segment.mentionedAs = ++mentions;
        return segment.mentionedAs;
    }

    /** How many segments were mentioned. */
    int mentions() {
        return mentions;
    }

    /** Forgets mentions beyond the first {@code count}, which are in no block. */
    void forgetMentions(int count) {
        for (int last = mentioned.size() - 1; last >= 0 && mentioned.get(last).mentionedAs > count; last--) {
            mentioned.remove(last).mentionedIn = 0;
        }
        mentions = count;
    }

    /**
     * Drops segments that are gone: they need no force. With keys that come and go, they would add up to many times the file's size. Runs
     * when twice as many segments are kept as after the last run, so that the cost per mention is constant. To be called between two blocks,
     * when each segment kept here is in one.
     */
    void forgetGone() {
        if (mentioned.size() >= lookAt) {
            mentioned.removeIf(CommitSegment::isGone);
            lookAt = Math.max(MIN_KEPT, 2 * mentioned.size());
        }
    }

    /** A deletion in it is being carried out; called by the leader. */
    void pin() {
        pins.incrementAndGet();
    }

    void unpin() {
        pins.decrementAndGet();
    }

    boolean isPinned() {
        return pins.get() > 0;
    }

    List<CommitSegment> mentioned() {
        return mentioned;
    }

    /** Streams of which segments were deleted; a stream may occur more than once. */
    KeyList deletedFrom() {
        return deletedFrom;
    }

    /** Writes a block after the last one; returns when it survives power loss. */
    void append(ByteBuffer block, long sequence) throws IOException {
        int at = offset;
        // after an interrupt closed the file, it is opened again, and the same bytes are written and forced again: that is no failed flush
        file.together(open -> {
            open.write(at, block.duplicate());
            open.forceContent();
        });
        offset += block.remaining();
        blocks++;
        lastSequence = sequence;
    }

    /** Opens the file, so that a lack of descriptors shows before anything is put into a block. */
    void open() throws IOException {
        file.open();
    }

    /** Everything in it is forced, so closing can lose nothing. */
    void close() {
        try {
            file.close();
        } catch (IOException e) {
            // nothing is waiting to be written
        }
    }
}
