package dev.streamwal.commit;

import dev.streamwal.storage.Uninterrupted;
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
    private final Set<Path> deletedFrom = new LinkedHashSet<>();
    private final AtomicInteger pins = new AtomicInteger();
    private @Nullable FileChannel channel;
    private int offset;
    private long lastSequence;
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

    long lastSequence() {
        return lastSequence;
    }

    boolean isInherited() {
        return inherited;
    }

    /** As a scan found it. */
    void inherit(int end, long last) {
        inherited = true;
        offset = end;
        lastSequence = last;
    }

    /** What the file held is not needed any more. */
    void reuse() {
        offset = 0;
        inherited = false;
        mentioned.clear();
        deletedFrom.clear();
    }

    /** The number by which the file's blocks call a segment. */
    int mention(CommitSegment segment) {
        mentioned.add(segment);
        segment.mentionedIn = this;
        segment.mentionedAs = mentioned.size();
        return segment.mentionedAs;
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

    void deletedFrom(Path directory) {
        deletedFrom.add(directory);
    }

    /** Directories of which names were taken. */
    Set<Path> deletedFrom() {
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
        lastSequence = sequence;
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
