package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.encryption.KeysFile;
import dev.streamwal.journal.JournalFiles;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.pack.PackFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Makes the inputs with encrypted and with compressed records that a fuzzer starts from. They are checked in, since a fuzzer has what it found from them;
 * where a format changes they are made again: the arguments are the reader's {@code src/test/resources/dev/streamwal} and an empty folder.
 */
final class FuzzSeeds {

    private static final MasterKeys MASTERS = MasterKeys.ring("fuzz", Map.of("fuzz", new byte[32]));
    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final int STREAMS = 4;
    private static final int RECORDS = 12;

    private final Path resources;
    private Instant now = START;

    private FuzzSeeds(Path resources) {
        this.resources = resources;
    }

    public static void main(String[] args) throws IOException {
        FuzzSeeds seeds = new FuzzSeeds(Path.of(args[0]));
        // one log, since its keys open all: some of its streams are encrypted
        Path root = Path.of(args[1]).resolve("log");
        for (Compression compression : Compression.values()) {
            seeds.make(root, compression);
        }
        Files.copy(KeysFile.path(root), seeds.resources.resolve("segment").resolve("fuzz.keys"));
    }

    private void make(Path root, Compression compression) throws IOException {
        List<Path> packsBefore = packs(root);
        WalOptions options = WalOptions.builder().clock(() -> now).window(Duration.ofMinutes(1)).retention(Duration.ofDays(1)).segmentBytes(16 << 10)
                .storage(Storage.CHANNEL).compression(compression).sweepInterval(Duration.ZERO).ownSegments(0).encryption(MASTERS)
                .streams("plain*", StreamOptions.builder().encrypted(false).segments(Segments.OWN).build())
                .streams("*", StreamOptions.builder().segments(Segments.OWN).build()).build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            append(wal);
            write("journal/JournalFuzzTestInputs", "encrypted", withMode(new byte[] {1, 0}, begun(JournalFiles.list(root).get(0))));
            now = now.plus(Duration.ofMinutes(2));
            append(wal);
            while (packs(root).equals(packsBefore)) {
                wal.sweep();
                int unused = wal.pack();
            }
        }
        for (Path pack : packs(root)) {
            if (!packsBefore.contains(pack)) {
                write("pack/PackFuzzTestInputs", "compression-" + compression, withMode(new byte[] {3}, Files.readAllBytes(pack)));
            }
        }
        try (Stream<Path> segments = Files.walk(root.resolve("segments"))) {
            Path segment = segments.filter(file -> file.getFileName().toString().endsWith(".seg") && file.getParent().endsWith("stream0")).findFirst().orElseThrow();
            write("segment/SegmentFuzzTestInputs", "encrypted", withMode(new byte[] {0}, Files.readAllBytes(segment)));
        }
    }

    private void append(StreamWal wal) {
        for (int i = 0; i < RECORDS; i++) {
            for (int stream = 0; stream < STREAMS; stream++) {
                WriteEntry entry = new WriteEntry(ByteBuffer.wrap(i % 3 == 0 ? "header".getBytes(UTF_8) : new byte[0]),
                        ByteBuffer.wrap(("value " + i * 7).getBytes(UTF_8)), now.toEpochMilli() + i);
                wal.stream((stream < STREAMS / 2 ? "stream" : "plain") + stream).append(entry, i == 0 ? Durability.IMMEDIATE : Durability.BUFFERED);
            }
        }
    }

    private static List<Path> packs(Path root) throws IOException {
        if (!Files.isDirectory(PackFiles.directory(root))) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(PackFiles.directory(root))) {
            return files.filter(file -> file.toString().endsWith(".pack")).sorted().toList();
        }
    }

    /** Without the zeros at its end. */
    private static byte[] begun(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] == 0) {
            end--;
        }
        return Arrays.copyOf(bytes, (end + 7) & -8);
    }

    private static byte[] withMode(byte[] mode, byte[] file) {
        byte[] input = Arrays.copyOf(mode, mode.length + file.length);
        System.arraycopy(file, 0, input, mode.length, file.length);
        return input;
    }

    private void write(String target, String name, byte[] input) throws IOException {
        Path folder = Files.createDirectories(resources.resolve(target).resolve("scan"));
        Files.write(folder.resolve(name), input);
    }
}
