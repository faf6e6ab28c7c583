package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.DirectoryTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code tail}. */
@Timeout(300)
class TailCommandTest {

    @TempDir
    private Path directory;

    /** A command in a thread of its own, until it is interrupted. */
    private static final class Running {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final StringWriter err = new StringWriter();
        private final AtomicInteger exit = new AtomicInteger(-1);
        private final Thread thread;

        Running(OutputStream out, Object... arguments) {
            OutputStream target = out == null ? bytes : out;
            CommandContext context = new CommandContext(target, new PrintWriter(err), false, InstantSource.fixed(CliRun.NOW));
            String[] texts = Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new);
            thread = new Thread(() -> exit.set(StreamWalCommand.commandLine(context).execute(texts)), "tail");
            thread.start();
        }

        String out() {
            return bytes.toString(UTF_8);
        }

        void await(String shown) throws InterruptedException {
            while (!out().contains(shown)) {
                assertThat(thread.isAlive()).as("it goes on: %s", err).isTrue();
                Thread.sleep(5);
            }
        }

        int interrupt() throws InterruptedException {
            thread.interrupt();
            thread.join();
            return exit.get();
        }
    }

    @Test
    void tail_withoutFollow_theNewestOfEachStream() {
        SampleLog log = SampleLog.closed(directory);
        CliRun run = CliRun.of("tail", log.root(), "meter/*", "-n", 2);
        assertThat(run.out()).isEqualTo("""
                2024-05-01T11:58:00.000Z  meter/1@1120+40  [unit=W]  28
                2024-05-01T11:59:00.000Z  meter/1@1160+40  [unit=W]  29
                2024-05-01T11:55:00.000Z  meter/2@40+40  a
                2024-05-01T11:55:01.000Z  meter/2@80+40  b
                """);
        assertThat(run.exit()).isEqualTo(Exit.OK.code());
        assertThat(CliRun.of("tail", log.root(), "meter/1").lines()).hasSize(10);
        assertThat(CliRun.of("tail", log.root(), "nothing").exit()).isEqualTo(Exit.FINDINGS.code());
    }

    /** It is told of, and the others are shown. */
    @Test
    void tailAndCat_whereOneStreamsEndIsDamaged_showTheOthers() throws IOException {
        SampleLog log = SampleLog.closed(directory);
        Path damaged = log.root().resolve("segments").resolve(StreamKey.of("meter/1").directoryName());
        try (Stream<Path> files = Files.list(damaged)) {
            Path newest = files.sorted().reduce((first, second) -> second).orElseThrow();
            byte[] bytes = Files.readAllBytes(newest);
            bytes[SegmentHeaderLayout.FIXED_BYTES] ^= 1;
            Files.write(newest, bytes);
        }
        for (String command : List.of("tail", "cat")) {
            CliRun run = CliRun.of(command, log.root(), "meter/*", command.equals("tail") ? "-n" : "--last", 2);
            assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
            assertThat(run.err()).contains("stream=meter/1");
            assertThat(run.lines()).hasSize(2).allSatisfy(line -> assertThat(line).contains("meter/2@"));
        }
    }

    @Test
    void tail_json_anObjectARecord() throws IOException {
        SampleLog log = SampleLog.closed(directory);
        assertThat(CliRun.of("tail", log.root(), "meter/1", "-n", 3, "--json").json())
                .extracting(entry -> entry.get("content")).containsExactly("27", "28", "29");
    }

    @Test
    void follow_keysThatAreThereAndNot_deliversWhatIsAppendedAndNothingElse() throws Exception {
        try (SampleLog log = SampleLog.open(directory)) {
            Running tail = new Running(null, "tail", log.root(), "meter/1", "later", "-f", "-n", 1, "--format", "text");
            tail.await("29");
            append(log, "meter/1", "30");
            tail.await("  30\n");
            append(log, "meter/2", "unasked");
            append(log, "later", "first");
            tail.await("first");
            append(log, "later", "second");
            tail.await("second");
            assertThat(tail.interrupt()).isEqualTo(Exit.OK.code());
            assertThat(tail.out().lines().map(line -> line.substring(line.lastIndexOf(' ') + 1)))
                    .containsExactly("29", "30", "first", "second");
            assertThat(tail.err.toString()).isEmpty();
        }
    }

    /** As a bad sector does. */
    @Test
    void follow_whereAStreamCannotBeRead_followsTheOthers() throws Exception {
        try (SampleLog log = SampleLog.open(directory)) {
            Path segment = log.segments("binary").get(0);
            Path kept = Files.move(segment, directory.resolve("kept"));
            Files.createDirectory(segment);
            Running tail = new Running(null, "tail", log.root(), "-f", "-n", 1);
            tail.await("meter/2");
            // whether this is before or after the tail begins isn't known: what is appended from then on it delivers
            for (int i = 0; !tail.out().contains("more-"); i++) {
                assertThat(tail.thread.isAlive()).as("it goes on: %s", tail.err).isTrue();
                append(log, "meter/1", "more-" + i);
                Thread.sleep(5);
            }
            assertThat(tail.interrupt()).isEqualTo(Exit.FAILED.code());
            assertThat(tail.err.toString().lines()).hasSize(2).first().asString().contains("stream=binary");
            assertThat(CliRun.of("tail", log.root(), "binary", "-f").exit()).as("nothing to follow").isEqualTo(Exit.FAILED.code());
            Files.delete(segment);
            assertThat(Files.move(kept, segment)).exists();
        }
    }

    /** One that comes while the tail runs. The others are followed, it is told of once, and it is followed as soon as it can be read. */
    @Test
    void follow_whereANewStreamCannotBeRead_followsTheOthersUntilItCan() throws Exception {
        try (SampleLog log = SampleLog.open(directory)) {
            Path segment = log.segments("binary").get(0);
            Path spoilt = directory.resolve("spoilt");
            Files.createDirectories(spoilt.resolve(segment.getFileName()));
            Running tail = new Running(null, "tail", log.root(), "-f", "-n", 1);
            tail.await("meter/2");
            Path folder = Files.move(spoilt, LogSegments.folder(log.root()).resolve(StreamKey.of("spoilt").directoryName()));
            while (!tail.err.toString().contains("stream=spoilt")) {
                assertThat(tail.thread.isAlive()).as("it goes on: %s", tail.err).isTrue();
                Thread.sleep(5);
            }
            for (int i = 0; i < 3; i++) {
                append(log, "meter/1", "more-" + i);
                tail.await("more-" + i);
            }
            assertThat(tail.err.toString().lines()).hasSize(1);
            DirectoryTree.delete(folder);
            append(log, "spoilt", "whole");
            tail.await("whole");
            assertThat(tail.interrupt()).isEqualTo(Exit.FAILED.code());
            assertThat(tail.err.toString().lines()).hasSize(1);
        }
    }

    @Test
    void follow_prefixOrAll_newStreamsToo() throws Exception {
        try (SampleLog log = SampleLog.open(directory)) {
            Running prefix = new Running(null, "tail", log.root(), "meter/*", "-f", "-n", 0);
            Running all = new Running(null, "tail", log.root(), "--follow", "-n", 1, "--json");
            all.await("meter/2");
            append(log, "other", "o");
            // whether this is before or after the tail begins isn't known: what is appended from then on it delivers
            for (int i = 0; !prefix.out().contains("meter/1"); i++) {
                append(log, "meter/1", "more-" + i);
                Thread.sleep(5);
            }
            append(log, "meter/3", "m");
            prefix.await("meter/3@0+40  m");
            all.await("meter/3");
            all.await("other");
            assertThat(prefix.interrupt()).isEqualTo(Exit.OK.code());
            assertThat(all.interrupt()).isEqualTo(Exit.OK.code());
            assertThat(prefix.out()).doesNotContain("other", "  29");
        }
    }

    @Test
    void follow_pipeThatBreaks_endsQuietly() throws Exception {
        try (SampleLog log = SampleLog.open(directory)) {
            OutputStream broken = new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    throw new IOException("Broken pipe");
                }
            };
            Running tail = new Running(broken, "tail", log.root(), "meter/1", "-f", "-n", 1);
            tail.thread.join();
            assertThat(tail.exit.get()).isEqualTo(Exit.OK.code());
            assertThat(tail.err.toString()).isEmpty();
        }
    }

    @Test
    void followedKeys_arguments_aPrefixOnlyWhereItIsOne() {
        KeySelection none = new KeySelection(new TreeSet<>(), List.of(), false, false, new TreeSet<>());
        assertThat(FollowedKeys.of(List.of(), none).prefix()).contains("");
        assertThat(FollowedKeys.of(List.of("*"), none).prefix()).contains("");
        assertThat(FollowedKeys.of(List.of("a/*"), none).prefix()).contains("a/");
        for (List<String> named : List.of(List.of("a"), List.of("a*b"), List.of("a?*"), List.of("a*", "b"))) {
            assertThat(FollowedKeys.of(named, none).prefix()).as("%s", named).isEmpty();
        }
        KeySelection literally = new KeySelection(new TreeSet<>(List.of("a*")), List.of(), false, false, new TreeSet<>());
        assertThat(FollowedKeys.of(List.of("a*"), literally).prefix()).isEmpty();
    }

    private static void append(SampleLog log, String key, String content) {
        log.wal().stream(key).append(content.getBytes(UTF_8));
    }
}
