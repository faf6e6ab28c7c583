package dev.streamwal.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A plain file that is written to at its end, and a reader that the file system notifies: on Linux by inotify. A store into a mapping notifies
 * nothing, so a mapped log can't be followed like this.
 */
final class WatchedFile {

    private static final String NAME = "records";
    private static final int BUFFER_BYTES = 64 << 10;

    private WatchedFile() {}

    static DelayContender.Writer writer(Path folder) throws IOException {
        Files.createDirectories(folder);
        FileChannel channel = FileChannel.open(folder.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        return new DelayContender.Writer() {
            @Override
            public void append(byte[] content) throws IOException {
                ByteBuffer buffer = ByteBuffer.wrap(content);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }

    static DelayContender.Reader reader(Path folder) throws IOException {
        WatchService watch = folder.getFileSystem().newWatchService();
        folder.register(watch, StandardWatchEventKinds.ENTRY_MODIFY);
        FileChannel channel = FileChannel.open(folder.resolve(NAME), StandardOpenOption.READ);
        return new WatchingReader(watch, channel.position(channel.size()));
    }

    private static final class WatchingReader implements DelayContender.Reader {
        private final WatchService watch;
        private final FileChannel channel;
        /** Bytes that were read together, and are not delivered yet. */
        private final ByteBuffer read = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0);

        WatchingReader(WatchService watch, FileChannel channel) {
            this.watch = watch;
            this.channel = channel;
        }

        @Override
        public boolean next(byte[] content, Duration timeout) throws IOException, InterruptedException {
            while (read.remaining() < content.length) {
                if (!readMore() && !changed(timeout)) {
                    return false;
                }
            }
            read.get(content);
            return true;
        }

        private boolean readMore() throws IOException {
            read.compact();
            int bytes = channel.read(read);
            read.flip();
            return bytes > 0;
        }

        private boolean changed(Duration timeout) throws InterruptedException {
            WatchKey key = watch.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
            if (key == null) {
                return false;
            }
            key.pollEvents();
            if (!key.reset()) {
                throw new IllegalStateException("the folder is gone");
            }
            return true;
        }

        @Override
        public void close() throws IOException {
            channel.close();
            watch.close();
        }
    }
}
