package dev.streamwal.recovery;

import dev.streamwal.format.StreamKey;
import dev.streamwal.source.SegmentBytes;
import dev.streamwal.storage.SegmentCopy;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Where recovery sets aside what it cuts, for somebody to look at. Nothing reads it again. */
public final class Quarantine {

    static final String NAME = "quarantine";

    /** Past this, torn tails are cut and only reported: damage must not fill the disk a second time. */
    static final long MAX_BYTES = 256L << 20;

    /** Names that are tried before a copy is given up. */
    private static final int MAX_NAMES = 100;

    private final Path directory;
    private final long maxBytes;

    public Quarantine(Path root) {
        this(root, MAX_BYTES);
    }

    Quarantine(Path root, long maxBytes) {
        this.directory = root.resolve(NAME);
        this.maxBytes = maxBytes;
    }

    /** Copies {@code [from, to)} of a segment; empty where that would go past the limit. */
    synchronized Optional<Path> setAside(StreamKey key, Path segment, SegmentBytes bytes, long from, long to) throws IOException {
        if (to <= from || bytesUsed() + to - from > maxBytes) {
            return Optional.empty();
        }
        Files.createDirectories(directory);
        for (int number = 0; number < MAX_NAMES; number++) {
            Path copy = directory.resolve(name(key, segment, from, number));
            try {
                SegmentCopy.copy(bytes, from, to, copy);
                return Optional.of(copy);
            } catch (FileAlreadyExistsException e) {
                // an earlier recovery set the same place aside: both are kept
            }
        }
        return Optional.empty();
    }

    /** Moves a whole segment here, which takes no room. */
    synchronized Path setAside(StreamKey key, Path segment) throws IOException {
        Files.createDirectories(directory);
        for (int number = 0; ; number++) {
            Path target = directory.resolve(name(key, segment, 0, number));
            if (number == MAX_NAMES || !Files.exists(target)) {
                return Files.move(segment, target);
            }
        }
    }

    /**
     * Copies a file of the commit journal; empty where that would go past the limit. The same damage is copied once, however often it is
     * met.
     *
     * @param damage tells it from others in the same file
     */
    synchronized Optional<Path> setAsideJournal(Path file, SegmentBytes bytes, String damage) throws IOException {
        long length = bytes.size();
        Files.createDirectories(directory);
        for (int number = 0; number < MAX_NAMES; number++) {
            Path copy = directory.resolve(file.getFileName() + "_" + damage + (number == 0 ? "" : "_" + number) + ".aside");
            if (!Files.exists(copy)) {
                if (bytesUsed() + length > maxBytes) {
                    return Optional.empty();
                }
                SegmentCopy.copy(bytes, 0, length, copy);
                return Optional.of(copy);
            }
            if (Files.size(copy) == length) {
                return Optional.of(copy);
            }
            // cut short by a crash: both are kept
        }
        return Optional.empty();
    }

    private static String name(StreamKey key, Path segment, long from, int number) {
        String stream = key.directoryName();
        return stream.substring(0, Math.min(stream.length(), 100)) + '_' + segment.getFileName() + '_' + from
                + (number == 0 ? "" : "_" + number) + ".aside";
    }

    private long bytesUsed() throws IOException {
        if (!Files.isDirectory(directory)) {
            return 0;
        }
        long used = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                used += Files.size(file);
            }
        }
        return used;
    }
}
