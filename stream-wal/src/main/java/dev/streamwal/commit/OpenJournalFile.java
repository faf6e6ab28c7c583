package dev.streamwal.commit;

import dev.streamwal.format.StreamKey;
import dev.streamwal.io.Uninterrupted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One file of the journal, as it is written. The leader's while it is the current one, then the checkpoint's; handed over with the journal's
 * lock.
 */
final class OpenJournalFile {

    private final Path path;
    private final int length;
    private final List<CommitSegment> mentioned = new ArrayList<>();
    private final Set<StreamKey> deletedFrom = new LinkedHashSet<>();
    private final AtomicInteger pins = new AtomicInteger();
    private @Nullable FileChannel channel;
    private int offset;
    private long lastSequence;
    private int blocks;
    private long life;
    /** Whether something in it was written before the log was opened. */
    private boolean inherited;

    OpenJournalFile(Path path, int length) {
        this.path = path;
        this.length = length;
    }

    Path path() {
        return path;
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
        segment.mentionedAs = mentioned.size();
        return segment.mentionedAs;
    }

    /** How many segments were mentioned. */
    int mentions() {
        return mentioned.size();
    }

    /** Those behind the first {@code count} stand in no block. */
    void forgetMentions(int count) {
        List<CommitSegment> dropped = mentioned.subList(count, mentioned.size());
        dropped.forEach(segment -> segment.mentionedIn = 0);
        dropped.clear();
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

    void deletedFrom(StreamKey stream) {
        deletedFrom.add(stream);
    }

    /** Streams of which segments were deleted. */
    Set<StreamKey> deletedFrom() {
        return deletedFrom;
    }

    /** Writes a block behind the last one, and returns when it survives power loss. */
    void append(ByteBuffer block, long sequence) throws IOException {
        int at = offset;
        int bytes = block.remaining();
        Uninterrupted.run(() -> {
            FileChannel open = channel();
            ByteBuffer rest = block.duplicate();
            while (rest.hasRemaining()) {
                open.write(rest, at + bytes - rest.remaining());
            }
            open.force(false);
            return at;
        });
        offset += bytes;
        blocks++;
        lastSequence = sequence;
    }

    /** So that what may be refused, a descriptor, is refused before anything is put into a block. */
    void open() throws IOException {
        FileChannel unused = channel();
    }

    /** Closed by an interrupt, it is opened again, and the same is written again and forced: that is not a failed flush. */
    private FileChannel channel() throws IOException {
        FileChannel open = channel;
        if (open == null || !open.isOpen()) {
            open = FileChannel.open(path, StandardOpenOption.WRITE);
            channel = open;
        }
        return open;
    }

    /** Where all is forced, closing can lose nothing. */
    void close() {
        FileChannel open = channel;
        channel = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                // nothing is waiting to be written
            }
        }
    }
}
