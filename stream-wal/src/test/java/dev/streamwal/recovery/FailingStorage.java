package dev.streamwal.recovery;

import dev.streamwal.append.DelegatingStorage;
import dev.streamwal.storage.ChannelStorage;
import dev.streamwal.storage.SegmentFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Counts what changes something, and ends at a chosen change, of which half is done where it is a write. */
final class FailingStorage extends DelegatingStorage {

    /** What stands for the end of the process. */
    static final class CutShort extends IOException {
        private static final long serialVersionUID = 1L;
    }

    private final int failing;
    private int changes;
    private int opens;

    /** @param failing number of the change that fails, from 1 on; 0 for none */
    FailingStorage(int failing) {
        super(new ChannelStorage());
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
        return super.create(path);
    }

    @Override
    public SegmentFile open(Path path) throws IOException {
        opens++;
        return super.open(path);
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        change();
        super.createDirectory(directory);
    }

    @Override
    public void name(Path temporary, Path name) throws IOException {
        change();
        super.name(temporary, name);
    }

    @Override
    public void replace(Path temporary, Path name) throws IOException {
        change();
        super.replace(temporary, name);
    }

    @Override
    public boolean delete(Path path) throws IOException {
        change();
        return super.delete(path);
    }

    @Override
    public boolean deleteDirectoryIfEmpty(Path directory) throws IOException {
        change();
        return super.deleteDirectoryIfEmpty(directory);
    }

    @Override
    protected SegmentFile wrap(SegmentFile file) {
        return new DelegatingFile(file) {
            @Override
            public void write(long offset, ByteBuffer... buffers) throws IOException {
                if (fails()) {
                    ByteBuffer half = buffers[0].duplicate();
                    half.limit(half.position() + half.remaining() / 2);
                    super.write(offset, half);
                    throw new CutShort();
                }
                super.write(offset, buffers);
            }

            @Override
            public void zero(long from, long to) throws IOException {
                change();
                super.zero(from, to);
            }

            @Override
            public void truncate(long length) throws IOException {
                change();
                super.truncate(length);
            }

            @Override
            public void force() throws IOException {
                change();
                super.force();
            }
        };
    }
}
