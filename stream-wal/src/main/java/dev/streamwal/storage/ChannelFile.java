package dev.streamwal.storage;

import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.io.FileForce;
import dev.streamwal.io.Uninterrupted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A file behind a channel that is opened when it is needed.
 *
 * <p>A {@link FileChannel} closes when a thread that uses it is interrupted. The call is then {@link Uninterrupted repeated} on a new
 * channel, which is safe because every call says where it reads or writes.
 */
class ChannelFile implements SegmentFile {

    private final ByteBuffer zeros;
    private Path path;
    private @Nullable FileChannel channel;

    ChannelFile(Path path, @Nullable FileChannel channel, ByteBuffer zeros) {
        this.path = path;
        this.channel = channel;
        this.zeros = zeros;
    }

    /** Something done with the open channel; may be repeated. */
    interface ChannelCall<T> {
        T on(FileChannel channel) throws IOException;
    }

    final <T> T uninterrupted(ChannelCall<T> call) throws IOException {
        return Uninterrupted.run(() -> call.on(channel()));
    }

    private FileChannel channel() throws IOException {
        FileChannel open = channel;
        if (open == null || !open.isOpen()) {
            open = openChannel();
            channel = open;
        }
        return open;
    }

    /** As the file is to be opened now. */
    FileChannel openChannel() throws IOException {
        return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
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
    public void write(long offset, ByteBuffer... buffers) throws IOException {
        uninterrupted(open -> buffers.length == 1 ? writeOne(open, offset, buffers[0]) : writeGathered(open, offset, buffers));
    }

    private static long writeOne(FileChannel open, long offset, ByteBuffer buffer) throws IOException {
        int start = buffer.position();
        try {
            while (buffer.hasRemaining()) {
                open.write(buffer, offset + buffer.position() - start);
            }
        } catch (ClosedChannelException e) {
            buffer.position(start);
            throw e;
        }
        return offset;
    }

    /** There is no gathering write at a position: the channel is moved, which the segment's lock makes safe. */
    @SuppressForbidden("the one place that gathers")
    private static long writeGathered(FileChannel open, long offset, ByteBuffer[] buffers) throws IOException {
        ByteBuffer[] views = new ByteBuffer[buffers.length];
        long left = 0;
        for (int i = 0; i < buffers.length; i++) {
            views[i] = buffers[i].duplicate();
            left += views[i].remaining();
        }
        open.position(offset);
        while (left > 0) {
            left -= open.write(views);
        }
        return offset;
    }

    @Override
    public void zero(long from, long to) throws IOException {
        uninterrupted(open -> {
            ByteBuffer view = zeros.duplicate();
            for (long offset = from; offset < to; ) {
                view.position(0).limit((int) Math.min(zeros.capacity(), to - offset));
                offset += open.write(view, offset);
            }
            return to;
        });
    }

    @Override
    public int read(long offset, ByteBuffer target) throws IOException {
        int start = target.position();
        return uninterrupted(open -> {
            target.position(start);
            while (target.hasRemaining() && open.read(target, offset + target.position() - start) > 0) {
                // until the buffer is full or the file ends
            }
            return target.position() - start;
        });
    }

    @Override
    public long length() throws IOException {
        return uninterrupted(FileChannel::size);
    }

    @Override
    public void truncate(long length) throws IOException {
        uninterrupted(open -> open.truncate(length));
    }

    @Override
    public void force() throws IOException {
        FileForce.force(path);
    }

    @Override
    public @Nullable SegmentMapping map(int capacity) throws IOException {
        return null;
    }

    @Override
    public boolean isOpen() {
        return channel != null;
    }

    @Override
    public void close() {
        FileChannel open = channel;
        channel = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                // nothing was buffered here: what a descriptor's close can report is a write's error, and force reports those
            }
        }
    }
}
