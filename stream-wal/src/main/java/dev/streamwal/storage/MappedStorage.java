package dev.streamwal.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Segments that are written through a memory mapping while they are busy, and by position while they aren't. */
public final class MappedStorage extends ChannelStorage {

    private final FileMapper mapper;

    public MappedStorage() {
        this(FileMapper.ofThisPlatform());
    }

    MappedStorage(FileMapper mapper) {
        this.mapper = mapper;
    }

    @Override
    ChannelFile newFile(Path path, @Nullable FileChannel channel) {
        return new MappedFile(path, channel, zeros(), mapper);
    }

    private static final class MappedFile extends ChannelFile {

        private final FileMapper mapper;

        MappedFile(Path path, @Nullable FileChannel channel, ByteBuffer zeros, FileMapper mapper) {
            super(path, channel, zeros);
            this.mapper = mapper;
        }

        @Override
        public SegmentMapping map(int capacity) throws IOException {
            return uninterrupted(channel -> mapper.map(channel, capacity));
        }
    }
}
