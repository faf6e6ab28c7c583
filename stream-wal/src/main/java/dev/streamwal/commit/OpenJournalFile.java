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
 * One file of the journal, as it is written. The leader's while it is the current one, then the checkpoint's; handed over with the journal's
 * lock.
 */
final class OpenJournalFile {

    /** So many segments are kept at least, whatever has become of them. */
    private static final int MIN_KEPT = 1_024;

    private final LogFile file;
    private final int length;

    /** In the order of their numbers; of those that are gone not all. */
    private final List<CommitSegment> mentioned = new ArrayList<>();

    /** Segments that were mentioned, whether they are gone or not. */
    private int mentions;

    /** So many of them there are when it is looked for those that are gone. */
    private int lookAt = MIN_KEPT;

    /**
     * Streams of which the file's blocks say that something is deleted, once for each time. It is bounded by the file: an entry has 14 bytes
     * more in its block than here, at least, and the array is larger than what is in it by half at most. For keys of 20 bytes that is
     * 3.3 MiB for a first file of 4 MiB that is full of nothing else, and 53 MiB for one of 64 MiB. As keys, of 250 bytes each, they would
     * take 25 MiB, and 400.
     */
    private final KeyList deletedFrom = new KeyList();
    private final AtomicInteger pins = new AtomicInteger();
    private int offset;
    private long lastSequence;
    private int blocks;
    private long life;
    /** Whether something in it was written before the log was opened. */
    private boolean inherited;

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

    /** Written since it was last free, in this process. */
    int blocks() {
        return blocks;
    }

    long lastSequence() {
        return lastSequence;
    }

    boolean isInherited() {
        return inherited;
    }

    /** As a scan found it. */
    void inherit(int end, long last, long newLife) {
        inherited = true;
        offset = end;
        lastSequence = last;
        life = newLife;
    }

    /** What the file held is not needed any more: what it mentioned may go. */
    void clear() {
        mentioned.clear();
        mentions = 0;
        lookAt = MIN_KEPT;
        deletedFrom.clear();
        inherited = false;
    }

    /** The next block stands at the file's beginning. */
    void reuse(long newLife) {
        clear();
        offset = 0;
        blocks = 0;
        life = newLife;
    }

    /**
     * From the file's first block to its last, until it is used again: which file's, and which time, a segment remembers that was mentioned,
     * since a file that is used again has mentioned nothing. No two are the same, and none is 0.
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

    /** Those behind the first {@code count} stand in no block. */
    void forgetMentions(int count) {
        for (int last = mentioned.size() - 1; last >= 0 && mentioned.get(last).mentionedAs > count; last--) {
            mentioned.remove(last).mentionedIn = 0;
        }
        mentions = count;
    }

    /**
     * What is gone is not forced, and not kept: with keys that come and go, that would be all that there ever was of their streams, many times what
     * the file has. Looks when twice as many are there as the last time, so that a mention costs the same however many there are. To be
     * called between two blocks, when each segment that is here stands in one.
     */
    void forgetGone() {
        if (mentioned.size() >= lookAt) {
            mentioned.removeIf(CommitSegment::isGone);
            lookAt = Math.max(MIN_KEPT, 2 * mentioned.size());
        }
    }

    /** Something in it is being carried out; by the leader. */
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

    /** Streams of which segments were deleted; one may be there more than once. */
    KeyList deletedFrom() {
        return deletedFrom;
    }

    /** Writes a block behind the last one, and returns when it survives power loss. */
    void append(ByteBuffer block, long sequence) throws IOException {
        int at = offset;
        // closed by an interrupt, it is opened again, and the same is written again and forced: that is not a failed flush
        file.together(open -> {
            open.write(at, block.duplicate());
            open.forceContent();
        });
        offset += block.remaining();
        blocks++;
        lastSequence = sequence;
    }

    /** So that what may be refused, a descriptor, is refused before anything is put into a block. */
    void open() throws IOException {
        file.open();
    }

    /** Where all is forced, closing can lose nothing. */
    void close() {
        try {
            file.close();
        } catch (IOException e) {
            // nothing is waiting to be written
        }
    }
}
