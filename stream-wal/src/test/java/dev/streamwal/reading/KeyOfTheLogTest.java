package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteBatch;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log's own stream has records of all streams that share segments: no program writes or reads it as a stream. */
class KeyOfTheLogTest {

    private static final String KEY = "\0shared";

    @TempDir
    Path directory;

    @Test
    void eachCallWithAKey_keyOfTheLog_isRefused() {
        try (StreamWal wal = StreamWal.open(directory, WalOptions.builder().ownSegments(0).build());
                WalReader reader = WalReader.open(directory)) {
            wal.stream("of/a/program").append(new byte[1]);
            EntryRef ref = new EntryRef(KEY, 0, 56);
            List<ThrowingCallable> calls = List.of(
                    () -> wal.stream(KEY),
                    () -> wal.delete(KEY),
                    () -> wal.append(new WriteBatch().add(KEY, WriteEntry.of(new byte[1]))),
                    () -> Keys.key(KEY),
                    () -> Keys.of(List.of("a", KEY)),
                    () -> reader.latest(KEY),
                    () -> reader.latest(List.of(KEY)),
                    () -> reader.latestByTimestamp(KEY),
                    () -> reader.describe(KEY),
                    () -> reader.describe(List.of(KEY)),
                    () -> reader.find(ref),
                    () -> reader.readBatch(List.of(ref)),
                    () -> reader.scan(KEY),
                    () -> reader.scan(KEY, Instant.EPOCH, Instant.MAX),
                    () -> reader.scanFrom(KEY, 0),
                    () -> reader.scanLast(KEY, 1),
                    () -> reader.scanBackward(KEY, 0),
                    () -> reader.follow(KEY, ReadFrom.first()),
                    () -> reader.follow(Map.of(KEY, ReadFrom.first())));

            assertThat(calls).allSatisfy(call -> assertThatIllegalArgumentException().isThrownBy(call)
                    .withMessage("key is reserved for the log: key=\\u0000shared; choose another one"));
        }
    }

    @Test
    void keysThatBeginLikeTheLogs_areAnybodys() {
        try (StreamWal wal = StreamWal.open(directory, WalOptions.builder().ownSegments(0).build());
                WalReader reader = WalReader.open(directory)) {
            EntryRef ref = wal.stream(KEY + '2').append(new byte[1]);

            assertThat(reader.keys(Keys.prefix(KEY))).containsExactly(KEY + '2');
            assertThat(reader.find(ref)).isPresent();
            assertThat(reader.verify(KEY).damage()).isEmpty();
        }
    }
}
