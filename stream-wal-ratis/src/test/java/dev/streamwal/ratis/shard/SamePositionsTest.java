package dev.streamwal.ratis.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamOptions;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.io.DirectoryTree;
import dev.streamwal.ratis.Scale;
import dev.streamwal.ratis.wire.Command;
import dev.streamwal.ratis.wire.StreamAppend;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Replicas that apply the same entries give the same positions, and have the same records, whatever becomes of each: one goes on, one is killed and begins with
 * its last image, one gets an image of another one's. Each packs at other times. The entries are random: appends to few streams and to many, small and large,
 * late and early, once and again; time that passes slowly, and by windows and retentions at a time.
 */
class SamePositionsTest {

    private static final int SEEDS = Math.max(1, (int) Math.round(Scale.factor() * 20));
    private static final int ENTRIES = 600;

    private static final Duration WINDOW = Duration.ofHours(1);
    private static final Duration SHORT_WINDOW = Duration.ofMinutes(10);
    private static final Duration RETENTION = Duration.ofHours(5);
    private static final Duration SHORT_RETENTION = Duration.ofMinutes(40);
    private static final long START_MILLIS = 500_000 * WINDOW.toMillis();
    private static final ImageRule RULE = new ImageRule(60, 3 << 20, SHORT_WINDOW.toMillis());

    @TempDir
    private Path folder;

    private static void set(WalOptions.Builder options) {
        options.window(WINDOW).retention(RETENTION).segmentBytes(4 << 20)
                .streams("short/*", StreamOptions.builder().window(SHORT_WINDOW).retention(SHORT_RETENTION).build());
    }

    private static long retentionMillis(String key) {
        return (key.startsWith("short/") ? SHORT_RETENTION : RETENTION).toMillis();
    }

    private record Entry(long stampMillis, Command command) {}

    /** A record and all that is known of it. */
    private record Stored(EntryRef ref, long timestampMillis, int contentHash) {}

    /** A replica without Raft: entries are applied to it by hand. */
    private final class Replica {

        private final String name;
        private final double packs;
        private int life;
        private ShardFolder files;
        private Shard shard;
        private ImageTimes times = new ImageTimes();
        private long imagesBefore;

        Replica(String name, double packs) throws IOException {
            this.name = name;
            this.packs = packs;
            this.files = new ShardFolder(root());
            open();
        }

        private Path root() {
            return folder.resolve(name + life);
        }

        private void open() throws IOException {
            imagesBefore += times.images();
            times = new ImageTimes();
            files.clean();
            shard = Shard.open(files, SamePositionsTest::set, RULE, times);
        }

        long images() {
            return imagesBefore + times.images();
        }

        /** Of the process nothing is left but its files, and of these the images are all that counts. */
        void kill() throws IOException {
            beginWithImagesOf(this);
        }

        /** As after an image was fetched. */
        void fetchFrom(Replica peer) throws IOException {
            beginWithImagesOf(peer);
        }

        private void beginWithImagesOf(Replica source) throws IOException {
            Path old = root();
            Path images = source.root().resolve("images");
            life++;
            copy(images, root().resolve("images"));
            Files.createDirectories(root().resolve("wal/streams"));
            Files.writeString(root().resolve("wal/positions"), "of a log that was being written");
            shard.close();
            DirectoryTree.delete(old);
            files = new ShardFolder(root());
            open();
        }

        byte[] apply(int index, Entry entry) throws IOException {
            return shard.apply(1, index, entry.stampMillis(), entry.command());
        }

        /** Everything that has not expired, by what stands in the files. */
        Map<String, List<Stored>> stored() {
            Map<String, List<Stored>> all = new TreeMap<>();
            long nowMillis = shard.state().clockMillis();
            try (WalReader reader = WalReader.open(files.wal())) {
                for (String key : reader.keys()) {
                    List<Stored> records = new ArrayList<>();
                    try (EntryCursor cursor = reader.scan(key)) {
                        while (cursor.next()) {
                            if (cursor.timestampMillis() + retentionMillis(key) > nowMillis) {
                                records.add(new Stored(cursor.ref(), cursor.timestampMillis(), Arrays.hashCode(cursor.copy().contentBytes())));
                            }
                        }
                    }
                    if (!records.isEmpty()) {
                        all.put(key, records);
                    }
                }
            }
            return all;
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : all.toList()) {
                Path target = to.resolve(from.relativize(each).toString());
                if (Files.isDirectory(each)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(each, target);
                }
            }
        }
    }

    /** Random entries, which are the same for the same seed. */
    private static final class Entries {

        private final Random random;
        private final List<Command.Append> sent = new ArrayList<>();
        private final Map<String, Long> sequences = new TreeMap<>();
        private long nowMillis = START_MILLIS;
        private int newKeys;

        Entries(Random random) {
            this.random = random;
        }

        Entry next(Shard leader) {
            int kind = random.nextInt(100);
            nowMillis += kind < 90 ? random.nextInt(2_000) : kind < 97 ? random.nextInt((int) SHORT_WINDOW.toMillis())
                    : kind < 99 ? random.nextInt((int) (2 * WINDOW.toMillis())) : RETENTION.toMillis() + random.nextInt((int) (2 * WINDOW.toMillis()));
            long stamp = random.nextInt(20) == 0 ? nowMillis - random.nextInt(60_000) : nowMillis; // of another leader, whose clock is behind
            if (random.nextInt(15) == 0) {
                Command.Tick last = leader.state().lastTick();
                return new Entry(stamp, random.nextInt(10) == 0 ? Command.Tick.UNSTAMPED : last);
            }
            if (!sent.isEmpty() && random.nextInt(30) == 0) {
                return new Entry(stamp, sent.get(random.nextInt(sent.size())));
            }
            List<StreamAppend> streams = new ArrayList<>();
            for (int i = 0; i <= random.nextInt(4); i++) {
                streams.add(stream(leader));
            }
            String producer = "producer " + random.nextInt(3);
            long sequence = sequences.merge(producer, 1L, Long::sum);
            long after = random.nextInt(4) == 0 ? sequence - random.nextInt(3) : Command.Append.NONE; // too early at times
            Command.Append append = producer.endsWith("0") ? new Command.Append(producer, sequence, streams)
                    : new Command.Append(producer, sequence, after, streams);
            sent.add(append);
            return new Entry(stamp, append);
        }

        private StreamAppend stream(Shard leader) {
            String key = key();
            long expected = random.nextInt(10) > 0 ? StreamAppend.ANY_END : random.nextBoolean() ? leader.endOf(key) : random.nextInt(1_000);
            List<WriteEntry> records = new ArrayList<>();
            boolean isLarge = random.nextInt(30) == 0;
            int count = isLarge ? 1 : 1 + random.nextInt(random.nextInt(8) == 0 ? 60 : 5);
            for (int i = 0; i < count; i++) {
                byte[] content = new byte[isLarge ? random.nextInt(600 << 10) : random.nextInt(random.nextInt(10) == 0 ? 4_000 : 200)];
                random.nextBytes(content);
                records.add(WriteEntry.of(new byte[random.nextInt(3)], content, timestampMillis(key)));
            }
            return new StreamAppend(key, expected, records);
        }

        private String key() {
            int kind = random.nextInt(20);
            String prefix = random.nextInt(3) == 0 ? "short/" : "key/";
            return kind == 0 ? prefix + "new " + newKeys++ : kind < 4 ? prefix + "rare " + random.nextInt(40) : prefix + random.nextInt(6);
        }

        private long timestampMillis(String key) {
            int kind = random.nextInt(20);
            if (kind == 0) {
                return nowMillis - random.nextInt((int) (retentionMillis(key) + 2 * WINDOW.toMillis())); // some of them too late
            }
            return kind == 1 ? nowMillis + random.nextInt((int) Duration.ofMinutes(70).toMillis()) : WriteEntry.NOW; // some of them too early
        }
    }

    @Test
    void replicas_thatApplyTheSame_giveTheSamePositions_andHaveTheSame() throws IOException {
        long images = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            images += run(new Random(seed), seed);
            DirectoryTree.delete(folder);
            Files.createDirectories(folder);
        }
        assertThat(images).isGreaterThan(20L * SEEDS);
    }

    private long run(Random random, int seed) throws IOException {
        Replica goesOn = new Replica("goesOn", 0.02);
        Replica isKilled = new Replica("isKilled", 0.3);
        Replica fetches = new Replica("fetches", 0);
        List<Replica> all = List.of(goesOn, isKilled, fetches);
        List<Entry> applied = new ArrayList<>();
        List<byte[]> answers = new ArrayList<>();
        Entries entries = new Entries(random);
        for (int index = 0; index < ENTRIES; index++) {
            applied.add(entries.next(goesOn.shard));
            answers.add(goesOn.apply(index, applied.get(index)));
            for (Replica other : List.of(isKilled, fetches)) {
                assertThat(other.apply(index, applied.get(index))).as("seed %s, index %s, %s", seed, index, other.name).isEqualTo(answers.get(index));
            }
            for (Replica each : all) {
                if (random.nextDouble() < each.packs) {
                    each.shard.log().pack();
                }
            }
            if (random.nextInt(50) == 0) {
                isKilled.kill();
                applyAgain(isKilled, applied, answers, seed);
            }
            if (random.nextInt(200) == 0 && goesOn.images() > 0) {
                fetches.fetchFrom(goesOn);
                applyAgain(fetches, applied, answers, seed);
            }
        }
        for (Replica other : List.of(isKilled, fetches)) {
            assertThat(ShardStateTest.bytesOf(other.shard.state())).as("seed %s, %s", seed, other.name).isEqualTo(ShardStateTest.bytesOf(goesOn.shard.state()));
            assertThat(other.stored()).as("seed %s, %s", seed, other.name).isEqualTo(goesOn.stored());
        }
        assertThat(goesOn.stored()).isNotEmpty();
        for (Replica each : all) {
            each.shard.close();
        }
        return goesOn.images();
    }

    private static void applyAgain(Replica replica, List<Entry> applied, List<byte[]> answers, int seed) throws IOException {
        for (int index = (int) replica.shard.state().appliedIndex() + 1; index < applied.size(); index++) {
            assertThat(replica.apply(index, applied.get(index))).as("seed %s, index %s again, %s", seed, index, replica.name).isEqualTo(answers.get(index));
        }
    }
}
