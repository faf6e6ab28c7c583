package dev.streamwal.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A file open for reading, shared by threads. It knows which file had its name, and counts what is read. */
public final class SharedFile implements SegmentBytes, AutoCloseable {

    private final ReadCounter reads;
    private final ChannelCache cache;
    private final LogFile file;

    /** Which file had the name just before it was opened last; null where the file system doesn't tell files apart. */
    private volatile @Nullable Object identity;
    private volatile boolean shut;

    /** Null where it isn't mapped. */
    private volatile @Nullable MappedContent mapped;
    /** Guarded by this: whether it was tried. */
    private boolean isMappingTried;

    /** Guarded by the cache. */
    int users;
    /** Guarded by the cache: when it was read last. */
    long idleSince;
    /** Guarded by the cache: whether the file stays open when nobody reads it. */
    boolean kept;

    SharedFile(Path path, ChannelCache cache, ReadCounter reads) {
        this.file = new IdentifiedFile(path);
        this.cache = cache;
        this.reads = reads;
    }

    private final class IdentifiedFile extends LogFile {

        IdentifiedFile(Path path) {
            super(path, StandardOpenOption.READ);
        }

        @Override
        protected FileChannel openChannel() throws IOException {
            if (shut) {
                throw new ClosedChannelException();
            }
            identity = identityNow();
            try {
                return super.openChannel();
            } catch (FileSystemException e) {
                throw missing(e);
            }
        }

        @Override
        protected void wasRead(int read) {
            reads.add(read);
        }
    }

    /** Which file this is. */
    public Path path() {
        return file.path();
    }

    /** Tells it from another file of its name; null where the file system doesn't tell files apart. */
    public @Nullable Object identity() {
        return identity;
    }

    /** Opens the file unless it is open. */
    void open() throws IOException {
        file.open();
    }

    /**
     * Whether another file has the name now: a segment of which there is a second link is cut by putting a shorter copy in its place.
     *
     * @throws NoSuchFileException where none has it
     */
    boolean isReplaced() throws IOException {
        Object opened = identity;
        return !Objects.equals(identityNow(), opened) && opened != null;
    }

    private @Nullable Object identityNow() throws IOException {
        try {
            return Files.readAttributes(path(), BasicFileAttributes.class).fileKey();
        } catch (FileSystemException e) {
            throw missing(e);
        }
    }

    private FileSystemException missing(FileSystemException e) {
        return IoFailure.isBelowFile(path()) ? new NoSuchFileException(path().toString()) : e;
    }

    /** Has what the file has now copied out of a mapping from now on; where it can't be mapped it is read as before. */
    public void map() {
        if (mapped == null) {
            mapOnce();
        }
    }

    private synchronized void mapOnce() {
        if (isMappingTried || shut) {
            return;
        }
        isMappingTried = true;
        try {
            mapped = file.ask(open -> new MappedContent(open.channel()));
        } catch (IOException | UnsupportedOperationException e) {
            // the process has too many mappings, or the file system has none: the file is read, which says what is wrong with it
        }
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        MappedContent content = mapped;
        int count = target.remaining();
        if (content != null && content.copy(target, offset)) {
            reads.addCopied(count);
            return count;
        }
        return file.read(target, offset);
    }

    @Override
    public long size() throws IOException {
        return file.size();
    }

    /** Closes the file for good, also under those who read it. */
    void shut() throws IOException {
        shut = true; // before: what is opened later would stay open
        unmap();
        file.close();
    }

    private synchronized void unmap() {
        MappedContent content = mapped;
        mapped = null;
        if (content != null) {
            content.close();
        }
    }

    /** Gives the file back to the cache, which closes it or keeps it. */
    @Override
    public void close() {
        cache.release(this);
    }
}
