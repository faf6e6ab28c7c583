package dev.streamwal.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** A channel of which each call does as much as its script lets it, and may be cut short there. */
final class ScriptedChannel extends FileChannel {

    /** What a call does. */
    interface Script {

        /**
         * How many bytes the next call reads or writes.
         *
         * @param wanted 1 or more
         * @return 1 to {@code wanted}
         */
        int bytes(String call, int wanted) throws IOException;

        /** Behind each call. */
        default void done(String call, FileChannel channel) throws IOException {}
    }

    private final FileChannel channel;
    private final Script script;
    private long position;

    ScriptedChannel(FileChannel channel, Script script) {
        this.channel = channel;
        this.script = script;
    }

    private interface Transfer {
        int run(ByteBuffer part) throws IOException;
    }

    private int part(String call, ByteBuffer buffer, Transfer transfer) throws IOException {
        int bytes = buffer.hasRemaining() ? script.bytes(call, buffer.remaining()) : 0;
        ByteBuffer part = buffer.duplicate().limit(buffer.position() + bytes);
        int done = transfer.run(part);
        buffer.position(part.position());
        script.done(call, this);
        return done;
    }

    @Override
    public int read(ByteBuffer target, long from) throws IOException {
        return part("read", target, part -> channel.read(part, from));
    }

    @Override
    public int write(ByteBuffer source, long to) throws IOException {
        return part("write", source, part -> channel.write(part, to));
    }

    /** Ends within a buffer as well as between two. */
    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
        int wanted = 0;
        for (int i = offset; i < offset + length; i++) {
            wanted += sources[i].remaining();
        }
        int left = wanted == 0 ? 0 : script.bytes("write", wanted);
        int written = 0;
        for (int i = offset; i < offset + length; i++) {
            int bytes = Math.min(left - written, sources[i].remaining());
            ByteBuffer part = sources[i].duplicate().limit(sources[i].position() + bytes);
            while (part.hasRemaining()) {
                channel.write(part, position + written + part.position() - sources[i].position());
            }
            sources[i].position(part.position());
            written += bytes;
        }
        position += written;
        script.done("write", this);
        return written;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public FileChannel position(long newPosition) {
        position = newPosition;
        return this;
    }

    @Override
    public long size() throws IOException {
        long size = channel.size();
        script.done("size", this);
        return size;
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        channel.truncate(size);
        script.done("truncate", this);
        return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        channel.force(metaData);
        script.done(metaData ? "force" : "forceContent", this);
    }

    @Override
    protected void implCloseChannel() throws IOException {
        channel.close();
    }

    // ---------------------------------------------------------------- not used

    @Override
    public int read(ByteBuffer target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int write(ByteBuffer source) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferTo(long from, long count, WritableByteChannel target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long to, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long from, long size) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock lock(long from, long size, boolean shared) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock tryLock(long from, long size, boolean shared) {
        throw new UnsupportedOperationException();
    }
}
