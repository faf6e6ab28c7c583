package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.commit.JournalSizes;
import dev.streamwal.engine.Environment;
import dev.streamwal.engine.StorageKind;
import dev.streamwal.engine.Storages;
import dev.streamwal.error.WalException;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.PowerLoss;
import dev.streamwal.simulation.SimulatedDisk;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.SimulatedStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A log without threads on a simulated disk, with a journal of which a few appends fill a file; remembers what was acknowledged. */
abstract class DurabilityOnSimulatedDisk {

    static final JournalSizes SMALL_JOURNAL = new JournalSizes(16 << 10, 16 << 10, 64 << 10, 8 << 10, 4 << 10);
    static final int SEGMENT_BYTES = 64 << 10;
    static final Duration WINDOW = Duration.ofMinutes(10);
    static final Duration RETENTION = Duration.ofHours(1);

    private static final SegmentStorage STORAGE = SimulatedStorage.channel();

    final Events events = new Events();
    final ManualClock clock = new ManualClock(LogContract.NOW);
    final Map<String, List<Written>> acknowledged = new LinkedHashMap<>();
    SimulatedDisk disk;
    private final List<StreamWal> opened = new ArrayList<>();
    private final Random salts = new Random(1);
    private int boot = 1;
    private int appended;

    DurabilityOnSimulatedDisk(SimulatedDisk disk) {
        this.disk = disk;
    }

    /** The log's directory is the program's. */
    @BeforeEach
    void makeRootDurably() throws IOException {
        Files.createDirectory(root());
        DirectoryForce.force(root());
        DirectoryForce.force(disk.path("/"));
    }

    Path root() {
        return disk.path("/log");
    }

    List<Path> journalFiles() throws Exception {
        try (var files = Files.list(root().resolve("commit"))) {
            return files.filter(file -> file.toString().endsWith(".journal")).sorted().toList();
        }
    }

    WalOptions.Builder options() {
        return WalOptions.builder().storage(Storage.CHANNEL).clock(clock).listener(events).window(WINDOW).retention(RETENTION)
                .segmentBytes(SEGMENT_BYTES).sweepInterval(Duration.ZERO);
    }

    StreamWal open() {
        return open(options());
    }

    StreamWal open(WalOptions.Builder options) {
        String id = "boot-" + boot;
        Storages storages = new Storages(StorageKind.CHANNEL) {
            @Override
            public SegmentStorage of(Path any) {
                return STORAGE;
            }
        };
        StreamWal wal = StreamWal.open(root(), options.build(),
                new Environment(() -> Optional.of(id), storages, salts::nextLong, false, SMALL_JOURNAL));
        opened.add(wal);
        return wal;
    }

    /** Those that had their machine fail, too, so that they give back their buffers: whatever their disks say to it. */
    @AfterEach
    void closeAll() {
        for (StreamWal wal : opened) {
            try {
                wal.close();
            } catch (WalException ofADeadDisk) {
                // nobody is interested any more
            }
        }
    }

    void losePower() {
        loseCache();
        restart();
    }

    /** The disk is taken away and brought back; the machine stays up. */
    void loseCache() {
        disk = PowerLoss.losingAll(disk);
    }

    void restart() {
        boot++;
    }

    Written append(StreamWal wal, String key, int contentBytes, Durability durability) {
        byte[] content = LogContract.bytes(contentBytes, appended++);
        return Written.of(wal.stream(key).append(WriteEntry.of(content), durability), clock.millis(), content);
    }

    /** Appends, and expects it to be there from then on, with all that the stream has before it. */
    void appendDurably(StreamWal wal, String key, int contentBytes) {
        acknowledge(key, append(wal, key, contentBytes, Durability.IMMEDIATE));
    }

    void acknowledge(String key, Written record) {
        acknowledged.computeIfAbsent(key, any -> new ArrayList<>()).add(record);
    }

    /** When it has been brought in order. */
    static List<Written> read(StreamWal wal, String key) {
        long unused = wal.stream(key).endPosition();
        try (WalReader reader = wal.reader()) {
            return Written.drain(reader.scan(key));
        }
    }

    /** All that was acknowledged, and nothing else. */
    void assertAllThere(StreamWal wal) {
        acknowledged.forEach((key, records) -> assertThat(read(wal, key)).as(key).isEqualTo(records));
    }

    /** Opens what the power loss has left, twice over, and goes on. */
    void assertSurvivesPowerLoss() {
        losePower();
        for (int i = 0; i < 2; i++) {
            try (StreamWal wal = open()) {
                for (String key : acknowledged.keySet()) {
                    appendDurably(wal, key, 10);
                }
                assertAllThere(wal);
            }
        }
    }
}
