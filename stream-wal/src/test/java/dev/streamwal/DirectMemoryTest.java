package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A process that has less direct memory than a batch may take: it is told, and goes on. */
class DirectMemoryTest {

    private static final int RECORD_BYTES = 1 << 20;
    /** More than the 128 MiB that the child has of either memory, less than a batch may take. */
    private static final int RECORDS = 200;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** What runs in the process with little memory. */
    static final class Limited {

        private Limited() {}

        public static void main(String[] arguments) {
            try (StreamWal wal = StreamWal.open(Path.of(arguments[0])); WalReader reader = wal.reader()) {
                List<EntryRef> refs = new ArrayList<>();
                for (int i = 0; i < RECORDS; i++) {
                    refs.add(wal.stream("large").append(new byte[RECORD_BYTES]));
                }
                try (EntryBatch batch = reader.readBatch(refs)) {
                    System.out.println("all " + batch.size());
                } catch (WalIOException e) {
                    System.out.println("told " + e.getMessage());
                }
                try (EntryBatch batch = reader.readBatch(refs.subList(0, 20))) {
                    System.out.println("fewer " + batch.found().size());
                }
            }
        }
    }

    @Test
    void readBatch_moreThanTheDirectMemoryThereIs_isToldAndFewerAreRead() throws Exception {
        try (LogHome home = LogHome.channel(); TalkingJvm child = TalkingJvm.start(Limited.class, home.root().toString())) {
            assertThat(child.rest().lines())
                    .anySatisfy(line -> assertThat(line).startsWith("told").contains("direct memory", "maxBatchBytes=", "fewer at a time"))
                    .anySatisfy(line -> assertThat(line).isEqualTo("fewer 20"));
        }
    }

    /** Follows many streams, each with records that are too large for buffers of all streams at a time. */
    static final class Following {

        static final int STREAMS = 48;
        private static final int ROUNDS = 2;
        private static final int CONTENT_BYTES = 3 << 20;
        /** What is left when the program has taken the rest. */
        private static final int PIECES_LEFT = 4;

        private Following() {}

        public static void main(String[] arguments) throws InterruptedException {
            try (StreamWal wal = StreamWal.open(Path.of(arguments[0])); WalReader reader = wal.reader()) {
                byte[] content = new byte[CONTENT_BYTES];
                for (int i = 0; i < ROUNDS * STREAMS; i++) {
                    EntryRef unused = wal.stream("large/" + i % STREAMS).append(content);
                }
                System.out.println("tail " + followed(reader.follow(Keys.prefix("large/"), ReadFrom.first())));
                List<ByteBuf> taken = DirectMemoryProgram.all();
                taken.subList(0, PIECES_LEFT).forEach(ByteBuf::release);
                try (WalConsumer consumer = reader.consumer("name", Keys.prefix("large/"))) {
                    System.out.println("consumer " + followed(consumer.entries()));
                }
                taken.subList(PIECES_LEFT, taken.size()).forEach(ByteBuf::release);
            }
        }

        private static String followed(EntryTail opened) throws InterruptedException {
            Set<EntryRef> found = new HashSet<>();
            try (opened) {
                boolean isNew = true;
                while (isNew && found.size() < ROUNDS * STREAMS) {
                    isNew = opened.next(PATIENCE) && found.add(opened.ref());
                }
            } catch (WalIOException e) {
                return found.size() + " " + e.getMessage();
            }
            return found.size() + " all";
        }
    }

    @Test
    void follow_largeRecordsOfManyStreams_areAllDeliveredWithLittleDirectMemoryAndWithLess() throws Exception {
        try (LogHome home = LogHome.channel(); TalkingJvm child = TalkingJvm.start(Following.class, home.root().toString())) {
            int all = Following.ROUNDS * Following.STREAMS;
            assertThat(child.rest().lines()).containsExactly("tail " + all + " all", "consumer " + all + " all");
        }
    }

    /** Follows more streams than there is direct memory for, and counts the collections: the JDK collects once for each buffer that it has no room for. */
    static final class FollowingMore {

        static final int STREAMS = 200;
        static final int RECORDS = 4;

        private FollowingMore() {}

        public static void main(String[] arguments) throws Exception {
            try (StreamWal wal = StreamWal.open(Path.of(arguments[0])); WalReader reader = wal.reader()) {
                for (int i = 0; i < RECORDS * STREAMS; i++) {
                    EntryRef unused = wal.stream("small/" + i % STREAMS).append(new byte[100]);
                }
                List<ByteBuf> taken = DirectMemoryProgram.all();
                taken.get(0).release();
                long before = fullCollections();
                int delivered = 0;
                try (EntryTail tail = reader.follow(Keys.prefix("small/"), ReadFrom.first())) {
                    while (delivered < RECORDS * STREAMS && tail.next(PATIENCE)) {
                        delivered++;
                    }
                }
                System.out.println(delivered);
                System.out.println(fullCollections() - before);
                taken.subList(1, taken.size()).forEach(ByteBuf::release);
            }
        }

        /** By reflection, as the log's modules don't require {@code java.management}. */
        private static long fullCollections() throws ReflectiveOperationException {
            Class<?> collector = Class.forName("java.lang.management.GarbageCollectorMXBean");
            List<?> all = (List<?>) Class.forName("java.lang.management.ManagementFactory").getMethod("getGarbageCollectorMXBeans").invoke(null);
            long count = 0;
            for (Object each : all) {
                if (collector.getMethod("getName").invoke(each).equals("MarkSweepCompact")) {
                    count += (Long) collector.getMethod("getCollectionCount").invoke(each);
                }
            }
            return count;
        }
    }

    @Test
    void follow_moreStreamsThanDirectMemoryIsThereFor_areReadWithoutFindingThatOutForEach() throws Exception {
        try (LogHome home = LogHome.channel(); TalkingJvm child = TalkingJvm.start(FollowingMore.class, home.root().toString())) {
            List<String> said = child.rest().lines().toList();
            assertThat(said).hasSize(2).first().isEqualTo(Integer.toString(FollowingMore.STREAMS * FollowingMore.RECORDS));
            // none on newer JDKs, where Netty counts by itself what it takes
            assertThat(Long.parseLong(said.get(1))).as("buffers there was no room for").isLessThanOrEqualTo(FollowingMore.STREAMS / 20L);
        }
    }

    @Test
    void read_directMemoryIsUsedUp_eachOperationIsToldAndReadsWhenThereIsSome() throws Exception {
        try (LogHome home = LogHome.channel()) {
            try (StreamWal wal = StreamWal.open(home.root())) {
                List<EntryRef> unusedToo = wal.stream(DirectMemoryProgram.LARGE).appendBatch(
                        List.of(WriteEntry.of(new byte[1]), WriteEntry.of(new byte[DirectMemoryProgram.LARGE_BYTES])));
                for (int i = 0; i < DirectMemoryProgram.RECORDS; i++) {
                    EntryRef unused = wal.stream(DirectMemoryProgram.KEY).append(new byte[100]);
                }
            }
            try (TalkingJvm child = TalkingJvm.start(DirectMemoryProgram.class, home.root().toString())) {
                List<String> said = child.rest().lines().toList();
                assertThat(said).hasSize(DirectMemoryProgram.OPERATIONS + 1).last().isEqualTo("read again");
                assertThat(said.subList(0, DirectMemoryProgram.OPERATIONS)).allSatisfy(line ->
                        assertThat(line).contains("WalIOException: ", "not enough direct memory", "-XX:MaxDirectMemorySize"));
            }
        }
    }

    private static final int NANO_WAL_BYTES = 5_000;

    /** Comes to a nano-wal file, at its second record, while no memory is left. */
    static final class OfNanoWal {

        private OfNanoWal() {}

        public static void main(String[] arguments) {
            try (WalReader reader = WalReader.openNanoWal(Path.of(arguments[0]))) {
                List<EntryRef> refs = new ArrayList<>();
                try (EntryCursor scan = reader.scan("k")) {
                    while (scan.next()) {
                        refs.add(scan.ref());
                    }
                }
                try (EntryCursor scan = reader.scanFrom("k", refs.get(1).position())) {
                    List<ByteBuf> taken = DirectMemoryProgram.all();
                    try {
                        System.out.println(scan.next());
                    } catch (WalIOException e) {
                        System.out.println("told");
                    }
                    taken.forEach(ByteBuf::release);
                    while (scan.next()) {
                        System.out.println(refs.indexOf(scan.ref()));
                    }
                }
            }
        }
    }

    private static byte[] nanoWal(long expiration, int records) {
        ByteBuffer file = ByteBuffer.allocate(16 + records * (16 + NANO_WAL_BYTES)).order(ByteOrder.LITTLE_ENDIAN);
        file.put("NANO-LOG".getBytes(StandardCharsets.US_ASCII)).putLong(expiration);
        for (int i = 0; i < records; i++) {
            file.put("NANORC".getBytes(StandardCharsets.US_ASCII)).putShort((short) 0).putLong(NANO_WAL_BYTES).put(new byte[NANO_WAL_BYTES]);
        }
        return file.array();
    }

    @Test
    void scan_directMemoryIsUsedUpWhereANanoWalFileBegins_goesOnThere() throws Exception {
        try (LogHome home = LogHome.channel()) {
            Path directory = Files.createDirectory(home.root());
            Path unused = Files.write(directory.resolve("k_9000.seg"), nanoWal(9_000, 3));
            Path unusedToo = Files.write(directory.resolve("k_20000.seg"), nanoWal(20_000, 2));
            try (TalkingJvm child = TalkingJvm.start(OfNanoWal.class, directory.toString())) {
                assertThat(child.rest().lines()).containsExactly("told", "1", "2", "3", "4");
            }
        }
    }
}
