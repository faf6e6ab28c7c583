package dev.streamwal.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/** An open file or directory of a {@link SimulatedDisk}. Isn't closed by interrupts. */
public final class SimulatedChannel extends FileChannel {

    private static final int TRANSFER_BYTES = 8 << 10;

    private final SimulatedFileSystem fileSystem;
    private final SimulatedDisk disk;
    private final DiskNode node;
    private final String path;
    private final boolean readable;
    private final boolean writable;
    private final boolean append;
    private long position;
    private Lock lock;

    SimulatedChannel(SimulatedFileSystem fileSystem, DiskNode node, String path, Set<? extends OpenOption> options) {
        this.fileSystem = fileSystem;
        this.disk = fileSystem.disk();
        this.node = node;
        this.path = path;
        this.append = options.contains(StandardOpenOption.APPEND);
        this.writable = append || options.contains(StandardOpenOption.WRITE);
        this.readable = !writable || options.contains(StandardOpenOption.READ);
    }

    private DiskFile file() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        if (node instanceof DiskFile file) {
            return file;
        }
        throw new IOException("Is a directory");
    }

    private DiskFile readableFile() throws IOException {
        DiskFile file = file();
        if (!readable) {
            throw new NonReadableChannelException();
        }
        return file;
    }

    private DiskFile writableFile() throws IOException {
        DiskFile file = file();
        if (!writable) {
            throw new NonWritableChannelException();
        }
        return file;
    }

    // ---------------------------------------------------------------- by position

    @Override
    public int read(ByteBuffer target, long from) throws IOException {
        if (from < 0) {
            throw new IllegalArgumentException("Negative position");
        }
        DiskFile file = readableFile();
        return target.hasRemaining() ? disk.read(fileSystem, file, path, from, target) : 0;
    }

    @Override
    public int write(ByteBuffer source, long to) throws IOException {
        if (to < 0) {
            throw new IllegalArgumentException("Negative position");
        }
        DiskFile file = writableFile();
        return source.hasRemaining() ? disk.write(fileSystem, file, path, to, source) : 0;
    }

    // ---------------------------------------------------------------- at the channel's own position

    @Override
    public synchronized int read(ByteBuffer target) throws IOException {
        int read = read(target, position);
        position += Math.max(0, read);
        return read;
    }

    @Override
    public synchronized long read(ByteBuffer[] targets, int offset, int length) throws IOException {
        long total = 0;
        for (int i = offset; i < offset + length; i++) {
            int wanted = targets[i].remaining();
            int read = read(targets[i]);
            if (read < 0) {
                return total == 0 ? -1 : total;
            }
            total += read;
            if (read < wanted) {
                return total;
            }
        }
        return total;
    }

    @Override
    public synchronized int write(ByteBuffer source) throws IOException {
        int written = write(source, append ? size() : position);
        position += written;
        return written;
    }

    /** One call, as of a system that gathers. */
    @Override
    public synchronized long write(ByteBuffer[] sources, int offset, int length) throws IOException {
        int bytes = 0;
        for (int i = offset; i < offset + length; i++) {
            bytes += sources[i].remaining();
        }
        ByteBuffer gathered = ByteBuffer.allocate(bytes);
        for (int i = offset; i < offset + length; i++) {
            gathered.put(sources[i].duplicate());
        }
        int written = write(gathered.flip());
        for (int i = offset, left = written; i < offset + length && left > 0; i++) {
            int taken = Math.min(left, sources[i].remaining());
            sources[i].position(sources[i].position() + taken);
            left -= taken;
        }
        return written;
    }

    @Override
    public synchronized long position() throws IOException {
        file();
        return position;
    }

    @Override
    public synchronized FileChannel position(long newPosition) throws IOException {
        file();
        position = newPosition;
        return this;
    }

    // ---------------------------------------------------------------- the whole

    @Override
    public long size() throws IOException {
        return disk.length(fileSystem, file(), path);
    }

    @Override
    public synchronized FileChannel truncate(long length) throws IOException {
        DiskFile file = writableFile();
        if (length < disk.length(fileSystem, file, path)) {
            disk.resize(fileSystem, file, path, length);
        }
        position = Math.min(position, length);
        return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        if (node instanceof DiskNode.Directory directory) {
            disk.forceDirectory(fileSystem, directory, path);
        } else {
            disk.force(fileSystem, file(), path);
        }
    }

    /** The file's pages, and what ends the mapping, for a {@code FileMapper}. */
    public ByteBuffer pages(int capacity) throws IOException {
        return disk.map(fileSystem, writableFile(), path, capacity);
    }

    /** Nobody uses the pages any more. */
    public void unmap(ByteBuffer pages) {
        disk.unmap(fileSystem, (DiskFile) node, pages);
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long from, long size) {
        throw new UnsupportedOperationException("a simulated file is mapped by a FileMapper of the tests");
    }

    @Override
    public long transferTo(long from, long count, WritableByteChannel target) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(count, TRANSFER_BYTES));
        if (read(buffer, from) <= 0) {
            return 0;
        }
        return target.write(buffer.flip());
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long to, long count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(count, TRANSFER_BYTES));
        if (source.read(buffer) <= 0) {
            return 0;
        }
        buffer.flip();
        long start = to;
        while (buffer.hasRemaining()) {
            start += write(buffer, start);
        }
        return start - to;
    }

    // ---------------------------------------------------------------- locks

    @Override
    public FileLock lock(long from, long size, boolean shared) throws IOException {
        return tryLock(from, size, shared);
    }

    /** A killed process's locks are gone with its file system; so only this process can be in the way. */
    @Override
    public FileLock tryLock(long from, long size, boolean shared) throws IOException {
        DiskFile file = file();
        synchronized (fileSystem.locked()) {
            if (!fileSystem.locked().add(file)) {
                throw new OverlappingFileLockException();
            }
            lock = new Lock(this, from, size, shared);
            return lock;
        }
    }

    private static final class Lock extends FileLock {

        private final SimulatedChannel channel;
        private boolean released;

        Lock(SimulatedChannel channel, long from, long size, boolean shared) {
            super(channel, from, size, shared);
            this.channel = channel;
        }

        @Override
        public boolean isValid() {
            synchronized (channel.fileSystem.locked()) {
                return !released;
            }
        }

        @Override
        public void release() {
            synchronized (channel.fileSystem.locked()) {
                if (!released) {
                    released = true;
                    channel.fileSystem.locked().remove((DiskFile) channel.node);
                }
            }
        }
    }

    @Override
    protected void implCloseChannel() {
        Lock held = lock;
        if (held != null) {
            held.release();
        }
    }
}
