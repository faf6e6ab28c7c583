package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A process that has less direct memory than a batch may take: it is told, and goes on. */
class DirectMemoryTest {

    private static final int RECORD_BYTES = 1 << 20;
    /** More than the 128 MiB that the child has of either memory, less than a batch may take. */
    private static final int RECORDS = 200;

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
}
