package dev.streamwal.append;

import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentMapping;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A storage to be changed in one place. */
public class DelegatingStorage implements SegmentStorage {

    private final SegmentStorage storage;

    protected DelegatingStorage(SegmentStorage storage) {
        this.storage = storage;
    }

    protected SegmentFile wrap(SegmentFile file) {
        return file;
    }

    @Override
    public SegmentFile create(Path path) throws IOException {
        return wrap(storage.create(path));
    }

    @Override
    public SegmentFile open(Path path) throws IOException {
        return wrap(storage.open(path));
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        storage.createDirectory(directory);
    }

    @Override
    public void name(Path temporary, Path name) throws IOException {
        storage.name(temporary, name);
    }

    @Override
    public boolean delete(Path path) throws IOException {
        return storage.delete(path);
    }

    @Override
    public void replace(Path temporary, Path name) throws IOException {
        storage.replace(temporary, name);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        storage.forceDirectory(directory);
    }

    @Override
    public boolean deleteDirectoryIfEmpty(Path directory) throws IOException {
        return storage.deleteDirectoryIfEmpty(directory);
    }

    /** A file to be changed in one place. */
    public static class DelegatingFile implements SegmentFile {

        private final SegmentFile file;

        protected DelegatingFile(SegmentFile file) {
            this.file = file;
        }

        @Override
        public Path path() {
            return file.path();
        }

        @Override
        public void renamed(Path path) {
            file.renamed(path);
        }

        @Override
        public void write(long offset, ByteBuffer... buffers) throws IOException {
            file.write(offset, buffers);
        }

        @Override
        public void zero(long from, long to) throws IOException {
            file.zero(from, to);
        }

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
            return file.read(target, offset);
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void truncate(long length) throws IOException {
            file.truncate(length);
        }

        @Override
        public void force() throws IOException {
            file.force();
        }

        @Override
        public @Nullable SegmentMapping map(int capacity) throws IOException {
            return file.map(capacity);
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
