package dev.streamwal.storage;

import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file that becomes a copy when it is first changed. The target of a link is opened for reading only, so that a change without the copy would fail,
 * and change nothing.
 */
final class BorrowedFile extends ChannelFile {

    private static final String COPY_SUFFIX = ".copy.tmp";

    BorrowedFile(Path path) {
        super(path);
    }

    @Override
    protected FileChannel openChannel() throws IOException {
        return Files.isSymbolicLink(path()) ? FileChannel.open(path(), StandardOpenOption.READ) : super.openChannel();
    }

    @Override
    public void write(long offset, ByteBuffer... buffers) throws IOException {
        own();
        super.write(offset, buffers);
    }

    @Override
    public void zero(long from, long to) throws IOException {
        own();
        super.zero(from, to);
    }

    @Override
    public void truncate(long length) throws IOException {
        own();
        super.truncate(length);
    }

    @Override
    public void force() {
        // as in the storage
    }

    private void own() throws IOException {
        if (!Files.isSymbolicLink(path())) {
            return;
        }
        close();
        Path copy = path().resolveSibling(path().getFileName() + COPY_SUFFIX);
        Files.copy(path(), copy);
        LogFile.rename(copy, path());
    }
}
