package dev.streamwal.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file open for reading, shared by threads. A {@link FileChannel} is closed, for everybody, when a thread that reads from it is
 * interrupted; so whoever finds it closed opens it again and goes on, and an interrupted thread gets its flag back afterwards.
 */
public final class SharedFile implements SegmentBytes, AutoCloseable {

    /** Every one needs another interrupt at just the wrong moment; so many in a row are not chance but a broken file system. */
    private static final int MAX_REOPENINGS = 1_000;

    private final Path path;
    private final ChannelCache cache;
    private final ReadCounter reads;

    private volatile @Nullable FileChannel channel;
    /** Which file had the name just before it was opened last; null where the file system doesn't tell files apart. */
    private volatile @Nullable Object identity;
    private boolean closed;

    /** Guarded by the cache. */
    int users;
    /** Guarded by the cache: when it was read last. */
    long idleSince;
    /** Guarded by the cache: whether the file stays open when nobody reads it. */
    boolean kept;

    SharedFile(Path path, ChannelCache cache, ReadCounter reads) {
        this.path = path;
        this.cache = cache;
        this.reads = reads;
    }

    /** Which file this is. */
    public Path path() {
        return path;
    }

    /** Opens the file unless it is open. */
    void open() throws IOException {
        if (channel == null) {
            openAgain(null);
        }
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
        return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        int start = target.position();
        run(open -> {
            while (target.hasRemaining()) {
                int read = open.read(target, offset + target.position() - start);
                reads.add(read);
                if (read < 0) {
                    break;
                }
            }
            return 0L;
        });
        return target.position() - start;
    }

    @Override
    public long size() throws IOException {
        return run(FileChannel::size);
    }

    private interface Operation {
        long on(FileChannel channel) throws IOException;
    }

    private long run(Operation operation) throws IOException {
        // an interrupt from before the call would close the channel as surely as one that comes during it
        boolean interrupted = Thread.interrupted();
        try {
            for (int reopenings = 0; ; reopenings++) {
                FileChannel open = channel;
                try {
                    if (open != null) {
                        return operation.on(open);
                    }
                } catch (ClosedByInterruptException e) {
                    interrupted = true;
                    Thread.interrupted();
                    failAfter(reopenings, e);
                } catch (ClosedChannelException e) {
                    failAfter(reopenings, e);
                }
                openAgain(open);
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void failAfter(int reopenings, IOException failure) throws IOException {
        if (reopenings >= MAX_REOPENINGS) {
            throw new IOException("a channel closed by an interrupt is opened again at most " + MAX_REOPENINGS + " times", failure);
        }
    }

    /** @param seen the channel that was found closed; another thread may have replaced it by now */
    private synchronized void openAgain(@Nullable FileChannel seen) throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        if (Objects.equals(channel, seen)) {
            identity = identityNow();
            channel = FileChannel.open(path, StandardOpenOption.READ);
        }
    }

    /** Closes the channel for good. */
    synchronized void shut() throws IOException {
        closed = true;
        FileChannel open = channel;
        if (open != null) {
            open.close();
        }
    }

    /** Gives the file back to the cache, which closes it or keeps it. */
    @Override
    public void close() {
        cache.release(this);
    }
}
