package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.ManualClock;
import dev.streamwal.Storage;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A small log, the same at every run but for its salts: what the command line is asked about in tests. Half an hour up to
 * {@link CliRun#NOW}, in windows of ten minutes.
 *
 * <pre>
 *   meter/1  a record a minute, "0" to "29", with the header "unit=W", in three segments
 *   meter/2  a batch of two records at 11:55
 *   binary   one record at 11:56, which isn't UTF-8
 *   ESC[2J   one record at 11:57; its key and content are what clears a terminal
 * </pre>
 */
final class SampleLog implements AutoCloseable {

    static final String EVIL = "\u001b[2J";
    static final Instant START = CliRun.NOW.minus(Duration.ofMinutes(30));

    private final Path root;
    private final ManualClock clock = new ManualClock(START.toEpochMilli());
    private final StreamWal wal;
    /** Of meter/1, in order. */
    private final List<EntryRef> refs = new ArrayList<>();

    private SampleLog(Path root) {
        this.root = root;
        // by position, so that a file is as long as what is in it
        WalOptions options = WalOptions.builder().storage(Storage.CHANNEL).window(Duration.ofMinutes(10)).segmentBytes(1 << 20)
                .sweepInterval(Duration.ZERO).clock(clock).build();
        this.wal = StreamWal.open(root, options);
    }

    /** Written, and closed. */
    static SampleLog closed(Path directory) {
        try (SampleLog log = open(directory)) {
            return log;
        }
    }

    /** Written, and open for more. */
    static SampleLog open(Path directory) {
        SampleLog log = new SampleLog(directory.resolve("log"));
        for (int minute = 0; minute < 30; minute++) {
            log.clock.set(START.plus(Duration.ofMinutes(minute)).toEpochMilli());
            byte[] content = String.valueOf(minute).getBytes(UTF_8);
            log.refs.add(log.wal.stream("meter/1").append(log.clock.millis(), "unit=W".getBytes(UTF_8), content));
        }
        log.wal.stream("meter/2").appendBatch(List.of(
                WriteEntry.of("a".getBytes(UTF_8), at("11:55:00")), WriteEntry.of("b".getBytes(UTF_8), at("11:55:01"))));
        log.wal.stream("binary").append(at("11:56:00"), new byte[] {(byte) 0xff, 0, 7});
        log.wal.stream(EVIL).append(at("11:57:00"), (EVIL + "\n").getBytes(UTF_8));
        return log;
    }

    private static long at(String time) {
        return Instant.parse("2024-05-01T" + time + "Z").toEpochMilli();
    }

    Path root() {
        return root;
    }

    StreamWal wal() {
        return wal;
    }

    /** Of meter/1's records. */
    EntryRef ref(int index) {
        return refs.get(index);
    }

    /** Of a stream, in order of position. */
    List<Path> segments(String key) throws IOException {
        try (Stream<Path> files = Files.list(LogSegments.folder(root).resolve(StreamKey.of(key).directoryName()))) {
            return files.sorted().toList();
        }
    }

    /** Changes a byte of a record of meter/1's first segment: one of those up to 9. */
    void damage(int index) throws IOException {
        change(segments("meter/1").get(0), 112 + (int) ref(index).position() + 34);
    }

    static void change(Path file, int offset) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[offset]++;
        Files.write(file, bytes);
    }

    @Override
    public void close() {
        wal.close();
    }
}
