package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.io.IoFailure;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import dev.streamwal.storage.StorageErrors;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A process that may open few files: a log says so where none is left, and goes on when there are some again. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "no ulimit")
class TooManyOpenFilesTest {

    private static final int LIMIT = 64;
    /** This JVM and its jars have some 40 files open already; half of what the process may open is not given to segments. */
    private static final int WRITERS_LIMIT = 128;
    private static final int STREAMS = 200;

    /** What runs in the process with the low limit; says what went wrong, or nothing. */
    static final class Limited {

        private Limited() {}

        public static void main(String[] arguments) throws IOException {
            Path root = Path.of(arguments[0]);
            Storage storage = Storage.valueOf(arguments[1]);
            WalOptions options = WalOptions.builder().storage(storage).segmentBytes(1 << 20).ownSegments(4)
                    // a new stream that shares needs no file
                    .streams("own*", StreamOptions.builder().segments(Segments.OWN).build()).build();
            List<EntryRef> refs = new ArrayList<>();
            int owned;
            // a class that comes from a directory, not a jar, takes a file to load: a log is closed before there is none to be had
            try (StreamWal wal = StreamWal.open(root, options)) {
                refs.add(append(wal, "own", "before"));
            }
            try (StreamWal wal = StreamWal.open(root, options)) {
                // many more streams than files, each of them several times
                for (int i = 0; i < STREAMS * 3; i++) {
                    refs.add(append(wal, "s" + i % STREAMS, "record " + i));
                    refs.add(append(wal, "busy", "record " + i));
                }
                useUpAndTry(wal, root, refs);
                refs.add(append(wal, "own", "after"));
                refs.add(append(wal, "s1", "after"));
                refs.add(append(wal, "another", "after"));
                owned = own(wal, refs);
            }
            // a mapping takes no descriptor
            check(storage == Storage.MAPPED ? owned == STREAMS : owned > 8 && owned <= WRITERS_LIMIT / 2, "of their own: " + owned);
            try (StreamWal wal = StreamWal.open(root, options); WalReader reader = wal.reader()) {
                for (EntryRef ref : refs) {
                    check(reader.find(ref).isPresent(), "missing: " + ref);
                }
                check(wal.keys().size() == refs.stream().map(EntryRef::key).distinct().count(), "keys: " + wal.keys().size());
            }
            System.out.println("done, " + refs.size() + " records");
        }

        /** As many streams with segments of their own as there may be; then the others go on. */
        private static int own(StreamWal wal, List<EntryRef> refs) {
            int owned = 0;
            for (int i = 0; i < STREAMS; i++) {
                try {
                    refs.add(append(wal, "own" + i, "first"));
                    owned++;
                } catch (TooManyOpenFilesException e) {
                    // as is to be told
                }
            }
            for (int i = 0; i < owned; i++) {
                refs.add(append(wal, "own" + i, "second"));
                refs.add(append(wal, "s" + i, "beside"));
            }
            return owned;
        }

        static EntryRef append(StreamWal wal, String key, String text) {
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
            useUp(root, open);
            try {
                for (int i = 0; i < STREAMS; i++) {
                    try {
                        refs.add(append(wal, "s" + i, "with all open"));
                    } catch (TooManyOpenFilesException e) {
                        refused++;
                        said = e.getMessage() + " | " + e.key();
                    }
                }
                boolean isRefused = false;
                // the log's own threads may have closed a file meanwhile
                for (int i = 0; i < 100 && !isRefused; i++) {
                    useUp(root, open);
                    try {
                        refs.add(append(wal, i == 0 ? "own" : "own/more" + i, "with all open"));
                    } catch (TooManyOpenFilesException e) {
                        isRefused = true;
                        said = e.getMessage();
                    }
                }
                check(isRefused, "a file more than all");
            } finally {
                for (Closeable one : open) {
                    one.close();
                }
            }
            check(said.contains("too many open files") && said.contains("file=") && said.contains("stream="), "said: " + said);
            System.out.println("refused " + refused);
        }

        private static void useUp(Path root, List<Closeable> open) {
            try {
                while (open.size() < 10_000) {
                    open.add(FileChannel.open(root.resolve("positions"), StandardOpenOption.READ));
                }
            } catch (IOException full) {
                // as wanted
            }
        }

        static void check(boolean fact, String otherwise) {
            if (!fact) {
                System.out.println("WRONG: " + otherwise);
                System.exit(1);
            }
        }
    }

    /** Follows many streams, by a consumer, with options that allow more files than the process may open. */
    static final class Following {

        private Following() {}

        public static void main(String[] arguments) throws Exception {
            Path root = Path.of(arguments[0]);
            Limited.check(ReaderOptions.builder().build().maxOpenFiles() == LIMIT / 8, "by default an eighth of them");
            ReaderOptions options = ReaderOptions.builder().maxOpenFiles(10_000).build();
            // all that is needed is loaded before no file can be opened any more
            try (WalReader reader = WalReader.open(root); EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
                Map<String, String> first = new TreeMap<>();
                readAll(tail, first);
                Limited.check(isAll(first, "01"), "delivered at first " + first);
            }
            Limited.check(IoFailure.of("try", new IOException("Too many open files"), root, "s", 0) instanceof TooManyOpenFilesException,
                    "an example");
            Map<String, String> delivered = new TreeMap<>();
            try (WalReader reader = WalReader.open(root, options); WalConsumer consumer = reader.consumer("c", Keys.all());
                    EntryTail tail = consumer.entries()) {
                readAll(tail, delivered);
                Limited.check(isAll(delivered, "01"), "delivered " + delivered);
                Limited.check(tail.next(Duration.ofMillis(1)) == false, "more than all");
                System.out.println("followed");
                waitForLine();
                useUpAndFollow(root, tail, delivered);
                readAll(tail, delivered);
                Limited.check(isAll(delivered, "012"), "delivered " + delivered);
                System.out.println("done");
            }
        }

        private static void waitForLine() throws IOException {
            Limited.check(System.in.read() < 0, "the end of the input is the sign");
        }

        /** What was appended meanwhile is told of as not to be read, or read with the one file that a tail may have; never skipped. */
        private static void useUpAndFollow(Path root, EntryTail tail, Map<String, String> delivered) throws Exception {
            List<Closeable> open = new ArrayList<>();
            try {
                while (open.size() < 10_000) {
                    open.add(FileChannel.open(root.resolve("positions"), StandardOpenOption.READ));
                }
            } catch (IOException full) {
                // as wanted
            }
            try {
                for (int i = 0; i < 10; i++) {
                    try {
                        if (tail.next(Duration.ofMillis(1))) {
                            delivered.merge(tail.key(), text(tail), String::concat);
                        }
                    } catch (TooManyOpenFilesException e) {
                        Limited.check(e.getMessage().contains("maxOpenFiles"), "said: " + e.getMessage());
                    }
                }
            } finally {
                for (Closeable one : open) {
                    one.close();
                }
            }
        }

        private static void readAll(EntryTail tail, Map<String, String> delivered) throws Exception {
            long wanted = (delivered.isEmpty() ? 2L : 3L) * STREAMS;
            while (delivered.values().stream().mapToLong(String::length).sum() < wanted && tail.next(Duration.ofSeconds(20))) {
                delivered.merge(tail.key(), text(tail), String::concat);
            }
        }

        private static String text(EntryTail tail) {
            return tail.content().toString(StandardCharsets.UTF_8);
        }

        private static boolean isAll(Map<String, String> delivered, String each) {
            return delivered.size() == STREAMS && delivered.values().stream().allMatch(each::equals);
        }
    }

    @Test
    void follow_fewFilesMayBeOpened_allIsDeliveredInOrder() throws Exception {
        try (LogHome home = LogHome.channel(); StreamWal wal = StreamWal.open(home.root())) {
            appendToAll(wal, "0");
            appendToAll(wal, "1");
            try (TalkingJvm child = TalkingJvm.startAfter("ulimit -n " + LIMIT, Following.class, home.root().toString())) {
                String said = child.line();
                assertThat(said).as("%s, then %s", said, said.equals("followed") ? "" : child.rest()).isEqualTo("followed");
                appendToAll(wal, "2");
                child.endInput();
                assertThat(child.rest()).contains("done").doesNotContain("WRONG").doesNotContain("Exception");
            }
        }
    }

    private static void appendToAll(StreamWal wal, String text) {
        for (int i = 0; i < STREAMS; i++) {
            EntryRef unused = Limited.append(wal, "s" + i, text);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Storage.class, names = {"MAPPED", "CHANNEL"})
    void append_fewFilesMayBeOpened_allStandAndAFullTableIsSaid(Storage storage) throws Exception {
        try (LogHome home = storage == Storage.MAPPED ? LogHome.mapped() : LogHome.channel();
                TalkingJvm child = TalkingJvm.startAfter("ulimit -n " + WRITERS_LIMIT, Limited.class, home.root().toString(), storage.name())) {
            String said = child.rest();
            assertThat(said).contains("done").doesNotContain("WRONG").doesNotContain("Exception");
        }
    }
}
