package dev.streamwal.storage;

import dev.streamwal.format.SegmentName;
import dev.streamwal.io.DirectoryListing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.TreeSet;

/** The segments of a stream, by the names in its directory. */
public final class SegmentNames {

    private SegmentNames() {}

    /** In order of position; empty if the stream is gone. Opens no segment. */
    public static TreeSet<SegmentName> in(Path directory) throws IOException {
        TreeSet<SegmentName> names = new TreeSet<>();
        DirectoryListing.eachIfThere(directory, file -> SegmentName.parse(file.getFileName().toString()).ifPresent(names::add));
        return names;
    }

    /** Sorts below every segment that begins at or behind this position, and above every other. */
    public static SegmentName from(long position) {
        return new SegmentName(position, 0);
    }
}
