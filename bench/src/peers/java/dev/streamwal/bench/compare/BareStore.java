package dev.streamwal.bench.compare;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** One file, written a record a call, or 64 by one gathering call; 16 bytes in front of each record. No checksum, no index: a limit. */
final class BareStore extends Store {

    private static final int HEADER_BYTES = 2 * Integer.BYTES + Long.BYTES;
    private static final int STREAM_AT = Integer.BYTES;
    private static final int READ_BYTES = 1 << 20;

    private final FileChannel channel;
    private final boolean durable;

    private BareStore(FileChannel channel, boolean durable) {
        this.channel = channel;
        this.durable = durable;
    }

    static Store open(Path folder, Setup setup) throws IOException {
        if (setup.retention().toMinutes() < 60) {
            throw new Cannot("it is one file");
        }
        Path file = folder.resolve("log");
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        channel.position(channel.size());
        return new BareStore(channel, setup.durable());
    }

    private static void header(ByteBuffer to, int stream, long millis, byte[] content) {
        to.putInt(content.length).putInt(stream).putLong(millis);
    }

    private synchronized void write(ByteBuffer[] buffers) throws IOException {
        while (buffers[buffers.length - 1].hasRemaining()) {
            long unused = channel.write(buffers);
        }
        if (durable) {
            channel.force(false);
        }
    }

    private synchronized void write(ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            int unused = channel.write(buffer);
        }
        if (durable) {
            channel.force(false);
        }
    }

    @Override
    Writer writer() {
        return new Writer() {
            private final ByteBuffer frame = ByteBuffer.allocateDirect(64 << 10);

            @Override
            public void append(int stream, long millis, byte[] content) throws IOException {
                frame.clear();
                header(frame, stream, millis, content);
                frame.put(content);
                write(frame.flip());
            }

            @Override
            public void appendBatch(int[] streams, long millis, byte[][] contents) throws IOException {
                frame.clear();
                ByteBuffer[] buffers = new ByteBuffer[2 * streams.length];
                for (int i = 0; i < streams.length; i++) {
                    header(frame, streams[i], millis, contents[i]);
                    buffers[2 * i] = frame.slice(i * HEADER_BYTES, HEADER_BYTES);
                    buffers[2 * i + 1] = ByteBuffer.wrap(contents[i]);
                }
                write(buffers);
            }
        };
    }

    @Override
    RecordCursor scan() {
        return new Frames() {
            private long position;
            private final ByteBuffer read = ByteBuffer.allocateDirect(READ_BYTES).limit(0);

            @Override
            boolean next() throws IOException {
                if (!buffered(HEADER_BYTES) || !buffered(HEADER_BYTES + read.getInt(read.position()))) {
                    return false;
                }
                take(read, position);
                position += HEADER_BYTES + length();
                return true;
            }

            private boolean buffered(int bytes) throws IOException {
                if (read.remaining() < bytes) {
                    read.clear();
                    int count = channel.read(read, position);
                    read.flip();
                    return count >= bytes;
                }
                return true;
            }
        };
    }

    /** One positional read each. */
    @Override
    RecordCursor read(List<Object> refs) {
        return new Frames() {
            private final ByteBuffer frame = ByteBuffer.allocateDirect(64 << 10);
            private int next;

            @Override
            boolean next() throws IOException {
                if (next == refs.size()) {
                    return false;
                }
                Ref ref = (Ref) refs.get(next++);
                frame.clear().limit(ref.bytes);
                int count = channel.read(frame, ref.position);
                if (count != ref.bytes) {
                    throw new IllegalStateException("a short read: bytes=" + count);
                }
                take(frame.flip(), ref.position);
                return true;
            }
        };
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private record Ref(long position, int bytes) {}

    private abstract static class Frames extends RecordCursor {
        private long position;
        private int stream;
        private int length;

        final void take(ByteBuffer from, long at) {
            position = at;
            int start = from.position();
            length = from.getInt(start);
            stream = from.getInt(start + STREAM_AT);
            from.position(start + HEADER_BYTES);
            from.get(content(), 0, length);
        }

        @Override
        int stream() {
            return stream;
        }

        @Override
        int length() {
            return length;
        }

        @Override
        Object ref() {
            return new Ref(position, HEADER_BYTES + length);
        }
    }
}
