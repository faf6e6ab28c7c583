package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import net.openhft.chronicle.bytes.Bytes;

/** Does with a log what programs do, and prints one line: what was left behind when it was closed. */
final class SilentProgram {

    static final String NOTHING_LEFT = "threads=[] descriptors=[] mappings=[]";

    /** In place of Chronicle's bytes: all records are encrypted. */
    static final String ENCRYPTED = "encrypted";

    private static final long NOW_MILLIS = 1_767_225_600_000L;

    private SilentProgram() {}

    /** @param args the log's directory, the storage, and which of Chronicle's bytes are appended: none, typed, heap, direct; or encrypted */
    public static void main(String[] args) throws Exception {
        Path root = Path.of(args[0]);
        Storage storage = Storage.valueOf(args[1]);
        useJdk(root.resolveSibling("jdk"));
        Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
        Set<String> descriptors = descriptors();
        use(root, storage, args[2]);
        String left = "threads=" + newThreads(threads) + " descriptors=" + newDescriptors(descriptors) + " mappings=" + mappings(root);
        System.out.println(left);
    }

    /** What the JDK opens once for a process, at its first use: a socket to close channels with, and its source of random numbers. */
    private static void useJdk(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(8), new SecureRandom().nextLong() & 7);
        }
    }

    private static void use(Path root, Storage storage, String bytes) {
        AtomicLong now = new AtomicLong(NOW_MILLIS);
        WalOptions.Builder builder = WalOptions.builder();
        if (bytes.equals(ENCRYPTED)) {
            builder.encryption(MasterKeysForTests.ring("a"));
        }
        WalOptions options = builder.storage(storage).segmentBytes(256 << 10)
                .clock(() -> Instant.ofEpochMilli(now.get())).sweepInterval(Duration.ofMillis(5)).build();
        List<EntryRef> refs = new ArrayList<>();
        WalReader late;
        try (StreamWal wal = StreamWal.open(root, options); WalReader reader = wal.reader()) {
            late = wal.reader();
            WalStream busy = wal.stream("busy");
            for (int i = 0; i < 20_000; i++) {
                refs.add(busy.append(("record " + i).getBytes(UTF_8)));
            }
            for (int i = 0; i < 50; i++) {
                refs.add(wal.stream("cold/" + i).append(new byte[100]));
            }
            refs.addAll(busy.appendBatch(List.of(WriteEntry.of(new byte[10]), WriteEntry.of(new byte[20]))));
            refs.addAll(wal.append(new WriteBatch().add("busy", WriteEntry.of(new byte[1])).add("cold/1", WriteEntry.of(new byte[2]))));
            appendBytes(busy, bytes);
            read(reader, refs);
            if (bytes.equals(ENCRYPTED)) {
                wal.rotateKeys();
                refs.add(busy.append(new byte[7]));
                read(reader, refs);
            }
            now.addAndGet(Duration.ofDays(8).toMillis());
            busy.append(new byte[8]);
            require(wal.sweep().failedSegments() == 0, "the sweep");
            require(wal.health().cause().isEmpty(), "no failure in the background");
            now.addAndGet(1);
            busy.append(new byte[8]);
        }
        require(late.latest("busy").isPresent(), "a reader that outlives the log");
        late.close();
        try (StreamWal wal = StreamWal.open(root)) {
            require(wal.keys().contains("busy"), "the stream after a reopening");
        }
    }

    private static void read(WalReader reader, List<EntryRef> refs) {
        try (EntryBatch batch = reader.readBatch(refs); EntryCursor cursor = reader.scan("busy")) {
            require(batch.found().size() == refs.size(), "every record");
            require(batch.found().get(0).content().toString(UTF_8).equals("record 0"), "its content");
            require(cursor.next(), "a scan");
        }
    }

    private static void appendBytes(WalStream stream, String kind) {
        switch (kind) {
            case "none", ENCRYPTED -> { }
            case "typed" -> require(stream.appendTyped(NOW_MILLIS, bytes -> bytes.writeLong(7)) > 0, "a typed record");
            case "heap" -> require(stream.appendBytes(NOW_MILLIS, Bytes.wrapForRead(new byte[0]), Bytes.wrapForRead(new byte[9])) > 0, "bytes");
            case "direct" -> {
                Bytes<?> direct = Bytes.allocateElasticDirect(64);
                direct.writeLong(7);
                require(stream.appendBytes(NOW_MILLIS, Bytes.wrapForRead(new byte[0]), direct) > 0, "bytes");
                direct.releaseLast();
            }
            default -> throw new IllegalArgumentException(kind);
        }
    }

    private static void require(boolean fact, String what) {
        if (!fact) {
            throw new IllegalStateException("expected " + what);
        }
    }

    private static Collection<String> newThreads(Set<Thread> before) {
        Collection<String> names = new TreeSet<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (!before.contains(thread) && thread.isAlive()) {
                names.add(thread.getName());
            }
        }
        return names;
    }

    /** What the process has open, by number and target. */
    private static Set<String> descriptors() throws IOException {
        Set<String> open = new TreeSet<>();
        try (DirectoryStream<Path> links = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path link : links) {
                try {
                    open.add(link.getFileName() + "=" + Files.readSymbolicLink(link));
                } catch (IOException e) {
                    // the listing's own
                }
            }
        }
        // the second is the JVM's own, which reads the limits of its container now and then
        open.removeIf(line -> line.matches("\\d+=/proc/\\d+/fd") || line.matches("\\d+=/sys/fs/cgroup/.*"));
        return open;
    }

    /** But for jars, from which the JDK loads classes. */
    private static Collection<String> newDescriptors(Set<String> before) throws IOException {
        Set<String> open = descriptors();
        open.removeAll(before);
        open.removeIf(line -> line.endsWith(".jar"));
        return open;
    }

    private static Collection<String> mappings(Path root) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream().filter(line -> line.contains(root.toString())).toList();
    }
}
