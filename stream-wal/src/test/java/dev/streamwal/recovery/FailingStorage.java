package dev.streamwal.recovery;

import dev.streamwal.storage.ChannelStorage;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentMapping;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Counts what changes something, and ends at a chosen change, of which half is done where it is a write. */
final class FailingStorage implements SegmentStorage {

    /** What stands for the end of the process. */
    static final class CutShort extends IOException {
        private static final long serialVersionUID = 1L;
    }

    private final SegmentStorage storage = new ChannelStorage();
    private final int failing;
    private int changes;
    private int opens;

    /** @param failing number of the change that fails, from 1 on; 0 for none */
    FailingStorage(int failing) {
        this.failing = failing;
    }

    int changes() {
        return changes;
    }

    int opens() {
        return opens;
    }

    private boolean fails() {
        return ++changes == failing;
    }

    private void change() throws IOException {
        if (fails()) {
            throw new CutShort();
        }
    }

    @Override
    public SegmentFile create(Path path) throws IOException {
        change();
        return new FailingFile(storage.create(path));
    }

    @Override
    public SegmentFile open(Path path) throws IOException {
        opens++;
        return new FailingFile(storage.open(path));
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        change();
        storage.createDirectory(directory);
    }

    @Override
    public void name(Path temporary, Path name) throws IOException {
        change();
        storage.name(temporary, name);
    }

    @Override
    public boolean delete(Path path) throws IOException {
        change();
        return storage.delete(path);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        storage.forceDirectory(directory);
    }

    @Override
    public boolean deleteDirectoryIfEmpty(Path directory) throws IOException {
        change();
        return storage.deleteDirectoryIfEmpty(directory);
    }

    private final class FailingFile implements SegmentFile {
        private final SegmentFile file;

        FailingFile(SegmentFile file) {
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
            if (fails()) {
                ByteBuffer half = buffers[0].duplicate();
                half.limit(half.position() + half.remaining() / 2);
                file.write(offset, half);
                throw new CutShort();
            }
            file.write(offset, buffers);
        }

        @Override
        public void zero(long from, long to) throws IOException {
            change();
            file.zero(from, to);
        }

        @Override
        public int read(long offset, ByteBuffer target) throws IOException {
            return file.read(offset, target);
        }

        @Override
        public long length() throws IOException {
            return file.length();
        }

        @Override
        public void truncate(long length) throws IOException {
            change();
            file.truncate(length);
        }

        @Override
        public void force() throws IOException {
            change();
            file.force();
        }

        @Override
        public @Nullable SegmentMapping map(int capacity) throws IOException {
            return file.map(capacity);
        }

        @Override
        public boolean isOpen() {
            return file.isOpen();
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
