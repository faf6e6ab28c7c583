package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.Storage;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A small log to try commands on: windows of ten minutes that are kept for an hour, and a clock that is where it is put. */
final class WrittenLog {

    static final Duration WINDOW = Duration.ofMinutes(10);
    static final Duration RETENTION = Duration.ofHours(1);

    private final Path root;
    private Instant now = CliRun.NOW;

    WrittenLog(Path root) {
        this.root = root;
    }

    StreamWal open() {
        return StreamWal.open(root, options().build());
    }

    /** As {@link #open()}; new streams share segments. */
    StreamWal openShared() {
        return StreamWal.open(root, options().ownSegments(0).build());
    }

    /** What is in shared segments, later than a window after it was written. */
    void pack() {
        Instant before = now;
        now = now.plus(WINDOW.multipliedBy(2));
        try (StreamWal wal = openShared()) {
            int unused = wal.pack();
        }
        now = before;
    }

    private WalOptions.Builder options() {
        // by position, so that a file is as long as what is in it
        return WalOptions.builder().storage(Storage.CHANNEL).window(WINDOW).retention(RETENTION).segmentBytes(1 << 16).clock(() -> now)
                .sweepInterval(Duration.ZERO);
    }

    /** A record at each of these times, which are the clock's then; as many segments as windows. */
    void append(String key, Duration... beforeNow) {
        try (StreamWal wal = open()) {
            for (Duration before : beforeNow) {
                now = CliRun.NOW.minus(before);
                long unused = wal.stream(key).append(("record of " + before).getBytes(UTF_8)).position();
            }
        }
        now = CliRun.NOW;
    }

    /** Segments in order. */
    List<Path> segments(String directory) throws IOException {
        try (Stream<Path> files = Files.list(root.resolve("segments").resolve(directory))) {
            return files.sorted().toList();
        }
    }

    /** Changes one byte of a record. */
    void damage(Path segment, Duration recordOf) throws IOException {
        byte[] file = Files.readAllBytes(segment);
        byte[] record = ("record of " + recordOf).getBytes(UTF_8);
        for (int i = 0; i < file.length - record.length; i++) {
            if (Arrays.equals(file, i, i + record.length, record, 0, record.length)) {
                file[i] ^= 1;
                Files.write(segment, file);
                return;
            }
        }
        throw new IOException("no such record: " + recordOf);
    }

    /** By path: when each file was changed last, and its bytes. */
    Map<String, String> files() throws IOException {
        Map<String, String> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.toList()) {
                found.put(root.relativize(file).toString(), Files.getLastModifiedTime(file)
                        + (Files.isDirectory(file) ? "" : Arrays.toString(Files.readAllBytes(file))));
            }
        }
        return found;
    }
}
