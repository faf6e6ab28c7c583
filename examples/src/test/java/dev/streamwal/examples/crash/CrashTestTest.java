package dev.streamwal.examples.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.examples.ExampleProcess;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The crash test in five rounds; and that it would see it, if something were missing or wrong. */
class CrashTestTest {
    @TempDir
    Path folder;

    @Test
    void crashTest_everyRoundIsGood() throws Exception {
        String printed = ExampleProcess.output(folder, CrashTest.class, 5, folder);

        assertThat(printed).contains("5 rounds, 5 good").containsPattern("(?m)^ +5 +\\d+ ms +[1-9][\\d,]* ");
    }

    @Test
    void check_countsWhatIsMissingBeyondAndWrong() {
        try (StreamWal wal = StreamWal.open(folder.resolve("log"), Writer.options()); WalReader reader = wal.reader()) {
            append(wal, 0, 0);
            append(wal, 0, 1);
            append(wal, 1, 0);
            append(wal, 1, 7);
            append(wal, 1, 2);

            Check good = Check.of(reader, new long[] {1, 0});
            Check bad = Check.of(reader, new long[] {4, 3});

            assertThat(good.wrong()).isEqualTo(1);
            assertThat(good.beyond()).isEqualTo(4);
            assertThat(good.missing()).isZero();
            assertThat(bad.missing()).isEqualTo(2);
            assertThat(bad.isGood()).isFalse();
            assertThat(Check.of(reader, new long[] {2}).isGood()).isTrue();
        }
    }

    private static void append(StreamWal wal, int stream, long number) {
        EntryRef unused = wal.stream(Writer.key(stream)).append(Writer.content(number));
    }
}
