package dev.streamwal.ratis;

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

    static Path wal(Path replica, int shard) {
        return replica.resolve("shard-" + shard).resolve("wal");
    }

    private static String text(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    long records() {
        return streams.values().stream().mapToLong(List::size).sum();
    }
}
