package dev.streamwal.cli;

import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.storage.SegmentNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A stream's segments as files.
 *
 * @param directory they are in
 */
record StreamFiles(StreamKey key, Path directory) {

    private static final String FOLDER = "streams";

    /** What a log has its streams in. */
    static Path folder(Path root) {
        return root.resolve(FOLDER);
    }

    static StreamFiles of(Path root, String key) {
        StreamKey streamKey = StreamKey.of(key);
        return new StreamFiles(streamKey, folder(root).resolve(streamKey.directoryName()));
    }

    /** Whether there is one. */
    boolean exist() throws IOException {
        return !SegmentNames.in(directory).isEmpty();
    }

    /** In order of position. */
    Iterable<SegmentName> names() throws IOException {
        return SegmentNames.in(directory);
    }

    Path file(SegmentName name) {
        return directory.resolve(name.fileName());
    }

    /** Of all of them, without what is deleted meanwhile. */
    long bytes() throws IOException {
        long bytes = 0;
        for (SegmentName name : names()) {
            try {
                bytes += Files.size(file(name));
            } catch (NoSuchFileException e) {
                // expired
            }
        }
        return bytes;
    }
}
