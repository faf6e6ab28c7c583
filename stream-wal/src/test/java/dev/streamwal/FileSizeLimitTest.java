package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A process that may write no large files, as {@code ulimit -f} and systemd's {@code LimitFSIZE} have it: it is told, and loses nothing. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "no ulimit")
class FileSizeLimitTest {

    /** 1 MiB: less than a segment's mapping and a file of the journal take, more than an append. */
    private static final int LIMIT_BLOCKS = 2048;
    private static final int RECORD_BYTES = 100_000;
    private static final int RECORDS = 40;

    private static WalOptions options(Storage storage) {
        return WalOptions.builder().storage(storage).build();
    }

    /** What runs in the process with the limit; says a reference, or why there is none. */
    static final class Limited {

        private Limited() {}

        public static void main(String[] arguments) {
            try (StreamWal wal = StreamWal.open(Path.of(arguments[0]), options(Storage.valueOf(arguments[1])))) {
                for (int i = 0; i < RECORDS; i++) {
                    say(wal, i % 10 == 0 ? Durability.IMMEDIATE : Durability.BUFFERED);
                }
            }
            System.out.println("closed");
        }

        private static void say(StreamWal wal, Durability durability) {
            try {
                System.out.println("appended " + wal.stream("s").append(WriteEntry.of(new byte[RECORD_BYTES]), durability));
            } catch (WalIOException e) {
                System.out.println("refused " + e.getMessage());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Storage.class, names = {"MAPPED", "CHANNEL"})
    void append_filesMayNotBeLarge_saysWhichLimitAndLosesNothing(Storage storage) throws Exception {
        try (LogHome home = storage == Storage.MAPPED ? LogHome.mapped() : LogHome.channel();
                TalkingJvm child = TalkingJvm.startAfter("ulimit -f " + LIMIT_BLOCKS, Limited.class, home.root().toString(), storage.name())) {
            List<EntryRef> appended = new ArrayList<>();
            List<String> refused = new ArrayList<>();
            String line = child.line();
            for (; !line.equals("closed"); line = child.line()) {
                if (line.startsWith("appended ")) {
                    appended.add(EntryRef.parse(line.substring("appended ".length())));
                } else {
                    refused.add(line);
                }
            }
            assertThat(refused).isNotEmpty().allSatisfy(each -> assertThat(each).startsWith("refused can't ").contains("File too large")
                    .endsWith("; raise the process's limit of file sizes (ulimit -f), or make segments smaller"));
            // written by position, a segment takes records until the limit
            assertThat(appended.isEmpty()).isEqualTo(storage == Storage.MAPPED);
            try (StreamWal wal = StreamWal.open(home.root(), options(storage)); WalReader reader = wal.reader()) {
                appended.add(wal.stream("s").append(WriteEntry.of(new byte[RECORD_BYTES]), Durability.IMMEDIATE));
                assertThat(appended).allSatisfy(ref -> assertThat(reader.find(ref)).isPresent());
            }
        }
    }
}
