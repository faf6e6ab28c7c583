package dev.streamwal.append;

import dev.streamwal.format.SegmentName;
import dev.streamwal.format.Window;
import org.jspecify.annotations.Nullable;

/** A segment in a stream's list. Guarded by the stream's rotation lock. */
final class SegmentEntry {

    private final SegmentName name;
    private @Nullable ActiveSegment unfinished;
    private @Nullable Window window;
    private long bytes;
    private boolean sealed;
    private boolean queued;

    /** A file that was listed. */
    SegmentEntry(SegmentName name, long bytes) {
        this.name = name;
        this.bytes = bytes;
    }

    /** A segment that is appended to. */
    SegmentEntry(ActiveSegment segment) {
        this(segment.header().name(), 0);
        this.unfinished = segment;
        this.window = segment.header().window();
    }

    SegmentName name() {
        return name;
    }

    /** Null if the segment's header wasn't read yet. */
    @Nullable Window window() {
        return window;
    }

    void windowIs(Window read) {
        window = read;
    }

    /** The size of the file, or the size that it will have. */
    long bytes() {
        return unfinished == null ? bytes : unfinished.fileBytes();
    }

    /** The segment while it holds a mapping or a file: it is appended to, or has no footer yet. */
    @Nullable ActiveSegment unfinished() {
        return unfinished;
    }

    void unfinished(ActiveSegment segment) {
        unfinished = segment;
    }

    /** Appends have ended; the sealer has it. */
    void seal() {
        sealed = true;
        queued = true;
    }

    boolean isSealed() {
        return sealed;
    }

    /** Whether it is sealed, without a footer, and the sealer has given up on it for now. */
    boolean isLeftUnfinished() {
        return sealed && !queued && unfinished != null;
    }

    /** The sealer has released it, with or without a footer. */
    void left() {
        queued = false;
    }

    /** The footer is written, and the file has this size. */
    void finished(long fileBytes) {
        bytes = fileBytes;
        unfinished = null;
        queued = false;
    }
}
