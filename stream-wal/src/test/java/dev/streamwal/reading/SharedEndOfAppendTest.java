package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.ManualClock;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.catalog.WriterView;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What readers in the writer's process see of a stream that shares segments, between two moments of an append: its records can be read already, and its thread
 * hasn't noted yet where the stream ends now.
 */
class SharedEndOfAppendTest {

    private static final String KEY = "a";
    private static final long NOW = 1_772_366_400_000L;

    @TempDir
    Path root;

    private StreamWal wal;

    @BeforeEach
    void open() {
        wal = StreamWal.open(root, WalOptions.builder().clock(new ManualClock(NOW)).ownSegments(0).build());
    }

    @AfterEach
    void close() {
        wal.close();
    }

    private EntryRef append(String content) {
        return wal.stream(KEY).append(NOW, content.getBytes(StandardCharsets.UTF_8));
    }

    private List<EntryRef> appendBatch(int records) {
        return wal.stream(KEY).appendBatch(Stream.generate(() -> WriteEntry.of("in a batch".getBytes(StandardCharsets.UTF_8), NOW)).limit(records).toList());
    }

    /** A reader to which the writer says that the stream ends behind a record. */
    private WalReader readerBehind(EntryRef last) {
        return WalReader.open(root, ReaderOptions.builder().build(), new WriterView() {
            @Override
            public OptionalLong reservedEnd(String key) {
                return key.equals(KEY) ? OptionalLong.of(last.position() + last.size()) : OptionalLong.empty();
            }

            @Override
            public boolean abandoned(String key, long position) {
                return false;
            }

            @Override
            public boolean unfinished(String key, long position) {
                return true;
            }
        });
    }

    private static List<EntryRef> refs(EntryCursor opened) {
        List<EntryRef> refs = new ArrayList<>();
        try (EntryCursor cursor = opened) {
            while (cursor.next()) {
                refs.add(cursor.ref());
            }
        }
        return refs;
    }

    @Test
    void scanLast_behindABatch_hasAllOfTheBatch() {
        EntryRef first = append("first");
        List<EntryRef> batch = appendBatch(3);
        try (WalReader reader = readerBehind(first)) {
            assertThat(refs(reader.scanLast(KEY, 2))).isEqualTo(batch.subList(1, 3));
        }
    }

    @Test
    void scanBackward_behindABatch_hasAllOfTheBatch() {
        EntryRef first = append("first");
        List<EntryRef> batch = appendBatch(3);
        try (WalReader reader = readerBehind(first)) {
            assertThat(refs(reader.scanBackward(KEY, Long.MAX_VALUE))).containsExactly(batch.get(2), batch.get(1), batch.get(0), first);
        }
    }

    /** What was read once isn't missing in what is read after that. */
    @Test
    void scanLast_afterLatest_hasTheLatest() {
        EntryRef first = append("first");
        EntryRef second = append("second");
        try (WalReader reader = readerBehind(first)) {
            assertThat(reader.latest(KEY).orElseThrow().ref()).isEqualTo(second);
            assertThat(refs(reader.scanLast(KEY, 1))).containsExactly(second);
        }
    }
}
