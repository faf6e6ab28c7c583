package dev.streamwal.reading;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A log was closed, and a bit of its newest shared segment has changed, which has no footer. A reader that has just been opened reads all other records, and is
 * told of the damage.
 */
class DamagedSharedReadTest {

    private static final int STREAMS = 5;
    private static final int RECORDS = 100;
    /** The stream of the log that has all others' records. */
    private static final String SHARED = "\u0000shared";

    @TempDir
    Path root;

    private final List<EntryRef> refs = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 42, 98, 99})
    void read_aRecordIsDamagedInTheNewestSharedSegment_findsAllOthersAndIsTold(int damaged) throws IOException {
        try (StreamWal wal = StreamWal.open(root, WalOptions.builder().ownSegments(0).build())) {
            for (int i = 0; i < RECORDS; i++) {
                refs.add(wal.stream("m/" + i % STREAMS).append(("value-" + i + "-").getBytes(ISO_8859_1)));
            }
        }
        damage("value-" + damaged + "-");
        try (WalReader reader = WalReader.open(root)) {
            // without a later record of the stream nothing says whose the damaged bytes were
            assertThat(reader.verify(isLastOfItsStream(damaged) ? SHARED : refs.get(damaged).key()).damage()).isNotEmpty();
        }
        for (int stream = 0; stream < STREAMS; stream++) {
            String key = "m/" + stream;
            // a reader of its own, so that none knows from the one before
            try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan(key)) {
                List<EntryRef> read = new ArrayList<>();
                int told = 0;
                boolean isMore = true;
                while (isMore) {
                    try {
                        isMore = cursor.next();
                        if (isMore) {
                            read.add(cursor.ref());
                        }
                    } catch (CorruptSegmentException e) {
                        told++;
                        assertThat(e.file()).isEqualTo(shared());
                    }
                }
                boolean isHit = damaged % STREAMS == stream;
                assertThat(read).as(key).isEqualTo(refs.stream().filter(ref -> ref.key().equals(key) && !ref.equals(refs.get(damaged))).toList());
                assertThat(told).as(key).isLessThanOrEqualTo(1).isGreaterThanOrEqualTo(isHit && !isLastOfItsStream(damaged) ? 1 : 0);
            }
        }
        try (WalReader reader = WalReader.open(root); EntryBatch batch = reader.readBatch(refs)) {
            for (int i = 0; i < RECORDS; i++) {
                EntryBatch.Status ofDamaged = isLastOfItsStream(i) ? EntryBatch.Status.NOT_FOUND : EntryBatch.Status.CORRUPT;
                assertThat(batch.status(i)).as("record %d", i).isEqualTo(i == damaged ? ofDamaged : EntryBatch.Status.FOUND);
            }
        }
    }

    private static boolean isLastOfItsStream(int record) {
        return record >= RECORDS - STREAMS;
    }

    private Path shared() throws IOException {
        try (Stream<Path> files = Files.walk(root.resolve("segments"))) {
            return files.filter(file -> file.toString().endsWith(".seg")).findFirst().orElseThrow();
        }
    }

    private void damage(String content) throws IOException {
        byte[] file = Files.readAllBytes(shared());
        int at = new String(file, ISO_8859_1).indexOf(content);
        assertThat(at).isPositive();
        file[at + 1] ^= 1;
        Files.write(shared(), file);
    }
}
