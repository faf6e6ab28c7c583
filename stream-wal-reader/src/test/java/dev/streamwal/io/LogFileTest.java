package dev.streamwal.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.io.ScriptedChannel.Script;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("try") // a file is closed in the middle of its use, and opened again
class LogFileTest {

    private static final int BYTES = 24;
    private static final byte[] CONTENT = random(BYTES);

    @TempDir
    private Path directory;

    private Path path;

    @BeforeEach
    void nameTheFile() {
        path = directory.resolve("f");
    }

    @AfterEach
    void clearInterrupt() {
        Thread.interrupted();
    }

    private static byte[] random(int bytes) {
        byte[] random = new byte[bytes];
        new Random(bytes).nextBytes(random);
        return random;
    }

    /** With a margin before and behind, of which nothing may be used. */
    private static ByteBuffer within(byte[] bytes, boolean direct) {
        ByteBuffer buffer = direct ? ByteBuffer.allocateDirect(bytes.length + 8) : ByteBuffer.allocate(bytes.length + 8);
        return buffer.position(3).put(bytes).flip().position(3);
    }

    private static byte[] read(LogFile file, long offset, int wanted) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(wanted + 8).position(3).limit(3 + wanted);
        int read = file.read(target, offset);
        assertThat(target.position()).isEqualTo(3 + read);
        return Arrays.copyOfRange(target.array(), 3, 3 + read);
    }

    /** A file whose channels follow a script each; the last script stands for all later ones. */
    private final class ScriptedFile extends LogFile {

        private final List<Script> scripts;
        final List<Integer> reads = new ArrayList<>();
        final List<FileChannel> channels = new ArrayList<>();
        int openings;

        ScriptedFile(Script... scripts) {
            super(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
            this.scripts = List.of(scripts);
        }

        @Override
        protected FileChannel openChannel() throws IOException {
            FileChannel channel = new ScriptedChannel(super.openChannel(), scripts.get(Math.min(openings++, scripts.size() - 1)));
            channels.add(channel);
            return channel;
        }

        @Override
        protected void wasRead(int read) {
            reads.add(read);
        }
    }

    private static final Script WHOLE = (call, wanted) -> wanted;

    private static Script atMost(int bytes) {
        return (call, wanted) -> Math.min(wanted, bytes);
    }

    /** The first call does so much, later ones all. */
    private static Script first(int bytes) {
        boolean[] later = {false};
        return (call, wanted) -> {
            int part = later[0] ? wanted : Math.min(wanted, bytes);
            later[0] = true;
            return part;
        };
    }

    /** Something is thrown when a call is done. */
    private interface Ending {
        void of(String call, FileChannel channel) throws IOException;
    }

    /** Each call does so much, and the n-th ends like this. */
    private static Script ending(int nth, int bytes, Ending ending) {
        return new Script() {
            private int calls;

            @Override
            public int bytes(String call, int wanted) {
                return Math.min(wanted, bytes);
            }

            @Override
            public void done(String call, FileChannel channel) throws IOException {
                if (++calls == nth) {
                    ending.of(call, channel);
                }
            }
        };
    }

    /** As a channel ends whose thread is interrupted. */
    private static void interrupt(String call, FileChannel channel) throws IOException {
        channel.close();
        Thread.currentThread().interrupt();
        throw new ClosedByInterruptException();
    }

    /** As a channel ends that another thread uses as well, which is interrupted. */
    private static void interruptAnother(String call, FileChannel channel) throws IOException {
        channel.close();
        throw new AsynchronousCloseException();
    }

    // ---------------------------------------------------------------- channels that do less than they are asked

    @Test
    void read_shortReadsOfEverySize_fillTheTargetOrReadToTheEnd() throws IOException {
        Files.write(path, CONTENT);
        for (int bytes = 1; bytes <= BYTES; bytes++) {
            for (Script script : List.of(first(bytes), atMost(bytes))) {
                for (int offset = 0; offset <= BYTES + 1; offset++) {
                    for (int wanted : new int[] {0, 1, BYTES - 1, BYTES, BYTES + 1}) {
                        try (LogFile file = new ScriptedFile(script)) {
                            int from = Math.min(offset, BYTES);
                            assertThat(read(file, offset, wanted)).as("bytes=%s, offset=%s, wanted=%s", bytes, offset, wanted)
                                    .isEqualTo(Arrays.copyOfRange(CONTENT, from, Math.min(BYTES, from + wanted)));
                        }
                    }
                }
            }
        }
    }

    @Test
    void wasRead_eachCallOfTheSystem_isToldWithTheEnd() throws IOException {
        Files.write(path, CONTENT);
        try (ScriptedFile file = new ScriptedFile(atMost(10))) {
            read(file, 0, BYTES);
            assertThat(file.reads).containsExactly(10, 10, 4);
            file.reads.clear();
            read(file, 20, 10);
            assertThat(file.reads).containsExactly(4, -1);
        }
    }

    @Test
    void write_shortWritesOfEverySize_writeAllAtItsPlace() throws IOException {
        for (int bytes = 1; bytes <= BYTES; bytes++) {
            for (Script script : List.of(first(bytes), atMost(bytes))) {
                for (boolean direct : new boolean[] {false, true}) {
                    byte[] before = random(BYTES + 10);
                    Files.write(path, before);
                    ByteBuffer source = within(CONTENT, direct);
                    try (LogFile file = new ScriptedFile(script)) {
                        file.write(5, source);
                    }
                    System.arraycopy(CONTENT, 0, before, 5, BYTES);
                    assertThat(Files.readAllBytes(path)).as("bytes=%s", bytes).isEqualTo(before);
                    assertThat(source.hasRemaining()).isFalse();
                }
            }
        }
    }

    @Test
    void write_manyBuffersAndShortWritesOfEverySize_writeAllAtItsPlaceAndMoveNothing() throws IOException {
        for (int bytes = 1; bytes <= BYTES; bytes++) {
            for (Script script : List.of(first(bytes), atMost(bytes))) {
                byte[] before = random(BYTES + 10);
                Files.write(path, before);
                ByteBuffer[] sources = {within(new byte[0], false), within(Arrays.copyOf(CONTENT, 7), false),
                        within(Arrays.copyOfRange(CONTENT, 7, 8), true), within(Arrays.copyOfRange(CONTENT, 8, BYTES), false)};
                try (LogFile file = new ScriptedFile(script)) {
                    file.write(5, sources);
                }
                System.arraycopy(CONTENT, 0, before, 5, BYTES);
                assertThat(Files.readAllBytes(path)).as("bytes=%s", bytes).isEqualTo(before);
                assertThat(sources).allMatch(source -> source.position() == 3);
            }
        }
    }

    @Test
    void zero_shortWritesOfEverySize_zerosThatAndNothingElse() throws IOException {
        for (int bytes = 1; bytes <= BYTES; bytes++) {
            for (Script script : List.of(first(bytes), atMost(bytes))) {
                Files.write(path, CONTENT);
                try (LogFile file = new ScriptedFile(script)) {
                    file.zero(4, 20);
                    byte[] expected = CONTENT.clone();
                    Arrays.fill(expected, 4, 20, (byte) 0);
                    assertThat(read(file, 0, BYTES)).as("bytes=%s", bytes).isEqualTo(expected);
                    file.zero(20, 60);
                    assertThat(file.size()).as("grown").isEqualTo(60);
                    assertThat(read(file, 20, 100)).isEqualTo(new byte[40]);
                }
            }
        }
    }

    @Test
    void zero_moreThanOneWritesWorth_takesAsManyWrites() throws IOException {
        List<Integer> wants = new ArrayList<>();
        try (LogFile file = new ScriptedFile((call, wanted) -> {
            wants.add(wanted);
            return wanted;
        })) {
            file.zero(3, 3);
            file.zero(0, 2L * LogFile.ZERO_BYTES + 5);
            assertThat(wants).containsExactly(LogFile.ZERO_BYTES, LogFile.ZERO_BYTES, 5);
            assertThat(file.size()).isEqualTo(2L * LogFile.ZERO_BYTES + 5);
        }
    }

    @Test
    void writeAndZero_nothing_makeNoCallAndDoNotGrow() throws IOException {
        Files.write(path, CONTENT);
        Script none = (call, wanted) -> {
            throw new AssertionError("nothing is to be done: " + call);
        };
        try (LogFile file = new ScriptedFile(none)) {
            file.write(BYTES + 100, ByteBuffer.allocate(0));
            file.write(BYTES + 100);
            file.write(BYTES + 100, ByteBuffer.allocate(0), ByteBuffer.allocate(0));
            file.zero(BYTES + 100, BYTES + 100);
            assertThat(file.read(ByteBuffer.allocate(0), 0)).isZero();
            assertThat(file.size()).isEqualTo(BYTES);
        }
    }

    @Test
    void truncate_shorterOrLonger_cutsAndNeverGrows() throws IOException {
        Files.write(path, CONTENT);
        try (LogFile file = new ScriptedFile(WHOLE)) {
            file.truncate(BYTES + 10);
            assertThat(file.size()).isEqualTo(BYTES);
            file.truncate(5);
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(Arrays.copyOf(CONTENT, 5));
    }

    @Test
    void write_fails_saysWhatTheSystemSaidAndOfWhichFile() throws IOException {
        IOException full = new IOException("No space left on device");
        String message = path + ": No space left on device";
        try (LogFile file = new ScriptedFile((call, wanted) -> {
            throw full;
        })) {
            assertThatThrownBy(() -> file.write(0, within(CONTENT, false))).hasMessage(message).hasCause(full);
            assertThatThrownBy(() -> file.write(0, within(CONTENT, false), within(CONTENT, false))).hasMessage(message).hasCause(full);
            assertThatThrownBy(() -> file.zero(0, 1)).hasMessage(message).hasCause(full);
        }
    }

    /** What says more than the system does, and what is told by its type, stays as it is. */
    @Test
    void write_failsAndTheFailureIsNoBareTextOfTheSystem_throwsIt() throws IOException {
        for (IOException known : List.of(new NoSuchFileException("x"), new IOException("Map failed", new OutOfMemoryError("Map failed")),
                new IOException("bad: file=x"), new IOException((String) null))) {
            try (LogFile file = new ScriptedFile((call, wanted) -> {
                throw known;
            })) {
                assertThatThrownBy(() -> file.write(0, within(CONTENT, false))).isSameAs(known);
            }
        }
    }

    // ---------------------------------------------------------------- interrupts

    /** Something done with a file. */
    private interface Use {
        void of(LogFile file) throws IOException;
    }

    private void assertInterruptedAnywhere(int calls, Use use) throws IOException {
        for (int nth = 1; nth <= calls; nth++) {
            Files.write(path, CONTENT);
            try (ScriptedFile file = new ScriptedFile(ending(nth, 5, LogFileTest::interrupt), WHOLE)) {
                use.of(file);
                assertThat(file.openings).as("interrupted in call " + nth).isEqualTo(2);
                assertThat(Thread.interrupted()).as("the thread finds its interrupt").isTrue();
            }
        }
    }

    @Test
    void calls_interruptedInAny_areDoneAgainFromTheirBeginning() throws IOException {
        int parts = 5;
        assertInterruptedAnywhere(parts, file -> assertThat(read(file, 0, BYTES)).isEqualTo(CONTENT));
        byte[] reversed = CONTENT.clone();
        for (int i = 0; i < BYTES; i++) {
            reversed[i] = CONTENT[BYTES - 1 - i];
        }
        assertInterruptedAnywhere(parts, file -> {
            file.write(0, within(reversed, false));
            assertThat(Files.readAllBytes(path)).isEqualTo(reversed);
        });
        assertInterruptedAnywhere(parts, file -> {
            file.write(0, within(Arrays.copyOf(reversed, 10), false), within(Arrays.copyOfRange(reversed, 10, BYTES), false));
            assertThat(Files.readAllBytes(path)).isEqualTo(reversed);
        });
        assertInterruptedAnywhere(parts, file -> {
            file.zero(1, BYTES);
            assertThat(Files.readAllBytes(path)).isEqualTo(Arrays.copyOf(Arrays.copyOf(CONTENT, 1), BYTES));
        });
        assertInterruptedAnywhere(1, file -> assertThat(file.size()).isEqualTo(BYTES));
        assertInterruptedAnywhere(1, file -> {
            file.truncate(3);
            assertThat(Files.size(path)).isEqualTo(3);
        });
    }

    @Test
    void calls_threadWasInterruptedBefore_areDoneAndKeepTheFlag() throws IOException {
        Thread.currentThread().interrupt();
        try (LogFile file = new LogFile(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            file.create();
            file.write(0, within(CONTENT, false));
            file.force();
            assertThat(read(file, 0, BYTES)).isEqualTo(CONTENT);
        }
        assertThat(LogFile.readSmall(path, BYTES)).hasValueSatisfying(found -> assertThat(found).isEqualTo(CONTENT));
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void together_interruptedInTheForce_writesAgainBeforeItForcesAgain() throws IOException {
        List<String> calls = new ArrayList<>();
        for (String force : List.of("force", "forceContent")) {
            try (LogFile file = new ScriptedFile(new Script() {
                @Override
                public int bytes(String call, int wanted) {
                    return wanted;
                }

                @Override
                public void done(String call, FileChannel channel) throws IOException {
                    calls.add(call);
                    if (calls.size() == 2) {
                        interrupt(call, channel);
                    }
                }
            })) {
                file.together(open -> {
                    open.write(0, within(CONTENT, false));
                    if (force.equals("force")) {
                        open.force();
                    } else {
                        open.forceContent();
                    }
                });
            }
            assertThat(calls).containsExactly("write", force, "write", force);
            assertThat(Thread.interrupted()).isTrue();
            calls.clear();
        }
    }

    @Test
    void ask_interruptedBetweenTwoReads_readsBothOfTheFileThatHasTheNameThen() throws IOException {
        Files.write(path, CONTENT);
        byte[] later = random(BYTES + 1);
        Script replacing = ending(2, BYTES, (call, channel) -> {
            LogFile.rename(Files.write(directory.resolve("other"), later), path);
            interrupt(call, channel);
        });
        try (LogFile file = new ScriptedFile(replacing, WHOLE)) {
            byte[] found = file.ask(open -> {
                ByteBuffer target = ByteBuffer.allocate(BYTES);
                open.read(target.limit(BYTES / 2), 0);
                open.read(target.limit(BYTES), BYTES / 2);
                return target.array();
            });
            assertThat(found).isEqualTo(Arrays.copyOf(later, BYTES));
        }
    }

    @Test
    void calls_closedByInterruptsOfAnotherThread_areDoneAgain() throws IOException {
        Files.write(path, CONTENT);
        Script closed = ending(2, 5, LogFileTest::interruptAnother);
        try (ScriptedFile file = new ScriptedFile(closed, ending(1, 5, LogFileTest::interruptAnother), WHOLE)) {
            assertThat(read(file, 0, BYTES)).isEqualTo(CONTENT);
            assertThat(file.openings).isEqualTo(3);
            assertThat(Thread.interrupted()).as("it wasn't this thread's").isFalse();
        }
    }

    @Test
    void calls_closedByOtherThreadsEachTime_failInTheEnd() throws IOException {
        Files.write(path, CONTENT);
        Script closedEachTime = new Script() {
            @Override
            public int bytes(String call, int wanted) {
                return wanted;
            }

            @Override
            public void done(String call, FileChannel channel) throws IOException {
                interruptAnother(call, channel);
            }
        };
        try (ScriptedFile file = new ScriptedFile(closedEachTime)) {
            assertThatThrownBy(file::size).isInstanceOf(IOException.class)
                    .hasMessageContaining("reopenings=" + LogFile.MAX_REOPENINGS).hasMessageContaining("file=" + path)
                    .hasCauseInstanceOf(AsynchronousCloseException.class);
            assertThat(file.openings).isEqualTo(LogFile.MAX_REOPENINGS + 1);
        }
    }

    @Test
    void together_somethingElseIsClosed_throwsAtOnce() throws IOException {
        List<String> attempts = new ArrayList<>();
        ClosedChannelException other = new ClosedChannelException();
        try (LogFile file = new ScriptedFile(WHOLE)) {
            assertThatThrownBy(() -> file.together(open -> {
                attempts.add("one");
                throw other;
            })).isSameAs(other);
        }
        assertThat(attempts).hasSize(1);
    }

    // ---------------------------------------------------------------- opening

    @Test
    void reading_noSuchFile_throwsAtTheFirstUseAndMakesNone() throws IOException {
        try (LogFile file = LogFile.reading(path)) {
            assertThat(file.isOpen()).isFalse();
            assertThatThrownBy(file::open).isInstanceOf(NoSuchFileException.class);
            assertThatThrownBy(file::size).isInstanceOf(NoSuchFileException.class);
            assertThatThrownBy(() -> new LogFile(path, StandardOpenOption.WRITE).write(0, within(CONTENT, false)))
                    .isInstanceOf(NoSuchFileException.class);
            assertThatThrownBy(file::force).isInstanceOf(NoSuchFileException.class);
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void create_fileIsThere_throwsAndLeavesItAlone() throws IOException {
        Files.write(path, CONTENT);
        try (LogFile file = new LogFile(path, StandardOpenOption.WRITE)) {
            assertThatThrownBy(file::create).isInstanceOf(FileAlreadyExistsException.class);
            assertThat(file.isOpen()).isFalse();
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(CONTENT);
    }

    @Test
    void close_usedAgain_opensWhatHasTheNameWithoutMakingIt() throws IOException {
        try (LogFile file = new LogFile(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            file.create();
            file.write(0, within(CONTENT, false));
            file.close();
            file.close();
            assertThat(file.isOpen()).isFalse();
            assertThat(read(file, 0, BYTES)).isEqualTo(CONTENT);
            assertThat(file.isOpen()).isTrue();
            Path moved = directory.resolve("moved");
            LogFile.rename(path, moved);
            assertThat(read(file, 0, BYTES)).as("the open one").isEqualTo(CONTENT);
            file.close();
            assertThatThrownBy(file::size).isInstanceOf(NoSuchFileException.class);
            file.renamed(moved);
            assertThat(read(file, 0, BYTES)).isEqualTo(CONTENT);
        }
    }

    @Test
    void close_open_givesUpTheDescriptorAndEachUseNeedsOne() throws IOException {
        ScriptedFile file = new ScriptedFile(WHOLE);
        file.close();
        assertThat(file.openings).isZero();
        file.open();
        file.open();
        assertThat(file.size()).isZero();
        assertThat(file.channels).hasSize(1).allMatch(FileChannel::isOpen);
        file.close();
        assertThat(file.channels).noneMatch(FileChannel::isOpen);
    }

    @Test
    void write_aLargeBufferOnTheHeap_isWrittenInPieces() throws IOException {
        byte[] content = random(3 * LogFile.CHUNK_BYTES + 5);
        for (boolean direct : new boolean[] {false, true}) {
            int[] largest = {0};
            try (ScriptedFile file = new ScriptedFile((call, wanted) -> {
                largest[0] = Math.max(largest[0], wanted);
                return Math.min(wanted, LogFile.CHUNK_BYTES - 7);
            })) {
                ByteBuffer buffer = within(content, direct);
                file.write(2, buffer);
                assertThat(buffer.position()).isEqualTo(buffer.limit()).isEqualTo(3 + content.length);
            }
            assertThat(largest[0]).isEqualTo(direct ? content.length : LogFile.CHUNK_BYTES);
            assertThat(Arrays.copyOfRange(Files.readAllBytes(path), 2, 2 + content.length)).isEqualTo(content);
            Files.delete(path);
        }
    }

    // ---------------------------------------------------------------- small files

    @Test
    void readSmall_noSuchFile_isEmpty() throws IOException {
        assertThat(LogFile.readSmall(path, 10)).isEmpty();
    }

    @Test
    void readSmall_shorterAsLongAndLongerThanTheLimit_readsNoMoreThanThat() throws IOException {
        for (int bytes : new int[] {0, 1, 99, 100, 101, LogFile.CHUNK_BYTES, LogFile.CHUNK_BYTES + 1, 5 * LogFile.CHUNK_BYTES + 7}) {
            byte[] content = random(bytes);
            Files.write(path, content);
            for (int limit : new int[] {1, 100, LogFile.CHUNK_BYTES, LogFile.CHUNK_BYTES + 1, 4 * LogFile.CHUNK_BYTES, Integer.MAX_VALUE}) {
                assertThat(LogFile.readSmall(path, limit).orElseThrow()).as("bytes=%s, limit=%s", bytes, limit)
                        .isEqualTo(Arrays.copyOf(content, Math.min(bytes, limit)));
            }
        }
    }

    @Test
    void readStart_shortReads_areNotTheEndAndAtMostOneChunkIsAskedFor() throws IOException {
        byte[] content = random(5 * LogFile.CHUNK_BYTES + 3);
        Files.write(path, content);
        for (int bytes : new int[] {1_000, LogFile.CHUNK_BYTES - 1, Integer.MAX_VALUE}) {
            int[] largest = {0};
            long[] total = {0};
            try (ScriptedFile file = new ScriptedFile((call, wanted) -> {
                largest[0] = Math.max(largest[0], wanted);
                return Math.min(wanted, bytes);
            })) {
                byte[] found = file.ask(open -> LogFile.readStart(open, content.length - 1));
                assertThat(found).isEqualTo(Arrays.copyOf(content, content.length - 1));
                file.reads.forEach(read -> total[0] += read);
            }
            assertThat(largest[0]).isEqualTo(LogFile.CHUNK_BYTES);
            assertThat(total[0]).as("nothing behind the limit is read").isEqualTo(content.length - 1);
        }
    }

    @Test
    void replace_thereOrNot_hasTheNewContentAndNoTemporary() throws IOException {
        Path temporary = directory.resolve("t");
        Files.write(temporary, random(BYTES * 10)); // as a crash leaves it
        for (byte[] content : List.of(CONTENT, random(5), random(100_000))) {
            LogFile.replace(temporary, path, file -> file.write(0, within(content, false)));
            assertThat(Files.readAllBytes(path)).isEqualTo(content);
            assertThat(temporary).doesNotExist();
        }
    }

    @Test
    void replace_contentFails_leavesTheOldOne() throws IOException {
        Files.write(path, CONTENT);
        IOException full = new IOException("No space left on device");
        assertThatThrownBy(() -> LogFile.replace(directory.resolve("t"), path, file -> {
            file.write(0, within(random(5), false));
            throw full;
        })).hasMessage(directory.resolve("t") + ": No space left on device").hasCause(full);
        assertThat(Files.readAllBytes(path)).isEqualTo(CONTENT);
    }

    @Test
    void writeNew_interruptedOnce_beginsWithAnEmptyFileAgain() throws IOException {
        int[] attempts = {0};
        String result = LogFile.writeNew(path, file -> {
            assertThat(file.size()).isZero();
            file.write(0, within(random(BYTES - attempts[0]), false));
            if (attempts[0]++ == 0) {
                interrupt("write", file.channel());
            }
            return "written";
        });
        assertThat(result).isEqualTo("written");
        assertThat(Files.readAllBytes(path)).isEqualTo(random(BYTES - 1));
        assertThat(Thread.interrupted()).isTrue();
    }

    // ---------------------------------------------------------------- copies

    @Test
    void copy_chunksOfEverySizeAndShortReads_copiesExactlyThat() throws IOException {
        Files.write(path, CONTENT);
        for (int chunk = 1; chunk <= BYTES + 1; chunk++) {
            for (int bytes = 1; bytes <= chunk; bytes++) {
                for (int from : new int[] {0, 7, BYTES}) {
                    ByteBuffer copy = ByteBuffer.allocate(BYTES);
                    try (LogFile file = new ScriptedFile(atMost(bytes))) {
                        file.copy(from, BYTES, ByteBuffer.allocate(chunk), (offset, piece) -> {
                            assertThat(offset).as("in order, without holes").isEqualTo(from + copy.position());
                            copy.put(piece);
                        });
                    }
                    assertThat(Arrays.copyOf(copy.array(), copy.position())).isEqualTo(Arrays.copyOfRange(CONTENT, from, BYTES));
                }
            }
        }
    }

    @Test
    void copy_fileIsShorter_throwsAndSaysWhere() throws IOException {
        Files.write(path, CONTENT);
        try (LogFile file = LogFile.reading(path)) {
            assertThatThrownBy(() -> file.copy(0, BYTES + 1, ByteBuffer.allocate(5), (offset, piece) -> {}))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("offset=" + BYTES).hasMessageContaining("end=" + (BYTES + 1)).hasMessageContaining("file=" + path);
        }
    }
}
