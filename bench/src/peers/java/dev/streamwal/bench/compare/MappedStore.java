package dev.streamwal.bench.compare;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32C;

/**
 * Copies records into mapped files, a file of its own for each thread, with a checksum or without: a limit. Another thread has the next file ready,
 * with zeros in it, so that no page is touched for the first time by an append.
 */
final class MappedStore extends Store {

    private static final int FILE_BYTES = 16 << 20;
    private static final int PAGE_BYTES = 4 << 10;
    private static final int HEADER_BYTES = 4 * Integer.BYTES;
    private static final int STREAM_AT = Integer.BYTES;
    private static final int CHECKSUM_AT = 2 * Integer.BYTES;

    private final Path folder;
    private final boolean checksums;
    private final boolean durable;
    private final ExecutorService ahead = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "prepares files");
        thread.setDaemon(true);
        return thread;
    });

    private MappedStore(Path folder, boolean checksums, boolean durable) {
        this.folder = folder;
        this.checksums = checksums;
        this.durable = durable;
    }

    static Store open(Path folder, Setup setup, boolean checksums) {
        if (setup.retention().toMinutes() < 60) {
            throw new Cannot("its files don't expire");
        }
        if (setup.queried()) {
            throw new Cannot("a limit of appends only");
        }
        return new MappedStore(folder, checksums, setup.durable());
    }

    private MappedByteBuffer prepare() throws IOException {
        Path file = Files.createTempFile(folder, "mapped-", ".log");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
            for (long at = 0; at < FILE_BYTES; at += zeros.capacity()) {
                zeros.clear();
                int unused = channel.write(zeros, at);
            }
            MappedByteBuffer mapping = channel.map(FileChannel.MapMode.READ_WRITE, 0, FILE_BYTES);
            for (int at = 0; at < FILE_BYTES; at += PAGE_BYTES) {
                mapping.put(at, (byte) 0);
            }
            return mapping;
        }
    }

    @Override
    Writer writer() throws IOException {
        return new Copier(prepare(), ahead.submit(this::prepare));
    }

    private final class Copier implements Writer {
        private final CRC32C checksum = new CRC32C();
        private MappedByteBuffer mapping;
        private Future<MappedByteBuffer> next;
        private int position;

        Copier(MappedByteBuffer mapping, Future<MappedByteBuffer> next) {
            this.mapping = mapping;
            this.next = next;
        }

        @Override
        public void append(int stream, long millis, byte[] content) throws ExecutionException, InterruptedException {
            int bytes = HEADER_BYTES + content.length;
            if (position + bytes + HEADER_BYTES > FILE_BYTES) {
                mapping = next.get();
                next = ahead.submit(MappedStore.this::prepare);
                position = 0;
            }
            mapping.put(position + HEADER_BYTES, content);
            mapping.putInt(position + STREAM_AT, stream);
            if (checksums) {
                checksum.reset();
                checksum.update(content, 0, content.length);
                mapping.putInt(position + CHECKSUM_AT, (int) checksum.getValue());
            }
            mapping.putInt(position, content.length);
            if (durable) {
                mapping.force(position, bytes);
            }
            position += bytes;
        }
    }

    @Override
    RecordCursor scan() {
        File[] found = folder.toFile().listFiles((in, name) -> name.endsWith(".log"));
        File[] sorted = found == null ? new File[0] : found;
        Arrays.sort(sorted);
        return new RecordCursor() {
            private ByteBuffer mapping = ByteBuffer.allocate(HEADER_BYTES);
            private int file;
            private int position;
            private int stream;
            private int length;

            @Override
            boolean next() throws IOException {
                while (mapping.getInt(position) == 0) {
                    if (file == sorted.length) {
                        return false;
                    }
                    try (FileChannel channel = FileChannel.open(sorted[file++].toPath())) {
                        mapping = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
                    }
                    position = 0;
                }
                length = mapping.getInt(position);
                stream = mapping.getInt(position + STREAM_AT);
                mapping.get(position + HEADER_BYTES, content(), 0, length);
                check(mapping.getInt(position + CHECKSUM_AT));
                position += HEADER_BYTES + length;
                return true;
            }

            private void check(int expected) {
                if (checksums) {
                    CRC32C checksum = new CRC32C();
                    checksum.update(content(), 0, length);
                    if ((int) checksum.getValue() != expected) {
                        throw new IllegalStateException("a wrong checksum: file=" + file + ", position=" + position);
                    }
                }
            }

            @Override
            int stream() {
                return stream;
            }

            @Override
            int length() {
                return length;
            }
        };
    }

    @Override
    public void close() {
        ahead.shutdown();
    }
}
