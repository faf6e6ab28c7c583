package dev.streamwal.image;

import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.DirectoryListing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The names of segments' files, by the names of their streams' directories. Other files and directories belong to other programs, and are left out. */
final class StreamNames {

    /** The directory of shared segments. */
    static final String SHARED = StreamKey.SHARED.directoryName();

    private final TreeMap<String, NavigableSet<String>> segments = new TreeMap<>();

    private StreamNames() {}

    /** @param folder with the streams' directories */
    static StreamNames list(Path folder) throws IOException {
        StreamNames found = new StreamNames();
        for (String directory : namesIn(folder)) {
            if (StreamKey.fromDirectoryName(directory).isPresent() || StreamKey.isDigestName(directory)) {
                NavigableSet<String> files = new TreeSet<>();
                namesIn(folder.resolve(directory)).stream().filter(name -> SegmentName.parse(name).isPresent()).forEach(files::add);
                if (!files.isEmpty()) {
                    found.segments.put(directory, files);
                }
            }
        }
        return found;
    }

    private static List<String> namesIn(Path directory) throws IOException {
        List<String> names = new ArrayList<>();
        DirectoryListing.eachIfThere(directory, file -> names.add(file.getFileName().toString()));
        return names;
    }

    NavigableSet<String> directories() {
        return segments.navigableKeySet();
    }

    /** The segments in a directory, in the order of their positions. */
    NavigableSet<String> in(String directory) {
        return segments.getOrDefault(directory, new TreeSet<>());
    }

    /** Whether the other one has each file that this one has. */
    boolean isPartOf(StreamNames other) {
        return segments.entrySet().stream().allMatch(stream -> other.in(stream.getKey()).containsAll(stream.getValue()));
    }
}
