package dev.streamwal.storage;

import dev.streamwal.io.Uninterrupted;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Segments that are written through a memory mapping until they are sealed, and by position then.
 *
 * <p>If a thread is interrupted in {@link java.nio.channels.FileChannel#map}, the kernel has made the mapping, and the JDK throws before anything knows how to
 * unmap it: it stays until the process ends. A thread that nobody interrupts costs 0.2 ms for each mapping, so there is one only after this log has met an
 * interrupt. So a log loses one mapping at most, or one for each thread that maps at that moment.
 */
public final class MappedStorage extends ChannelStorage {

    private final FileMapper mapper;
    private volatile boolean interruptsCome;

    public MappedStorage() {
        this(FileMapper.ofThisPlatform());
    }

    MappedStorage(FileMapper mapper) {
        this.mapper = mapper;
    }

    @Override
    ChannelFile newFile(Path path) {
        return new MappedFile(path);
    }

    private final class MappedFile extends ChannelFile {

        MappedFile(Path path) {
            super(path);
        }

        @Override
        public SegmentMapping map(int capacity) throws IOException {
            noteInterrupt();
            try {
                return interruptsCome ? Uninterrupted.runApart(() -> made(capacity)) : made(capacity);
            } finally {
                noteInterrupt();
            }
        }

        private SegmentMapping made(int capacity) throws IOException {
            return ask(file -> mapper.map(file.channel(), capacity));
        }

        private void noteInterrupt() {
            // one that came during the mapping is kept by it
            if (Thread.currentThread().isInterrupted()) {
                interruptsCome = true;
            }
        }
    }
}
