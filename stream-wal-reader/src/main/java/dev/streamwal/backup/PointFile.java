package dev.streamwal.backup;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The file of a point: lines of text, UTF-8. The first line says what the file is. Then each line is a file of the log: checksum, length, name. The
 * last line has their number, and the checksum of all lines before it. It shows whether the file ends early, or was changed.
 */
final class PointFile {

    static final String SUFFIX = ".point";

    private static final String FIRST = "stream-wal backup 1";
    private static final String LAST = "end";
    /** Some three million files. */
    private static final int MAX_BYTES = 1 << 29;

    private PointFile() {}

    /** The content of the file. */
    static byte[] encode(List<SegmentDescriptor> files) throws IOException {
        StringBuilder text = new StringBuilder(FIRST).append('\n');
        for (SegmentDescriptor file : files) {
            text.append(file.checksum()).append(' ').append(file.bytes()).append(' ').append(file.name()).append('\n');
            if (text.length() > MAX_BYTES / 2) {
                throw new IOException("log has too many files for a backup: files=" + files.size() + "; let streams share segments");
            }
        }
        return text.append(last(files.size(), text.toString())).append('\n').toString().getBytes(UTF_8);
    }

    private static String last(int files, String before) {
        ContentChecksum checksum = new ContentChecksum();
        checksum.add(ByteBuffer.wrap(before.getBytes(UTF_8)));
        return LAST + ' ' + files + ' ' + checksum.finish();
    }

    /** The files that a point has; empty if it isn't complete. */
    static Optional<List<SegmentDescriptor>> read(Path path) throws IOException {
        return LogFile.readSmall(path, MAX_BYTES).flatMap(bytes -> decode(new String(bytes, UTF_8)));
    }

    private static Optional<List<SegmentDescriptor>> decode(String text) {
        int last = text.lastIndexOf('\n', text.length() - 2) + 1;
        List<SegmentDescriptor> files = new ArrayList<>();
        String[] lines = text.substring(0, last).split("\n", -1);
        if (!lines[0].equals(FIRST) || !text.substring(last).equals(last(lines.length - 2, text.substring(0, last)) + '\n')) {
            return Optional.empty();
        }
        for (int i = 1; i < lines.length - 1; i++) {
            String[] fields = lines[i].split(" ", 3);
            files.add(SegmentDescriptor.of(fields[2], Long.parseLong(fields[1]), fields[0]));
        }
        return Optional.of(files);
    }
}
