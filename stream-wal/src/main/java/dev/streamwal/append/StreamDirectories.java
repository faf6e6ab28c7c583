package dev.streamwal.append;

import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.storage.SegmentNames;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * The streams that may have a directory: those that had one when the log was opened, and those that got one since, as long as it is there. So a new
 * stream among a hundred thousand costs no search for its directory, and keys that come and go don't fill the memory. Thread-safe.
 *
 * <p><b>Why a stream that has a segment is always among them.</b> A directory is created and deleted under the lock, together with its name here.
 * Segments are created only in a directory that is there.
 */
public final class StreamDirectories {

    /** By name: whether this writer has made a file in the directory. */
    private final Map<String, Boolean> names = new ConcurrentHashMap<>();
    /** Held while a directory is being created, taken into use, or deleted. */
    private final ReentrantLock using = new ReentrantLock();
    private final Function<StreamKey, Path> places;

    /**
     * @param there names of the directories that existed when the log was opened
     * @param places the path of a stream's directory, whether it exists or not
     */
    public StreamDirectories(Set<String> there, Function<StreamKey, Path> places) {
        there.forEach(name -> names.put(name, false));
        this.places = places;
    }

    /** The path of a stream's directory, whether it exists or not. */
    Path of(StreamKey key) {
        return places.apply(key);
    }

    /** Creates the directory, unless it is there; the caller creates a file in it. */
    void create(StreamKey key, SegmentStorage storage) throws IOException {
        using.lock();
        try {
            names.put(key.directoryName(), true);
            storage.createDirectory(of(key));
        } finally {
            using.unlock();
        }
    }

    /** Called before a file is created in the directory, if that is still there. */
    void use(StreamKey key) {
        using.lock();
        try {
            Boolean unused = names.replace(key.directoryName(), true);
        } finally {
            using.unlock();
        }
    }

    void deleteIfEmpty(StreamKey key, SegmentStorage storage) throws IOException {
        using.lock();
        try {
            if (mayHave(key) && storage.deleteDirectoryIfEmpty(of(key))) {
                names.remove(key.directoryName());
            }
        } finally {
            using.unlock();
        }
    }

    /** Deletes temporary files, and then the directory, unless it has a segment, or this writer has made a file there. */
    void deleteLeftovers(Path directory, SegmentStorage storage) throws IOException {
        using.lock();
        try {
            String name = directory.getFileName().toString();
            if (!names.getOrDefault(name, false) && isEmptied(directory, storage)) {
                names.remove(name);
            }
        } finally {
            using.unlock();
        }
    }

    private static boolean isEmptied(Path directory, SegmentStorage storage) throws IOException {
        List<Path> temporary = new ArrayList<>();
        try {
            boolean hasSegments = DirectoryListing.any(directory, file -> {
                if (SegmentNames.isTemporary(file)) {
                    temporary.add(file);
                }
                return SegmentName.parse(file.getFileName().toString()).isPresent();
            });
            if (hasSegments) {
                return false;
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            return false;
        }
        for (Path file : temporary) {
            boolean unused = storage.delete(file);
        }
        // a directory that was empty before may be another program's
        return !temporary.isEmpty() && storage.deleteDirectoryIfEmpty(directory);
    }

    boolean mayHave(StreamKey key) {
        return names.containsKey(key.directoryName());
    }
}
