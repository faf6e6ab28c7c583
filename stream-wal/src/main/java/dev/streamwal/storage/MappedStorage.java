package dev.streamwal.storage;

import dev.streamwal.io.Uninterrupted;
import java.io.IOException;
import java.nio.file.Path;

/** Segments that are written through a memory mapping while they are busy, and by position otherwise. */
public final class MappedStorage extends ChannelStorage {

    private final FileMapper mapper;

    public MappedStorage() {
        this(FileMapper.ofThisPlatform());
    }

    MappedStorage(FileMapper mapper) {
        this.mapper = mapper;
    }

    @Override
    ChannelFile newFile(Path path) {
        return new MappedFile(path, mapper);
    }

    private static final class MappedFile extends ChannelFile {

        private final FileMapper mapper;

        MappedFile(Path path, FileMapper mapper) {
            super(path);
            this.mapper = mapper;
        }

        @Override
        public SegmentMapping map(int capacity) throws IOException {
            return Uninterrupted.map(() -> ask(file -> mapper.map(file.channel(), capacity)));
        }
    }
}
