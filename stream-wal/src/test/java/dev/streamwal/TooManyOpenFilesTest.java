package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.TooManyOpenFilesException;
import dev.streamwal.reader.WalReader;
import dev.streamwal.storage.StorageErrors;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A process that may open few files: a log keeps to its half of them, and says so where the program has used up the rest. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "no ulimit")
class TooManyOpenFilesTest {

    private static final int LIMIT = 64;
    private static final int STREAMS = 200;

    /** What runs in the process with the low limit; says what went wrong, or nothing. */
    static final class Limited {

        private Limited() {}

        public static void main(String[] arguments) throws IOException {
            Path root = Path.of(arguments[0]);
            check(WalOptions.builder().build().maxOpenFiles() == LIMIT / 2, "by default half of them");
            // this JVM and its jars have more than half of so few already
            WalOptions options = WalOptions.builder().storage(Storage.valueOf(arguments[1])).segmentBytes(1 << 20)
                    .maxOpenFiles(8).maxMappedSegments(20).build();
            List<EntryRef> refs = new ArrayList<>();
            try (StreamWal wal = StreamWal.open(root, options)) {
                // many more streams than files, each of them several times, some of them mapped
                for (int i = 0; i < STREAMS * 3; i++) {
                    refs.add(append(wal, "s" + i % STREAMS, "record " + i));
                    refs.add(append(wal, "busy", "record " + i));
                }
                long open = wal.stats().openFiles();
                check(open <= options.maxOpenFiles(), "open files: " + open + " of " + options.maxOpenFiles());
                useUpAndTry(wal, root, refs);
                refs.add(append(wal, "s1", "after"));
                refs.add(append(wal, "another", "after"));
            }
            try (StreamWal wal = StreamWal.open(root, options); WalReader reader = wal.reader()) {
                for (EntryRef ref : refs) {
                    check(reader.find(ref).isPresent(), "missing: " + ref);
                }
                check(wal.keys().size() == STREAMS + 2, "keys: " + wal.keys().size());
            }
            System.out.println("done, " + refs.size() + " records");
        }

        private static EntryRef append(StreamWal wal, String key, String text) {
            return wal.stream(key).append(text.getBytes(StandardCharsets.UTF_8));
        }

        /** Everything this process may open is open. */
        private static void useUpAndTry(StreamWal wal, Path root, List<EntryRef> refs) throws IOException {
            // a class that comes from a directory, not a jar, takes a file to load: what says what happened is loaded before
            IOException example = new IOException("Too many open files");
            check(StorageErrors.translate("try", example, root, "s", 0, 1) instanceof TooManyOpenFilesException, "an example");
            List<Closeable> open = new ArrayList<>();
            int refused = 0;
            String said = "";
            try {
                while (open.size() < 10_000) {
                    open.add(FileChannel.open(root.resolve("positions"), StandardOpenOption.READ));
                }
            } catch (IOException full) {
                // as wanted
            }
            try {
                for (int i = 0; i < STREAMS; i++) {
                    try {
                        refs.add(append(wal, "s" + i, "with all open"));
                    } catch (TooManyOpenFilesException e) {
                        refused++;
                        said = e.getMessage() + " | " + e.stream();
                    }
                }
                try {
                    append(wal, "new", "with all open");
                    check(false, "a file more than all");
                } catch (TooManyOpenFilesException e) {
                    said = e.getMessage();
                }
            } finally {
                for (Closeable one : open) {
                    one.close();
                }
            }
            check(said.contains("too many open files") && said.contains("file=") && said.contains("stream="), "said: " + said);
            System.out.println("refused " + refused);
        }

        private static void check(boolean fact, String otherwise) {
            if (!fact) {
                System.out.println("WRONG: " + otherwise);
                System.exit(1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Storage.class, names = {"MAPPED", "CHANNEL"})
    void append_fewFilesMayBeOpened_allStandAndAFullTableIsSaid(Storage storage) throws Exception {
        try (LogHome home = storage == Storage.MAPPED ? LogHome.mapped() : LogHome.channel();
                TalkingJvm child = TalkingJvm.startAfter("ulimit -n " + LIMIT, Limited.class, home.root().toString(), storage.name())) {
            String said = child.rest();
            assertThat(said).contains("done").doesNotContain("WRONG").doesNotContain("Exception");
        }
    }
}
