package dev.streamwal.io;

import dev.streamwal.format.SuppressForbidden;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A file of a log, read and written at positions. All access to a log's files goes through this class, except locking ({@link ProcessLock}), mapping, and
 * copying whole files, which the JDK does. The file is opened at its first use, and again at a use after {@link #close()}.
 *
 * <p>No interrupt cuts a call short. A {@link FileChannel} closes, for every thread, when a thread that uses it is interrupted. The call is
 * then {@link Uninterrupted repeated} on a new channel, which is safe because each call states its position; the thread's interrupt status
 * is set again afterwards. Other threads that used the channel repeat their calls as well.
 *
 * <p>Steps that must not be repeated one by one are repeated {@link #together}: several reads then see one file, and a force is repeated
 * only after the writes before it (see {@link FileForce}).
 *
 * <p>Reading at positions, and {@link #size()}, are thread-safe. Writes are for one thread at a time.
 */
public class LogFile implements SegmentBytes, Closeable {

    /** Each reopening needs an interrupt of another thread at the wrong moment: this many in a row mean a broken file system. */
    static final int MAX_REOPENINGS = 1_000;

    /** Zeros in one write: large enough that the cost of the call doesn't matter, small enough to stay in the processor's cache. */
    static final int ZERO_BYTES = 256 << 10;

    /** Piece of a larger file: the JDK keeps a direct buffer as large as the largest heap buffer that a thread has read or written. */
    public static final int CHUNK_BYTES = 64 << 10;

    private final OpenOption[] options;
    private Path path;
    private volatile @Nullable Opened opened;

    /** @param options with which it is opened, each time */
    public LogFile(Path path, OpenOption... options) {
        this.path = path;
        this.options = options.clone();
    }

    /** An existing file to read. */
    public static LogFile reading(Path path) {
        return new LogFile(path, StandardOpenOption.READ);
    }

    // ---------------------------------------------------------------- opening

    public Path path() {
        return path;
    }

    /** Sets the path after the file was renamed; nothing is moved. */
    public void renamed(Path newPath) {
        path = newPath;
    }

    /** Opens the file now, so that a missing file or an exhausted limit is reported now. */
    public final void open() throws IOException {
        Opened unused = opened();
    }

    /** Makes the file, and opens it; throws {@link java.nio.file.FileAlreadyExistsException} if there is one. */
    public final synchronized void create() throws IOException {
        OpenOption[] creating = Arrays.copyOf(options, options.length + 1);
        creating[options.length] = StandardOpenOption.CREATE_NEW;
        opened = new Opened(FileChannel.open(path, creating));
    }

    private Opened opened() throws IOException {
        Opened known = opened;
        return known != null && known.channel.isOpen() ? known : openAgain();
    }

    private synchronized Opened openAgain() throws IOException {
        Opened known = opened;
        if (known == null || !known.channel.isOpen()) {
            known = new Opened(openChannel());
            opened = known;
        }
        return known;
    }

    /** Called at every opening except that of {@link #create()}. */
    protected FileChannel openChannel() throws IOException {
        return FileChannel.open(path, options);
    }

    /** Whether it holds a descriptor. */
    public boolean isOpen() {
        return opened != null;
    }

    /** Closes the descriptor. */
    @Override
    public void close() throws IOException {
        Opened open;
        synchronized (this) {
            open = opened;
            opened = null;
        }
        if (open != null) {
            open.channel.close();
        }
    }

    // ---------------------------------------------------------------- calls

    /** Does these steps; if an interrupt cuts one short, all of them are done again, perhaps on another thread. */
    public final void together(FileConsumer<Opened> steps) throws IOException {
        Object unused = ask(file -> {
            steps.accept(file);
            return path;
        });
    }

    /** As {@link #together}. */
    public final <T> T ask(FileFunction<Opened, T> query) throws IOException {
        return Uninterrupted.run(() -> answer(query));
    }

    private <T> T answer(FileFunction<Opened, T> query) throws IOException {
        for (int reopenings = 0; ; reopenings++) {
            Opened file = opened();
            try {
                return query.apply(file);
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (ClosedChannelException e) {
                // by an interrupt of another thread
                if (file.channel.isOpen()) {
                    throw e;
                }
                if (reopenings >= MAX_REOPENINGS) {
                    throw new IOException("file was closed by interrupts of other threads too often: reopenings=" + reopenings + ", file=" + path
                            + "; check the file system", e);
                }
            } catch (IOException e) {
                throw named(e);
            }
        }
    }

    /**
     * A message of the system about an open file doesn't name the file: this method puts its path in front, as the JDK does if a path was given. It stays a
     * plain exception, by which {@link BadSectors#isOfSector} knows that the file was open.
     */
    private IOException named(IOException failure) {
        String message = failure.getMessage();
        if (message == null || failure.getCause() != null || !failure.getClass().equals(IOException.class) || message.contains(path.toString())
                || message.contains("file=")) {
            return failure;
        }
        return new IOException(path + ": " + message, failure);
    }

    @Override
    public final int read(ByteBuffer target, long offset) throws IOException {
        int start = target.position();
        return ask(file -> file.read(target.position(start), offset));
    }

    @Override
    public final long size() throws IOException {
        return ask(Opened::size);
    }

    /** As {@link Opened#write}. */
    public void write(long offset, ByteBuffer... buffers) throws IOException {
        int start = buffers.length == 1 ? buffers[0].position() : 0;
        together(file -> {
            if (buffers.length == 1) {
                buffers[0].position(start);
            }
            file.write(offset, buffers);
        });
    }

    /** Writes zeros, so that the file system allocates blocks. */
    public void zero(long from, long to) throws IOException {
        together(file -> file.zero(from, to));
    }

    /** Cuts the file; it never becomes longer. */
    public void truncate(long length) throws IOException {
        together(file -> file.truncate(length));
    }

    /**
     * Returns when all that was written is on the disk, the length included. It uses another descriptor, which no interrupt reaches, because the bytes written
     * before aren't written again.
     */
    public void force() throws IOException {
        FileForce.force(path);
    }

    /** Called after each read call to the system, with its result. */
    protected void wasRead(int read) {}

    @Override
    public String toString() {
        return path.toString();
    }

    /** The file, open. An interrupt of the thread closes it, and throws {@link ClosedByInterruptException}. */
    public final class Opened implements SegmentBytes {

        private final FileChannel channel;

        private Opened(FileChannel channel) {
            this.channel = channel;
        }

        public Path path() {
            return path;
        }

        /** The channel, for mapping. */
        public FileChannel channel() {
            return channel;
        }

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
            int start = target.position();
            while (target.hasRemaining()) {
                int read = channel.read(target, offset + target.position() - start);
                wasRead(read);
                if (read < 0) {
                    break;
                }
            }
            return target.position() - start;
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        /**
         * Writes all that remains in the buffers, gathered, from {@code offset} on. When it throws, a part may have been written. The position
         * of a single buffer is moved; positions of several buffers are not. A single buffer on the heap is written in pieces of {@link #CHUNK_BYTES}.
         */
        public void write(long offset, ByteBuffer... buffers) throws IOException {
            if (buffers.length == 1) {
                writeOne(offset, buffers[0]);
            } else {
                writeGathered(offset, buffers);
            }
        }

        private void writeOne(long offset, ByteBuffer buffer) throws IOException {
            int start = buffer.position();
            int end = buffer.limit();
            int most = buffer.isDirect() ? end : CHUNK_BYTES;
            try {
                while (buffer.position() < end) {
                    buffer.limit(buffer.position() + Math.min(most, end - buffer.position()));
                    channel.write(buffer, offset + buffer.position() - start);
                }
            } finally {
                buffer.limit(end);
            }
        }

        /** There is no gathering write at a position, so this moves the channel's position: safe because there is one writer at a time. */
        @SuppressForbidden("the one place that gathers")
        private void writeGathered(long offset, ByteBuffer[] buffers) throws IOException {
            ByteBuffer[] views = new ByteBuffer[buffers.length];
            long left = 0;
            for (int i = 0; i < buffers.length; i++) {
                views[i] = buffers[i].duplicate();
                left += views[i].remaining();
            }
            channel.position(offset);
            while (left > 0) {
                left -= channel.write(views);
            }
        }

        /** As {@link LogFile#zero}. */
        public void zero(long from, long to) throws IOException {
            ByteBuffer zeros = Zeros.BYTES.duplicate();
            for (long offset = from; offset < to; ) {
                zeros.position(0).limit((int) Math.min(zeros.capacity(), to - offset));
                offset += channel.write(zeros, offset);
            }
        }

        /** Cuts the file; it never becomes longer. */
        public void truncate(long length) throws IOException {
            FileChannel unused = channel.truncate(length);
        }

        /** Returns when all that was written is on the disk, the length included. Call it {@link #together} with the writes. */
        public void force() throws IOException {
            channel.force(true);
        }

        /** As {@link #force}, for bytes written where the file had blocks already. */
        public void forceContent() throws IOException {
            channel.force(false);
        }

        @Override
        public String toString() {
            return path.toString();
        }
    }

    /** Read-only and shared; made at the first use. */
    private static final class Zeros {
        static final ByteBuffer BYTES = ByteBuffer.allocateDirect(ZERO_BYTES).asReadOnlyBuffer();
    }

    // ---------------------------------------------------------------- small files

    /** The first bytes of a file: all of it, if it isn't longer than the limit. Takes memory only for bytes that the file has. */
    public static byte[] readStart(SegmentBytes file, int maxBytes) throws IOException {
        byte[] found = new byte[Math.min(maxBytes, CHUNK_BYTES)];
        int length = 0;
        while (true) {
            int wanted = Math.min(found.length - length, CHUNK_BYTES);
            int read = file.read(ByteBuffer.wrap(found, length, wanted), length);
            length += read;
            if (read < wanted || length == maxBytes) {
                return Arrays.copyOf(found, length);
            }
            if (length == found.length) {
                found = Arrays.copyOf(found, (int) Math.min(maxBytes, 2L * length));
            }
        }
    }

    /**
     * The first bytes of a file: all of it, if it isn't longer than the limit.
     *
     * @return empty if there is no such file
     */
    public static Optional<byte[]> readSmall(Path path, int maxBytes) throws IOException {
        try (LogFile file = reading(path)) {
            return Optional.of(file.ask(open -> readStart(open, maxBytes)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /**
     * Replaces a small file. When it returns, the new content survives power loss; when it throws, either the old or the new content may.
     *
     * <p>Why the file is whole at every moment, with the old content or the new: the new content is written to a temporary file that nothing
     * reads, and is durable before the rename begins. The rename changes one directory entry, which file systems do atomically, also across
     * a crash. So the name never leads to incomplete new content. Until the directory is forced a crash may bring back the old entry, which
     * leads to the old content, since nothing was written over it. A temporary file that a crash leaves is emptied by the next replacement.
     *
     * @param temporary a name in the same directory, for one replacement at a time
     * @param content writes the content into an empty file
     */
    public static void replace(Path temporary, Path path, FileConsumer<Opened> content) throws IOException {
        Path unused = writeNew(temporary, file -> {
            content.accept(file);
            return temporary;
        });
        rename(temporary, path);
        DirectoryForce.force(Objects.requireNonNull(path.getParent(), "file to replace has no parent directory"));
    }

    /** The first step of {@link #replace}: a file with this content, durable except for its name. An existing file is emptied first. */
    public static <T> T writeNew(Path path, FileFunction<Opened, T> content) throws IOException {
        try (LogFile file = new LogFile(path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            return file.ask(open -> {
                T written = content.apply(open);
                open.force();
                return written;
            });
        }
    }

    /** The second step of {@link #replace}: renames a file over another one, atomically. */
    public static void rename(Path temporary, Path path) throws IOException {
        Path unused = Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
