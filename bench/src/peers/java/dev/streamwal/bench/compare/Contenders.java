package dev.streamwal.bench.compare;

import dev.streamwal.bench.ChronicleQueueLog;
import dev.streamwal.bench.DelayContender;
import dev.streamwal.bench.StreamWalTail;
import java.util.List;
import java.util.Optional;

/** Who takes part. Each set-up is the one that its documentation recommends; what isn't the default, and why, is in the text and in the stores' sources. */
final class Contenders {

    static final String STREAM_WAL = "stream-wal";
    static final String CHRONICLE = "Chronicle Queue";

    /** Where a file of Kafka's begins. */
    private static final String KAFKA_FILE = "00000000000000000000.log";
    /** It keeps an entry on the heap for each record that wasn't deleted, also while it is loaded. */
    private static final String ARTEMIS_HEAP = "-Xmx6g";

    private Contenders() {}

    static List<Contender> all() {
        return List.of(streamWal(), chronicle(), artemis(), rocks(), kafka(), sqlite(), lmdb(), tsFile(), bare(), mapped(false), mapped(true), none());
    }

    static Contender named(String name) {
        return found(name).orElseThrow(() -> new IllegalArgumentException("no such contender: " + name));
    }

    private static Optional<Contender> found(String name) {
        return all().stream().filter(contender -> contender.name().equals(name)).findFirst();
    }

    private static Contender streamWal() {
        return new Contender(STREAM_WAL, false,
                "Options by default: the first 64 streams have segments of their own, others share; what is older than a window is packed, and compressed by"
                        + " column. Windows of an hour and 7 days of retention; those of the gateway are the workload's.",
                "The record is in the page cache, checksummed, and every reader of the process sees it. Durable: on the disk, with one flush of the commit"
                        + " journal for all that wait.",
                List.of(), StreamWalStore::open,
                new DelayContender(STREAM_WAL, List.of(), root -> StreamWalTail.writer(root, 1), StreamWalTail::ofKey));
    }

    private static Contender chronicle() {
        return new Contender(CHRONICLE, false,
                "One queue, `FAST_DAILY`, block size by default (to be queried: 1 GiB, with which finding by index is 13 times as fast); 12 bytes in front of"
                        + " each record are its stream and its time. A queue a stream takes two files and 78 MB of address space each. Windows of the gateway are"
                        + " a roll cycle of that length; the program deletes files. Its follower spins, as its documentation recommends.",
                "The record is in a mapped file, without a checksum. Durable: `ExcerptAppender.sync()` behind each record, with `SyncMode.SYNC`: by default it only asks the kernel to begin.",
                ChronicleQueueLog.FLAGS, ChronicleStore::open,
                new DelayContender(CHRONICLE, ChronicleQueueLog.FLAGS, ChronicleQueueLog::writer,
                        folder -> ChronicleQueueLog.reader(folder, Thread::onSpinWait)));
    }

    private static Contender artemis() {
        return new Contender("Artemis journal", false,
                "NIO, files of 10 MiB, compaction as by default; buffer timeout 0.1 ms, which is what its own tool finds for this disk (3.33 ms by default are"
                        + " for 300 flushes a second). A heap of 6 GiB, as it keeps an entry for each record. Windows of the gateway are deleted record by"
                        + " record, which is how a broker's messages go.",
                "The record is written to the file. Durable: and forced, with others of the last 0.1 ms.",
                List.of(ARTEMIS_HEAP), ArtemisStore::open, null);
    }

    private static Contender rocks() {
        return new Contender("RocksDB", false,
                "As the wiki's \"Setup Options and Basic Tuning\" has it: leveled compaction with dynamic level sizes, blocks of 16 KiB, a Bloom filter of 10"
                        + " bits, LZ4, Zstandard on the last level, two background jobs; write buffer 128 MiB, cache 512 MiB. Key: stream, time, number."
                        + " Windows of the gateway: its TTL database. Another process follows as a secondary instance, which is asked every millisecond.",
                "The record is in its write-ahead log in the page cache, checksummed, and in the memtable. Durable: `sync = true`.",
                List.of(), RocksStore::open, PolledFollower.of("RocksDB", List.of(), RocksStore::open, "CURRENT", Followers::rocks));
    }

    private static Contender kafka() {
        return new Contender("Kafka FileRecords", false,
                "What a broker writes a partition's file with, without broker and network: one partition, the stream is the record's key, format 2, files of"
                        + " 1 GiB, no compression. A batch a call: a producer makes batches of its own. An index by time is made when first asked, as the broker"
                        + " has one in a file. Another process looks at the file every millisecond.",
                "The batch is in the page cache, checksummed. Durable: `flush()` behind each batch.",
                List.of(), KafkaStore::open, PolledFollower.of("Kafka FileRecords", List.of(), KafkaStore::open, KAFKA_FILE, Followers::kafka));
    }

    private static Contender sqlite() {
        return new Contender("SQLite", false,
                "`journal_mode = WAL`, `synchronous = NORMAL`, as its documentation recommends together; a cache of 64 MiB; a table with an index over stream and"
                        + " time; a transaction a call, a connection a thread. Windows of the gateway are deleted by an index over time. Another process asks for"
                        + " the next row every millisecond.",
                "The transaction is in the WAL file in the page cache, checksummed. Durable: `synchronous = FULL`.",
                List.of(), SqliteStore::open, PolledFollower.of("SQLite", List.of(), SqliteStore::open, "log.db-wal", Followers::sqlite));
    }

    private static Contender lmdb() {
        return new Contender("LMDB", false,
                "By lmdbjava; a transaction a call, into the mapping (`MDB_WRITEMAP`, `MDB_MAPASYNC`). Key: stream, time, number. Windows of the gateway are a"
                        + " database each, which is dropped. Another process asks for the next key every millisecond.",
                "The transaction is in the mapped file, without a checksum. Durable: with its flags by default, which force the file at each commit.",
                LmdbStore.FLAGS, LmdbStore::open, PolledFollower.of("LMDB", LmdbStore.FLAGS, LmdbStore::open, "data.mdb", Followers::lmdb));
    }

    private static Contender tsFile() {
        return new Contender("Apache TsFile", false,
                "A device a stream with one text measurement, plain encoding and LZ4, chunk group and page sizes by default; under a lock, as its writer is for"
                        + " one thread. Windows of the gateway are a file each.",
                "The record is on the writer's heap: it is lost with the process until its file is complete. So its appends compare with no other's.",
                List.of(), TsFileStore::open, null);
    }

    private static Contender bare() {
        return new Contender("bare write", true,
                "One `FileChannel.write` a record to one file; batches are one gathering write. 16 bytes in front of each record, no checksum, no index. Refs are"
                        + " read by one positional read each.",
                "The record is in the page cache. Durable: `force(false)`.", List.of(), BareStore::open, null);
    }

    private static Contender mapped(boolean checksums) {
        return new Contender(checksums ? "mapped copy, CRC32C" : "mapped copy", true,
                "Copied into a mapped file of 16 MiB, of which each thread has its own; another thread fills the next one with zeros before. "
                        + (checksums ? "CRC32C over each record." : "No checksum."),
                "The record is in the mapping. Durable: `force` of its range.", List.of(), (folder, setup) -> MappedStore.open(folder, setup, checksums), null);
    }

    private static Contender none() {
        return new Contender("no log", true, "An append does nothing: how late a paced thread is on this machine.", "Nothing.", List.of(), NoStore::open, null);
    }
}
