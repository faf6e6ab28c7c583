package dev.streamwal.ratis.shard;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file of a Raft log, by its name: {@code log_inprogress_7}, or, where it is full, {@code log_7-12}.
 *
 * @param first the index of its first entry
 * @param last that of its last one; {@link #OPEN} of the file that is appended to
 */
record RaftLogFile(Path path, long first, long last) {

    private static final long OPEN = -1;
    private static final Pattern NAME = Pattern.compile("log_(?:inprogress_)?(?<first>\\d+)(?:-(?<last>\\d+))?");

    boolean isOpen() {
        return last == OPEN;
    }

    /** Those of a folder, which may not exist, from the first on. */
    static List<RaftLogFile> all(Path folder) throws IOException {
        List<RaftLogFile> all = new ArrayList<>();
        if (!Files.isDirectory(folder)) {
            return all;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path each : files) {
                Matcher name = NAME.matcher(each.getFileName().toString());
                if (name.matches()) {
                    String last = name.group("last");
                    all.add(new RaftLogFile(each, Long.parseLong(name.group("first")), last == null ? OPEN : Long.parseLong(last)));
                }
            }
        }
        all.sort(Comparator.comparingLong(RaftLogFile::first));
        return all;
    }
}
