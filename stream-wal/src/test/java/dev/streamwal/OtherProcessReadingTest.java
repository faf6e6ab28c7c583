package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Another process writes while this one reads. Whatever it sees is a beginning of what was appended, every record as it was appended, a
 * batch whole or not at all; what it has seen once it sees again; and in the end it sees everything.
 */
class OtherProcessReadingTest {

    private static final long RECORDS = Math.max(20_000, Math.round(300_000 * Scale.factor()));

    @TempDir
    Path root;

    private final Map<String, Long> seen = new HashMap<>();
    private final Map<String, Long> resumeAt = new HashMap<>();
    private final List<EntryRef> refs = new ArrayList<>();
    private int scansOfAPart;

    @Test
    @Timeout(300)
    void read_whileAnotherProcessWrites_seesAGrowingBeginningAndNothingElse() throws Exception {
        Process writer = ChildJvm.of(List.of("-Xmx256m"), LiveWriter.class, root.toString(), String.valueOf(RECORDS)).start();
        try {
            assertThat(writer.inputReader().readLine()).isEqualTo("open");
            try (WalReader reader = WalReader.open(root)) {
                while (writer.isAlive()) {
                    lookAtEverything(reader);
                }
                assertThat(writer.waitFor()).isZero();
                lookAtEverything(reader);
            }
        } finally {
            writer.destroyForcibly().waitFor(300, TimeUnit.SECONDS);
        }
        assertThat(seen).containsEntry(LiveWriter.BUSY, RECORDS)
                .containsEntry(LiveWriter.QUIET, (RECORDS + 99) / 100)
                .containsEntry(LiveWriter.BATCHES, (RECORDS + 49) / 50 * LiveWriter.BATCH);
        assertThat(scansOfAPart).as("scans that saw a part only: else nothing was read while it was written").isPositive();
    }

    private void lookAtEverything(WalReader reader) {
        for (String stream : List.of(LiveWriter.BUSY, LiveWriter.QUIET, LiveWriter.BATCHES)) {
            goOn(reader, stream);
            latest(reader, stream);
        }
        assertThat(seen.getOrDefault(LiveWriter.BATCHES, 0L) % LiveWriter.BATCH).as("batches are whole").isZero();
        readAgain(reader);
        wholeQuietStream(reader);
    }

    /** From where the last look ended. */
    private void goOn(WalReader reader, String stream) {
        long next = seen.getOrDefault(stream, 0L);
        try (EntryCursor cursor = reader.scanFrom(stream, resumeAt.getOrDefault(stream, 0L))) {
            while (cursor.next()) {
                byte[] expected = LiveWriter.content(next);
                byte[] content = new byte[cursor.content().readableBytes()];
                cursor.content().getBytes(cursor.content().readerIndex(), content);
                assertThat(LiveWriter.text(content)).as("record %d of %s", next, stream).isEqualTo(LiveWriter.text(expected));
                if (next % 997 == 0) {
                    refs.add(cursor.ref());
                }
                next++;
            }
            resumeAt.put(stream, cursor.nextPosition());
        }
        if (next < RECORDS) {
            scansOfAPart++;
        }
        seen.put(stream, next);
    }

    private void latest(WalReader reader, String stream) {
        reader.latest(stream).ifPresent(entry -> {
            byte[] content = entry.contentBytes();
            long number = ByteBuffer.wrap(content).getLong();
            assertThat(number).as("the latest of %s isn't older than what was scanned",
                    stream).isGreaterThanOrEqualTo(seen.get(stream) - 1);
            assertThat(LiveWriter.text(content)).isEqualTo(LiveWriter.text(LiveWriter.content(number)));
        });
    }

    private void readAgain(WalReader reader) {
        try (EntryBatch batch = reader.readBatch(refs)) {
            for (int i = 0; i < refs.size(); i++) {
                assertThat(batch.status(i)).as("%s", refs.get(i)).isEqualTo(EntryBatch.Status.FOUND);
                Entry entry = batch.get(i);
                long number = entry.content().getLong(entry.content().readerIndex());
                assertThat(LiveWriter.text(entry.contentBytes())).isEqualTo(LiveWriter.text(LiveWriter.content(number)));
            }
        }
    }

    private void wholeQuietStream(WalReader reader) {
        long next = 0;
        try (EntryCursor cursor = reader.scan(LiveWriter.QUIET, Instant.EPOCH, Instant.now().plusSeconds(60))) {
            while (cursor.next()) {
                assertThat(cursor.content().getLong(cursor.content().readerIndex())).isEqualTo(next++);
            }
        }
        assertThat(next).isGreaterThanOrEqualTo(seen.get(LiveWriter.QUIET));
    }
}
