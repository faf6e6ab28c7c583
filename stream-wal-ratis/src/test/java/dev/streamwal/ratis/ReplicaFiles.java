package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the files of a replica have: every stream's records, with refs, times and bytes. */
record ReplicaFiles(Map<String, List<Stored>> streams) {

    private static final int LOOKS = 600;
    private static final long LOOK_MILLIS = 100;

    record Stored(EntryRef ref, long timestampMillis, String header, String content) {}

    static ReplicaFiles of(Path replica, int shards) {
        Map<String, List<Stored>> streams = new TreeMap<>();
        for (int shard = 0; shard < shards; shard++) {
            try (WalReader reader = WalReader.open(wal(replica, shard))) {
                for (String key : reader.keys()) {
                    List<Stored> all = new ArrayList<>();
                    try (EntryCursor cursor = reader.scan(key)) {
                        while (cursor.next()) {
                            var entry = cursor.copy();
                            all.add(new Stored(entry.ref(), entry.timestampMillis(), text(entry.headerBytes()), text(entry.contentBytes())));
                        }
                    }
                    streams.put(key, all);
                }
            }
        }
        return new ReplicaFiles(streams);
    }

    /** Waits until there are so many records: one that catches up may be replacing all of its log. */
    static ReplicaFiles caughtUp(Path replica, int shards, long records) throws InterruptedException {
        for (int i = 0; i < LOOKS; i++) {
            try {
                ReplicaFiles files = of(replica, shards);
                if (files.records() >= records) {
                    return files;
                }
            } catch (WalException e) {
                // the one log is being replaced by the other
            }
            Thread.sleep(LOOK_MILLIS);
        }
        return of(replica, shards);
    }

    /**
     * When nothing more is sent, all replicas become the same, and have what the load was told. Also the one that leads may not have carried out all of the
     * Raft log yet, where it leads since a moment ago.
     */
    static void assertSame(List<Path> replicas, int shards, Load load) throws InterruptedException {
        for (int i = 0; i < LOOKS && !areSame(replicas, shards, load); i++) {
            Thread.sleep(LOOK_MILLIS);
        }
        ReplicaFiles first = of(replicas.get(0), shards);
        load.check(first);
        for (Path replica : replicas) {
            assertThat(of(replica, shards)).as(replica.toString()).isEqualTo(first);
        }
    }

    private static boolean areSame(List<Path> replicas, int shards, Load load) {
        try {
            ReplicaFiles first = of(replicas.get(0), shards);
            return load.isIn(first) && replicas.stream().allMatch(each -> of(each, shards).equals(first));
        } catch (WalException e) {
            return false; // one log is being replaced by another
        }
    }

    static Path wal(Path replica, int shard) {
        return replica.resolve("shard-" + shard).resolve("wal");
    }

    private static String text(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    long records() {
        return streams.values().stream().mapToLong(List::size).sum();
    }

    List<EntryRef> refs() {
        return streams.values().stream().flatMap(List::stream).map(Stored::ref).toList();
    }
}
