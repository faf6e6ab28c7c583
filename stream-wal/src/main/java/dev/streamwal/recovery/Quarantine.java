package dev.streamwal.recovery;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.BadSectors;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.io.FileLink;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Keeps copies of what recovery cuts, for inspection or for the command line to restore. Logs don't read it again. Thread-safe.
 *
 * <p>A returned copy survives power loss, its name included: it was written under a temporary name, forced and renamed, and the directory was forced.
 * A crash before that leaves a temporary file, which the next recovery of the same place replaces.
 */
public final class Quarantine {

    public static final String NAME = "quarantine";

    /** A copy's name has at most so many characters of the name of the stream's directory. */
    static final int MAX_STREAM_CHARS = 100;

    /** Beyond this, torn tails are cut and only reported, and damage is left alone: the quarantine must not fill the disk again. */
    public static final long MAX_BYTES = 256L << 20;

    /** Names that are tried before a copy is given up. */
    private static final int MAX_NAMES = 100;

    private static final int CHUNK_BYTES = 1 << 20;

    private final SegmentStorage storage;
    private final Path root;
    private final Path directory;
    private final long maxBytes;

    /** The size at the last check, which manual deletions may have reduced since; -1: not checked yet. */
    @GuardedBy("this")
    private long bytesUsed = -1;

    Quarantine(SegmentStorage storage, Path root) {
        this(storage, root, MAX_BYTES);
    }

    public Quarantine(SegmentStorage storage, Path root, long maxBytes) {
        this.storage = storage;
        this.root = root;
        this.directory = root.resolve(NAME);
        this.maxBytes = maxBytes;
    }

    /**
     * Copies {@code [from, to)} of a segment; empty if there is nothing to copy, or the copy would exceed the limit.
     *
     * <p>For a segment that streams share, the header is copied first, once: records are verified by the salt in it, and the segment is packed, and
     * deleted, before long.
     */
    synchronized Optional<Path> setAside(StreamKey key, Path segment, SegmentBytes bytes, long from, long to) throws IOException {
        int header = key.equals(StreamKey.SHARED) && from > 0 ? SegmentHeaderLayout.headerLength(key.utf8Length()) : 0;
        if (to <= from || !hasRoomFor(to - from + header)) {
            return Optional.empty();
        }
        Optional<Path> free = freeName(key, segment, from);
        if (free.isEmpty()) {
            return free;
        }
        Path first = directory.resolve(name(key, segment, 0, 0));
        if (header > 0 && !Files.exists(first)) {
            write(bytes, 0, header, first);
        }
        write(bytes, from, to, free.get());
        return free;
    }

    /**
     * Keeps a whole segment, which is about to be deleted and doesn't change any more: as a link, which also has what can't be read now, or, if there
     * are no links, as a copy of what can be read. Empty if that would exceed the limit.
     */
    synchronized Optional<Path> keep(StreamKey key, SegmentFile segment) throws IOException {
        long length = segment.size();
        Optional<Path> free = freeName(key, segment.path(), 0);
        if (free.isEmpty() || !hasRoomFor(length)) {
            return Optional.empty();
        }
        makeDirectory();
        // what recovery left as it was may not be on the disk yet
        segment.force();
        if (FileLink.isLinked(segment.path(), free.get())) {
            storage.forceDirectory(directory);
            bytesUsed += length;
        } else {
            write(BadSectors.around(segment), 0, length, free.get());
        }
        return free;
    }

    @GuardedBy("this")
    private void write(SegmentBytes bytes, long from, long to, Path name) throws IOException {
        makeDirectory();
        Path temporary = directory.resolve(name.getFileName() + ".tmp");
        storage.delete(temporary);
        try {
            writeForced(bytes, from, to, temporary);
            storage.name(temporary, name);
        } catch (IOException | RuntimeException e) {
            storage.deleteAfter(e, temporary);
            throw e;
        }
        storage.forceDirectory(directory);
        bytesUsed += to - from;
    }

    private void writeForced(SegmentBytes bytes, long from, long to, Path file) throws IOException {
        try (SegmentFile copy = storage.create(file)) {
            ByteBuffer chunk = ByteBuffer.allocateDirect((int) Math.min(CHUNK_BYTES, to - from));
            bytes.copy(from, to, chunk, (offset, piece) -> copy.write(offset - from, piece));
            copy.force();
        }
    }

    /**
     * Moves a whole segment here; empty if that would exceed the limit. On return the segment's name here is durable; its removal from the stream's
     * directory is durable once that has been forced.
     */
    synchronized Optional<Path> move(StreamKey key, Path segment, long length) throws IOException {
        Optional<Path> free = freeName(key, segment, 0);
        if (free.isEmpty() || !hasRoomFor(length)) {
            return Optional.empty();
        }
        makeDirectory();
        storage.name(segment, free.get());
        storage.forceDirectory(directory);
        bytesUsed += length;
        return free;
    }

    @GuardedBy("this")
    private void makeDirectory() throws IOException {
        if (!Files.isDirectory(directory)) {
            storage.createDirectory(directory);
            storage.forceDirectory(root);
        }
    }

    /** An unused name, because earlier recoveries may have set the same place aside: all copies are kept. Empty after too many. */
    private Optional<Path> freeName(StreamKey key, Path segment, long from) {
        for (int number = 0; number < MAX_NAMES; number++) {
            Path name = directory.resolve(name(key, segment, from, number));
            if (!Files.exists(name)) {
                return Optional.of(name);
            }
        }
        return Optional.empty();
    }

    /**
     * Copies a file of the commit journal; empty if that would exceed the limit. The same bytes are copied once, however often they are found damaged. The
     * journal's files are used again, so other damage may come at the same place later: it has a copy of its own.
     *
     * @param damage tells it from other damage in the same file
     */
    synchronized Optional<Path> setAsideJournal(Path file, SegmentBytes bytes, String damage) throws IOException {
        long length = bytes.size();
        for (int number = 0; number < MAX_NAMES; number++) {
            Path copy = directory.resolve(file.getFileName() + "_" + damage + (number == 0 ? "" : "-" + number) + ".aside");
            if (!Files.exists(copy)) {
                if (!hasRoomFor(length)) {
                    return Optional.empty();
                }
                write(bytes, 0, length, copy);
                return Optional.of(copy);
            }
            if (isCopy(copy, bytes, length)) {
                return Optional.of(copy);
            }
        }
        return Optional.empty();
    }

    private static boolean isCopy(Path copy, SegmentBytes bytes, long length) throws IOException {
        if (Files.size(copy) != length) {
            return false;
        }
        ByteBuffer one = ByteBuffer.allocateDirect((int) Math.min(CHUNK_BYTES, Math.max(1, length)));
        ByteBuffer other = ByteBuffer.allocateDirect(one.capacity());
        try (LogFile kept = LogFile.reading(copy)) {
            for (long offset = 0; offset < length; offset += one.limit()) {
                int read = bytes.read(one.clear(), offset);
                if (read == 0 || kept.read(other.clear(), offset) != read || !one.flip().equals(other.flip())) {
                    return false;
                }
            }
        }
        return true;
    }

    private static String name(StreamKey key, Path segment, long from, int number) {
        String stream = key.directoryName();
        return stream.substring(0, Math.min(stream.length(), MAX_STREAM_CHARS)) + '_' + segment.getFileName() + '_' + from
                + (number == 0 ? "" : "_" + number) + ".aside";
    }

    @GuardedBy("this")
    private boolean hasRoomFor(long bytes) throws IOException {
        if (bytesUsed < 0 || bytesUsed + bytes > maxBytes) {
            bytesUsed = measure();
        }
        return bytesUsed + bytes <= maxBytes;
    }

    private long measure() throws IOException {
        long[] used = {0};
        try {
            DirectoryListing.each(directory, file -> used[0] += Files.size(file));
        } catch (NoSuchFileException e) {
            return 0;
        }
        return used[0];
    }

    /** The end of a refusal's message. */
    String whatToDoWhenFull(long neededBytes) {
        return "the quarantine has no room for a copy of the damaged bytes: quarantine=" + directory + ", neededBytes="
                + neededBytes + ", maxBytes=" + maxBytes + "; move the files in it elsewhere, or delete them, and try again";
    }
}
