package dev.streamwal.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A file open for reading, shared by threads. It remembers the identity of the file that it opened, and counts what is read. */
public final class SharedFile implements OpenBytes {

    private final ReadCounter reads;
    private final ChannelCache cache;
    private final LogFile file;

    /** The file just before it was last opened; null before it was opened. */
    private volatile @Nullable Version version;
    private volatile boolean shut;

    /** Null if it isn't mapped. */
    private volatile @Nullable MappedContent mapped;
    /** Whether mapping was tried. Guarded by this. */
    private boolean isMappingTried;

    private volatile boolean isReadAroundBadSectors;

    /** Null if nothing is read past the page cache. */
    private volatile @Nullable DirectReads direct;
    /** Whether {@link #readDirectly} was called. */
    private volatile boolean isDirectTried;

    /** Guarded by the cache. */
    int users;
    /** When the file was last read. Guarded by the cache. */
    long idleSince;
    /** Whether the file stays open while it isn't read. Guarded by the cache. */
    boolean kept;

    /**
     * Tells a file that was opened from others that had its name before. Its key alone isn't enough once it is closed and deleted, because a file system gives
     * that to the next file.
     *
     * @param key null if the file system doesn't tell files apart
     */
    private record Version(@Nullable Object key, FileTime modified) {}

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
            BasicFileAttributes now = attributesNow();
            version = new Version(now.fileKey(), now.lastModifiedTime());
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

    /** Opens the same file, or fails. */
    private final class DirectFile extends LogFile {

        DirectFile(Path path, OpenOption option) {
            super(path, StandardOpenOption.READ, option);
        }

        @Override
        protected FileChannel openChannel() throws IOException {
            FileChannel channel = super.openChannel();
            try {
                if (shut || isReplaced()) {
                    throw new IOException("file was closed, or another one has its name: file=" + path());
                }
                return channel;
            } catch (IOException e) {
                LeftOpen.close(channel, e);
                throw e;
            }
        }
    }

    public Path path() {
        return file.path();
    }

    /** Distinguishes the file from another one of the same name; null if the file system doesn't tell files apart. */
    public @Nullable Object identity() {
        Version opened = version;
        return opened == null ? null : opened.key();
    }

    /**
     * Distinguishes the file from every other one that has its name, or had it, also from those that were deleted. It may be another object after the file was
     * opened again, if the file has grown.
     */
    public @Nullable Object version() {
        return version;
    }

    /** Opens the file unless it is open. */
    void open() throws IOException {
        file.open();
    }

    /**
     * Whether another file has the name now: a segment with a second hard link is cut by putting a shorter copy in its place, and records are erased from a
     * segment by putting a copy without them in its place.
     *
     * @throws NoSuchFileException if no file has the name
     */
    public boolean isReplaced() throws IOException {
        Object opened = identity();
        return !Objects.equals(attributesNow().fileKey(), opened) && opened != null;
    }

    private BasicFileAttributes attributesNow() throws IOException {
        try {
            return Files.readAttributes(path(), BasicFileAttributes.class);
        } catch (FileSystemException e) {
            throw missing(e);
        }
    }

    private FileSystemException missing(FileSystemException e) {
        return IoFailure.isBelowFile(path()) ? new NoSuchFileException(path().toString()) : e;
    }

    /** Maps the file's current content, so that reads copy from the mapping; if it can't be mapped, it is read as before. */
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
            // apart: the JDK loses a mapping whose thread is interrupted while it is made
            mapped = Uninterrupted.runApart(() -> file.ask(open -> new MappedContent(open.channel())));
        } catch (IOException | UnsupportedOperationException e) {
            // the process has too many mappings, or the file system can't map: reading the file reports what is wrong with it
        }
    }

    /** Makes {@link #readOnce} read past the page cache; if that isn't possible, it reads as {@link #read} does. For a file that isn't appended to any more. */
    public synchronized void readDirectly() {
        if (!isDirectTried) {
            direct = DirectIo.option(path()).map(option -> new DirectReads(new DirectFile(path(), option), reads)).orElse(null);
            isDirectTried = true;
        }
    }

    /** Whether {@link #readDirectly} was called. */
    public boolean isDirectTried() {
        return isDirectTried;
    }

    /** From now on it is read around bad sectors: see {@link BadSectors}. */
    public SharedFile aroundBadSectors() {
        isReadAroundBadSectors = true;
        return this;
    }

    @Override
    public int readOnce(ByteBuffer target, long offset) throws IOException {
        int start = target.position();
        DirectReads known = direct;
        if (known != null) {
            try {
                known.read(target, offset);
            } catch (IOException | UnsupportedOperationException e) {
                // the file system can't; if there is another reason, the reads through the page cache meet it
                direct = null;
                known.close();
            }
        }
        int before = target.position() - start;
        // this read shows whether the file ends there
        return target.hasRemaining() ? before + read(target, offset + before) : before;
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        MappedContent content = mapped;
        int count = target.remaining();
        if (content != null && content.copy(target, offset)) {
            reads.addCopied(count);
            return count;
        }
        return isReadAroundBadSectors ? BadSectors.read(file, target, offset) : file.read(target, offset);
    }

    @Override
    public long size() throws IOException {
        return file.size();
    }

    /** Closes the file for good, even while it is being read. */
    void shut() throws IOException {
        shut = true; // set first: a channel that is opened later would stay open
        unmap();
        rest();
        file.close();
    }

    /** Releases what only {@link #readOnce} needs, until it is called again. */
    void rest() throws IOException {
        DirectReads known = direct;
        if (known != null) {
            known.close();
        }
    }

    private synchronized void unmap() {
        MappedContent content = mapped;
        mapped = null;
        if (content != null) {
            content.close();
        }
    }

    /** Returns the file to the cache, which closes it or keeps it. */
    @Override
    public void close() {
        cache.release(this);
    }
}
