package dev.streamwal.append;

import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentMapping;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Segments in memory: a state of a stress test is made and thrown away some ten thousand times a second. */
final class MemoryStorage implements SegmentStorage {

    private static final int BYTES = 8 << 10;

    private final ConcurrentHashMap<Path, MemoryFile> files = new ConcurrentHashMap<>();
    /** How often a segment got its final name. */
    final AtomicInteger named = new AtomicInteger();
    /** Mappings made and not given up. */
    final AtomicInteger mapped = new AtomicInteger();

    @Override
    public MemoryFile create(Path path) throws IOException {
        MemoryFile file = new MemoryFile(path);
        if (files.putIfAbsent(path, file) != null) {
            throw new FileAlreadyExistsException(path.toString());
        }
        return file;
    }

    @Override
    public SegmentFile open(Path path) {
        return Objects.requireNonNull(files.get(path), "no such file");
    }

    @Override
    public void createDirectory(Path directory) {}

    @Override
    public void name(Path temporary, Path name) throws IOException {
        if (files.putIfAbsent(name, files.get(temporary)) != null) {
            throw new FileAlreadyExistsException(name.toString());
        }
        files.remove(temporary);
        named.incrementAndGet();
    }

    @Override
    public void replace(Path temporary, Path name) {
        throw new UnsupportedOperationException("a segment in memory is never replaced");
    }

    @Override
    public boolean delete(Path path) {
        return files.remove(path) != null;
    }

    @Override
    public void forceDirectory(Path directory) {}

    @Override
    public boolean deleteDirectoryIfEmpty(Path directory) {
        return true;
    }

    /** Its bytes, which a mapping shares. */
    final class MemoryFile implements SegmentFile {
        private Path path;
        final ByteBuffer bytes = ByteBuffer.allocateDirect(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        private long length;

        MemoryFile(Path path) {
            this.path = path;
        }

        @Override
        public Path path() {
            return path;
        }

        @Override
        public void renamed(Path newPath) {
            path = newPath;
        }

        @Override
        public void write(long offset, ByteBuffer... buffers) {
            int at = (int) offset;
            for (ByteBuffer buffer : buffers) {
                bytes.put(at, buffer, buffer.position(), buffer.remaining());
                at += buffer.remaining();
            }
            length = Math.max(length, at);
        }

        @Override
        public void zero(long from, long to) {
            for (int i = (int) from; i < to; i++) {
                bytes.put(i, (byte) 0);
            }
            length = Math.max(length, to);
        }

        @Override
        public int read(ByteBuffer target, long offset) {
            int count = (int) Math.min(target.remaining(), length - offset);
            target.put(bytes.duplicate().position((int) offset).limit((int) offset + count));
            return count;
        }

        @Override
        public long size() {
            return length;
        }

        @Override
        public void truncate(long newLength) {
            if (newLength < length) {
                zero(newLength, length);
                length = newLength;
            }
        }

        @Override
        public void force() {}

        @Override
        public SegmentMapping map(int capacity) {
            mapped.incrementAndGet();
            return new SegmentMapping(bytes.duplicate(), mapped::decrementAndGet);
        }

        @Override
        public void close() {}
    }
}
