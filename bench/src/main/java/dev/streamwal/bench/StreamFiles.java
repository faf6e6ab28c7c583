package dev.streamwal.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

/**
 * A file for each stream, zeroed over its full length beforehand, written round and round by position, and forced by each appending thread:
 * {@code FileChannel.force}. With one file and one thread it is the limit: a write and a flush.
 */
final class StreamFiles implements DurableLog {

    private static final int HEADER_BYTES = 32;
    private static final int CHUNK_BYTES = 1 << 20;
    private static final int MAX_FRAME_BYTES = 1 << 10;

    private final int fileBytes;
    private final FileChannel[] channels;
    private final AtomicLong[] ends;
    private final List<Completion> gathered = new ArrayList<>();
    private final BitSet written = new BitSet();

    private StreamFiles(int fileBytes, FileChannel[] channels) {
        this.fileBytes = fileBytes;
        this.channels = channels;
        this.ends = new AtomicLong[channels.length];
        for (int i = 0; i < ends.length; i++) {
            ends[i] = new AtomicLong();
        }
    }

    /** A record's stream is its number modulo {@code files}. The files are created if they don't exist. */
    static StreamFiles open(Path folder, int files, int fileBytes) throws IOException {
        Files.createDirectories(folder);
        FileChannel[] channels = new FileChannel[files];
        for (int i = 0; i < files; i++) {
            channels[i] = FileChannel.open(folder.resolve(Integer.toString(i)), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            fill(channels[i], fileBytes);
        }
        BenchFolder.settle();
        return new StreamFiles(fileBytes, channels);
    }

    private static void fill(FileChannel channel, int bytes) throws IOException {
        for (long end = channel.size(); end < bytes; end = channel.size()) {
            channel.write(ByteBuffer.allocateDirect((int) Math.min(CHUNK_BYTES, bytes - end)), end);
        }
    }

    @Override
    public void append(int stream, byte[] content) throws IOException {
        int file = write(stream, content);
        channels[file].force(false);
    }

    private int write(int stream, byte[] content) throws IOException {
        int file = stream % channels.length;
        ByteBuffer frame = Frame.of(content);
        int bytes = frame.remaining();
        long record = ends[file].getAndIncrement();
        long offset = record % (fileBytes / bytes) * bytes;
        while (frame.hasRemaining()) {
            channels[file].write(frame, offset + frame.position());
        }
        return file;
    }

    @Override
    public void appendAsync(int stream, byte[] content, Completion completion) throws IOException {
        written.set(write(stream, content));
        gathered.add(completion);
        if (gathered.size() == DurableLoad.IN_FLIGHT) {
            flush();
        }
    }

    @Override
    public void flush() throws IOException {
        for (int file = written.nextSetBit(0); file >= 0; file = written.nextSetBit(file + 1)) {
            channels[file].force(false);
        }
        written.clear();
        gathered.forEach(Completion::durable);
        gathered.clear();
    }

    @Override
    public void close() throws IOException {
        for (FileChannel channel : channels) {
            channel.close();
        }
    }

    /** The least that any log has to put around a record: its length and checksum. */
    private static final class Frame {

        private final ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_FRAME_BYTES);
        private final CRC32C checksum = new CRC32C();

        private static final ThreadLocal<Frame> OF_THREAD = ThreadLocal.withInitial(Frame::new);

        static ByteBuffer of(byte[] content) {
            return OF_THREAD.get().fill(content);
        }

        private ByteBuffer fill(byte[] content) {
            checksum.reset();
            checksum.update(content, 0, content.length);
            return buffer.clear()
                    .putInt(0, content.length)
                    .putInt(4, (int) checksum.getValue())
                    .put(HEADER_BYTES, content)
                    .limit(HEADER_BYTES + content.length);
        }
    }
}
