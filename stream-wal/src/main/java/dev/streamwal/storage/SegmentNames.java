package dev.streamwal.storage;

import dev.streamwal.format.SegmentName;
import dev.streamwal.io.DirectoryListing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The segments of a stream, by the names in its directory. */
public final class SegmentNames {

    /** Files being created. What a crash leaves of them is deleted when the stream is loaded; if its directory has nothing else, when streams are listed. */
    private static final Pattern TEMPORARY = Pattern.compile("\\.[0-9a-f]{16}\\.seg\\.tmp");

    private SegmentNames() {}

    /** @param salt different for every file that may be made at the same time */
    public static String temporary(long salt) {
        return '.' + HexFormat.of().toHexDigits(salt) + ".seg.tmp";
    }

    public static boolean isTemporary(Path file) {
        return TEMPORARY.matcher(file.getFileName().toString()).matches();
    }

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
