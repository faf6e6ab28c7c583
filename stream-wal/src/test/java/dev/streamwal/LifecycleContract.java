package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.io.BootId;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import dev.streamwal.storage.WriterFile;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import net.openhft.chronicle.bytes.Bytes;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Opening and closing: who may open what, and what can still be done afterwards. */
abstract class LifecycleContract extends LogContract {

    LifecycleContract(LogHome home) {
        super(home);
    }

    // ---------------------------------------------------------------- closing

    @Test
    void close_twice_theSecondDoesNothing() {
        StreamWal wal = open();
        appendSome(wal.stream("s"), 3);
        wal.close();
        StreamWal other = open();
        wal.close();
        appendSome(other.stream("s"), 3);
        assertThatThrownBy(this::open).isInstanceOf(WalLockedException.class);
    }

    @Test
    void use_afterClose_throwsWalClosed() {
        StreamWal wal = open();
        WalStream cold = wal.stream("cold");
        WalStream mapped = wal.stream("mapped");
        WalStream unused = wal.stream("unused");
        appendSome(cold, 3);
        appendSome(mapped, MANY);
        wal.close();
        List<ThrowingCallable> calls = new ArrayList<>(List.of(
                () -> wal.stream("s"),
                () -> wal.append(new WriteBatch()),
                () -> wal.appendAsync(new WriteBatch()),
                wal::keys,
                wal::reader,
                () -> wal.delete("cold"),
                wal::sweep,
                () -> wal.sweep(clock.instant()),
                () -> wal.purge(Keys.key("cold"), clock.instant()),
                wal::stats,
                () -> wal.checkpoint(home.place("copy"))));
        byte[] some = bytes("x");
        for (WalStream stream : List.of(cold, mapped, unused)) {
            calls.addAll(List.of(
                    () -> stream.append(some),
                    () -> stream.append(NOW, some),
                    () -> stream.append(NOW, some, some),
                    () -> stream.append(NOW, ByteBuffer.wrap(some), ByteBuffer.wrap(some)),
                    () -> stream.append(NOW, Unpooled.EMPTY_BUFFER, Unpooled.EMPTY_BUFFER),
                    () -> stream.appendBytes(NOW, Bytes.from(""), Bytes.from("x")),
                    () -> stream.appendTyped(NOW, bytes -> bytes.write(some)),
                    () -> stream.append(WriteEntry.of(some)),
                    () -> stream.appendBatch(List.of(WriteEntry.of(some), WriteEntry.of(some))),
                    () -> stream.appendBatch(List.of()),
                    () -> stream.appendIfEndIs(0, WriteEntry.of(some)),
                    stream::endPosition));
        }
        for (ThrowingCallable call : calls) {
            assertThatThrownBy(call).isInstanceOf(WalClosedException.class).hasMessageContaining("closed");
        }
        assertThat(home.place("copy")).doesNotExist();
        assertThat(cold.key()).isEqualTo("cold");
    }

    @Test
    void reader_afterTheLogWasClosed_staysUsable() {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), MANY);
        WalReader reader = readerOf(wal);
        EntryCursor cursor = closing(reader.scan("s"));
        assertThat(cursor.next()).isTrue();
        wal.close();
        assertThat(Written.drain(cursor)).isEqualTo(written.subList(1, MANY));
        Written.assertHolds(reader, "s", written);
        assertThat(reader.keys()).containsExactly("s");
        assertThat(reader.describe("s")).isPresent();
    }

    @Test
    void reader_afterItsOwnClose_throwsWalClosedAndBatchesStay() {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 3);
        for (WalReader reader : List.of(wal.reader(), WalReader.open(root))) {
            EntryCursor cursor = reader.scan("s");
            EntryBatch batch = reader.readBatch(Written.refs(written));
            assertThat(cursor.next()).isTrue();
            reader.close();
            reader.close();
            List<ThrowingCallable> calls = List.of(
                    reader::keys,
                    () -> reader.keys(Keys.prefix("s")),
                    () -> reader.describe("s"),
                    () -> reader.readBatch(List.of()),
                    () -> reader.find(written.get(0).ref()),
                    () -> reader.latest("s"),
                    () -> reader.latest(List.of("s")),
                    () -> reader.scan("s"),
                    () -> reader.scan("s", clock.instant(), clock.instant()),
                    () -> reader.scanFrom("s", 0),
                    () -> reader.scanLast("s", 1),
                    () -> reader.verify("s"),
                    cursor::next);
            for (ThrowingCallable call : calls) {
                assertThatThrownBy(call).isInstanceOf(WalClosedException.class).hasMessageContaining("closed");
            }
            assertThat(batch.found().stream().map(Written::of).toList()).isEqualTo(written);
            batch.close();
            batch.close();
            cursor.close();
            cursor.close();
            assertThatThrownBy(() -> batch.get(0)).isInstanceOf(WalClosedException.class);
            assertThatThrownBy(cursor::next).isInstanceOf(WalClosedException.class);
        }
    }

    @Test
    void close_whileThreadsAppend_whatReturnedIsThereAndTheRestThrows() throws Exception {
        for (int round = 0; round < 5; round++) {
            StreamWal wal = open();
            String key = "s" + round;
            List<Written> written = Collections.synchronizedList(new ArrayList<>());
            AtomicReference<Throwable> wrong = new AtomicReference<>();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                int thread = t;
                WalStream stream = wal.stream(key);
                threads.add(new Thread(() -> {
                    try {
                        for (int i = 0; ; i++) {
                            byte[] content = bytes(thread + "/" + i);
                            written.add(Written.of(stream.append(NOW, content), NOW, content));
                        }
                    } catch (WalClosedException e) {
                        // as it should be
                    } catch (Throwable e) {
                        wrong.set(e);
                    }
                }, "test-appender"));
            }
            threads.forEach(Thread::start);
            int least = 50 + round * 400;
            await(least + " records", () -> written.size() >= least || wrong.get() != null);
            wal.close();
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(wrong.get()).isNull();
            List<Written> sorted = new ArrayList<>(written);
            sorted.sort((x, y) -> x.ref().compareTo(y.ref()));
            assertContiguous(sorted);
            Written.assertHolds(reader(), key, sorted);
        }
    }

    @Test
    void close_aLog_endsItsThreads() {
        // another class may have left a log as a process that is killed does
        Set<Thread> others = threads();
        StreamWal wal = open(options().sweepInterval(Duration.ofSeconds(1)));
        appendSome(wal.stream("s"), 1_000);
        assertThat(threads()).isNotEqualTo(others);
        wal.close();
        assertThat(others).containsAll(threads());
    }

    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("stream-wal")).collect(Collectors.toSet());
    }

    // ---------------------------------------------------------------- one writer

    @Test
    void open_openInThisProcess_refusedAndTheFirstGoesOn() throws IOException {
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 3);
        Path detour = root.resolve("segments").resolve("..");
        for (Path path : List.of(root, detour)) {
            for (int attempt = 0; attempt < 2; attempt++) {
                assertThatThrownBy(() -> StreamWal.open(path, options().build())).isInstanceOf(WalLockedException.class)
                        .hasMessageContaining("this process").hasMessageContaining("root=" + path)
                        .satisfies(e -> assertThat(((WalException) e).file().getFileName()).hasToString("LOCK"));
            }
        }
        Path link = Files.createSymbolicLink(home.place("link"), root);
        assertThatThrownBy(() -> StreamWal.open(link, options().build())).isInstanceOf(WalLockedException.class);
        written.addAll(appendSome(wal.stream("s"), MANY));
        assertHoldsEverywhere(wal, "s", written);
    }

    /** Opens a log, says what came of it, and keeps it until its input ends. */
    static final class Opener {
        public static void main(String[] arguments) throws IOException {
            WalOptions options = WalOptions.builder().storage(Storage.valueOf(arguments[1])).build();
            try (StreamWal wal = StreamWal.open(Path.of(arguments[0]), options)) {
                wal.stream("child").append(bytes("from the child"));
                System.out.println("open");
                while (System.in.read() >= 0) {
                    // until the end
                }
            } catch (WalLockedException e) {
                System.out.println("locked: " + e.getMessage());
            }
        }
    }

    @Test
    void open_openInAnotherProcess_refusedAndTheFailedAttemptTakesNothingAway() throws Exception {
        assumeTrue(home.isOfMachine());
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 3);
        // twice: the second would get in, if the first had cost us the lock
        for (int attempt = 0; attempt < 2; attempt++) {
            try (TalkingJvm child = TalkingJvm.start(Opener.class, root.toString(), home.storage().name())) {
                child.endInput();
                assertThat(child.rest())
                        .startsWith("locked: log is open for writing in another process: pid=" + ProcessHandle.current().pid() + ", root=" + root);
            }
            assertThatThrownBy(this::open).isInstanceOf(WalLockedException.class);
        }
        written.addAll(appendSome(wal.stream("s"), MANY));
        assertHoldsNow(wal, "s", written);
        wal.close();
        try (TalkingJvm child = TalkingJvm.start(Opener.class, root.toString(), home.storage().name())) {
            assertThat(child.line()).isEqualTo("open");
            for (int attempt = 0; attempt < 2; attempt++) {
                assertThatThrownBy(this::open).isInstanceOf(WalLockedException.class).hasMessageContaining("another process");
            }
            Written.assertHolds(reader(), "s", written);
            assertThat(reader().latest("child").orElseThrow().contentBytes()).isEqualTo(bytes("from the child"));
            child.endInput();
            assertThat(child.rest()).isEmpty();
        }
        StreamWal again = open(options(), BootId::ofThisMachine);
        assertHoldsNow(again, "s", written);
        assertThat(again.keys()).containsExactly("child", "s");
    }

    /** A backup in the writing process: closing the copied LOCK gives up the process' lock on it. */
    @Test
    void open_inAnotherProcessAfterTheLogsFilesWereCopiedHere_refused() throws Exception {
        assumeTrue(home.isOfMachine());
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), 3);
        for (boolean removed : new boolean[] {false, true}) {
            Files.readAllBytes(root.resolve("LOCK"));
            if (removed) {
                Files.delete(root.resolve("LOCK"));
            }
            try (TalkingJvm child = TalkingJvm.start(Opener.class, root.toString(), home.storage().name())) {
                child.endInput();
                assertThat(child.rest()).startsWith("locked: ").contains("pid=" + ProcessHandle.current().pid()).contains("root=" + root);
            }
            written.addAll(appendSome(wal.stream("s"), MANY));
            wal.stream("s").sync();
        }
        assertHoldsNow(wal, "s", written);
        wal.close();
        try (TalkingJvm child = TalkingJvm.start(Opener.class, root.toString(), home.storage().name())) {
            assertThat(child.line()).isEqualTo("open");
            child.endInput();
            assertThat(child.rest()).isEmpty();
        }
    }

    @Test
    void open_lockWasRemoved_refusedInThisProcess() throws IOException {
        StreamWal wal = open();
        Files.delete(root.resolve("LOCK"));
        for (int attempt = 0; attempt < 2; attempt++) {
            assertThatThrownBy(this::open).isInstanceOf(WalLockedException.class);
        }
        wal.close();
        open().close();
    }

    @Test
    void append_somebodyElseHasOpenedTheLog_nothingIsAcknowledgedAnyMore() throws IOException {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, MANY);
        stream.sync();
        WriterFile other = WriterFile.claim(root, 4711, NOW);
        expectFailures();
        List<ThrowingCallable> calls = List.of(
                () -> stream.append(WriteEntry.of(bytes("x")), Durability.IMMEDIATE),
                () -> stream.append(WriteEntry.of(bytes("x")), Durability.IMMEDIATE),
                () -> stream.append(bytes("x")),
                () -> stream.appendBatch(List.of(WriteEntry.of(bytes("x")), WriteEntry.of(bytes("x")))),
                () -> stream.appendAsync(WriteEntry.of(bytes("x"))),
                () -> wal.append(new WriteBatch()),
                wal::sweep,
                () -> wal.purge(Keys.key("s"), clock.instant()),
                () -> wal.delete("s"));
        for (ThrowingCallable call : calls) {
            assertThatThrownBy(call).isInstanceOf(WalLockedException.class).hasMessageContaining("another writer has opened the log");
        }
        try (WalReader reader = wal.reader()) {
            assertThat(Written.drain(reader.scan("s")).subList(0, MANY)).isEqualTo(written);
        }
        assertThatThrownBy(wal::close).isInstanceOf(WalLockedException.class);
        other.check();
        other.close(NOW);
        StreamWal again = open();
        try (WalReader reader = again.reader()) {
            assertThat(Written.drain(reader.scan("s")).subList(0, MANY)).isEqualTo(written);
            assertThat(reader.verify("s").damage()).isEmpty();
        }
    }

    @Test
    void append_somebodyElseHasOpenedTheLog_isNoticedBeforeASegmentIsCreated() {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        appendSome(stream, MANY);
        WriterFile.claim(root, 4711, NOW).close(NOW);
        expectFailures();
        int segments = segmentsOf("s").size();
        assertThatThrownBy(() -> appendSome(stream, 1_000, 1_000)).isInstanceOf(WalLockedException.class);
        assertThatThrownBy(() -> stream.append(bytes("x"))).isInstanceOf(WalLockedException.class);
        assertThat(segmentsOf("s")).hasSize(segments);
        assertThatThrownBy(wal::close).isInstanceOf(WalLockedException.class);
    }

    // ---------------------------------------------------------------- roots that are none

    @Test
    void open_noSuchDirectory_makesItWithItsParents() {
        Path deep = home.place("a/b/c");
        try (StreamWal wal = StreamWal.open(deep, options().build())) {
            wal.stream("s").append(bytes("x"));
        }
        assertThat(deep.resolve("segments/s")).isDirectory();
    }

    @Test
    void open_rootIsAFile_refusedWithItsNameAndLeftAlone() throws IOException {
        Path file = Files.write(Files.createDirectories(home.place("d")).resolve("file"), bytes("mine"));
        for (Path root : List.of(file, file.resolve("below"))) {
            assertThatThrownBy(() -> StreamWal.open(root, options().build())).isInstanceOf(WalIOException.class)
                    .hasMessageContaining(file.toString());
            assertThatThrownBy(() -> WalReader.open(root)).isInstanceOf(WalIOException.class)
                    .hasMessageContaining("root=" + root);
        }
        assertThat(file).hasContent("mine");
    }

    @Test
    void openReader_noSuchDirectory_refusedAndNothingIsMade() {
        assertThatThrownBy(this::reader).isInstanceOf(WalIOException.class).hasMessageContaining("root=" + root);
        assertThat(root).doesNotExist();
    }

    @Test
    void open_mappedWhereNothingCanBeMapped_refusedAndTheLogIsFree() {
        assumeTrue(!home.isOfMachine());
        WalOptions mapped = options().storage(Storage.MAPPED).build();
        for (int attempt = 0; attempt < 2; attempt++) {
            assertThatThrownBy(() -> StreamWal.open(root, mapped)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("Storage.MAPPED").hasMessageContaining("root=" + root);
        }
        appendSome(open().stream("s"), 1);
    }

    @Test
    void open_null_throwsAtTheCall() {
        assertThatThrownBy(() -> StreamWal.open(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> StreamWal.open(root, null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> WalReader.open(null)).isInstanceOf(NullPointerException.class);
        assertThat(root).doesNotExist();
    }
}
