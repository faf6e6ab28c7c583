package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.engine.BorrowedLog;
import dev.streamwal.engine.Environment;
import dev.streamwal.engine.RecoverySettings;
import dev.streamwal.engine.Storages;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalLockedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Each log that {@link RecoveryContract} recovers is rehearsed first: the report is that of a recovery of a copy, and the log stays as it
 * is, to the byte and the time.
 */
class RecoveryRehearsalTest {

    /** With links. */
    @Nested
    class OnDisk extends Rehearsed {
        OnDisk() {
            super(LogHome.channel());
        }

        /** Not here too: it recovers once for every call there is, and is in memory below. */
        @Override
        void recovery_anyCallToTheStorageFails_theNextRecoveryComesToTheSame(Case which) {}
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends Rehearsed {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }

    abstract static class Rehearsed extends RecoveryContract {

        private int places;

        Rehearsed(LogHome home) {
            super(home);
        }

        @Override
        void opening(RecoverySettings settings, Supplier<Optional<String>> bootId) {
            Map<String, String> before = files(root);
            Path scratch = place("scratch");
            Object rehearsed = outcome(() ->
                    RecoveryRehearsal.run(root, RecoveryPolicy.valueOf(settings.policy().name()), scratch, progress -> {},
                            machine -> machine.withBootId(bootId).withRecovery(found -> settings)));
            assertThat(files(root)).isEqualTo(before);
            assertThat(scratch).isEmptyDirectory();
            assertThat(rehearsed).isEqualTo(ofACopy(settings, bootId));
        }

        private Object ofACopy(RecoverySettings settings, Supplier<Optional<String>> bootId) {
            Path copy = place("copy");
            copyTree(root, copy);
            WalOptions options = options().recoveryPolicy(RecoveryPolicy.valueOf(settings.policy().name())).listener(new Events()).build();
            Environment environment = new Environment(bootId, new Storages(home.storage().kind()), new SecureRandom()::nextLong, true)
                    .withRecovery(found -> settings);
            return outcome(() -> {
                try (StreamWal wal = StreamWal.open(copy, options, environment)) {
                    return RecoveryRehearsal.inOriginal(new BorrowedLog(root, copy), wal.recoverAll(progress -> {}));
                }
            });
        }

        private Path place(String name) {
            try {
                return Files.createDirectories(home.place(name + places++));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        // ---------------------------------------------------------------- what the contract has no log for

        @Test
        void whatOnlyTheJournalHas_isRedone_andNothingOfItStays() throws IOException {
            try (StreamWal wal = open(options().durability(Durability.IMMEDIATE))) {
                appendSome(wal.stream("a"), 10);
                appendSome(wal.stream("b"), 10);
            }
            for (String key : List.of("a", "b")) {
                Path segment = segmentsOf(key).get(0);
                byte[] bytes = Files.readAllBytes(segment);
                Arrays.fill(bytes, 300, bytes.length, (byte) 0);
                Files.write(segment, bytes);
            }
            // as after a crash: the last writer didn't get to say that all of it is in the segments
            Files.deleteIfExists(root.resolve("LOCK"));
            Map<String, String> before = files(root);
            RecoveryReport rehearsed = RecoveryRehearsal.run(
                    root, RecoveryPolicy.STOP_AT_FIRST_ERROR, place("scratch"), progress -> {}, machine -> machine.withBootId(NEXT_BOOT));
            assertThat(files(root)).as("no LOCK is made either").isEqualTo(before);
            try (StreamWal wal = open(options(), NEXT_BOOT)) {
                assertThat(rehearsed).isEqualTo(wal.recoverAll(progress -> {}));
            }
            assertThat(rehearsed.recoveredStreams()).isEqualTo(2);
            assertThat(rehearsed.totals().recordsRedone()).isEqualTo(20);
        }

        @Test
        void aLogThatIsWritten_isLocked_andStaysAsItIs() {
            StreamWal wal = open();
            appendSome(wal.stream("s"), 3);
            Path scratch = place("scratch");
            assertThatThrownBy(() -> StreamWal.rehearseRecovery(root, RecoveryPolicy.STOP_AT_FIRST_ERROR, scratch, progress -> {}))
                    .isInstanceOf(WalLockedException.class).hasMessageContainingAll("root=" + root);
            assertThat(scratch).isEmptyDirectory();
            appendSome(wal.stream("s"), 3);
        }

        @Test
        void positionsThatCannotBeRead_areToldAsByOpening_ofTheLogItself() throws IOException {
            try (StreamWal wal = open()) {
                appendSome(wal.stream("s"), 3);
            }
            Files.write(root.resolve("positions"), new byte[10]);
            assertThatThrownBy(() -> StreamWal.rehearseRecovery(root, RecoveryPolicy.STOP_AT_FIRST_ERROR, place("scratch"), progress -> {}))
                    .isInstanceOf(CorruptSegmentException.class).hasMessageContainingAll("file=" + root.resolve("positions"));
        }

        @Test
        void noLog_isNamed() {
            Path none = root.resolve("none");
            assertThatThrownBy(() -> StreamWal.rehearseRecovery(none, RecoveryPolicy.STOP_AT_FIRST_ERROR, place("scratch"), progress -> {}))
                    .hasMessage("can't rehearse the recovery: not a directory: root=" + none + "; give the directory of a log");
        }

        @Test
        void whoThrowsWhenToldOfTheProgress_leavesNothing() {
            try (StreamWal wal = open()) {
                appendSome(wal.stream("s"), 3);
            }
            Path scratch = place("scratch");
            assertThatThrownBy(() -> StreamWal.rehearseRecovery(root, RecoveryPolicy.STOP_AT_FIRST_ERROR, scratch, progress -> {
                throw new IllegalStateException("enough");
            })).hasMessage("enough");
            assertThat(scratch).isEmptyDirectory();
        }

        private static Object outcome(Supplier<RecoveryReport> recovery) {
            try {
                return recovery.get();
            } catch (WalException e) {
                return e.getClass();
            }
        }

        /** By path: the time of the last change, and of files the bytes. */
        private static Map<String, String> files(Path top) {
            Map<String, String> found = new TreeMap<>();
            if (Files.exists(top)) {
                for (Path file : walk(top)) {
                    try {
                        String bytes = Files.isDirectory(file) ? "" : Arrays.toString(Files.readAllBytes(file));
                        found.put(file.toString(), Files.getLastModifiedTime(file) + " " + bytes);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
            }
            return found;
        }

        private static List<Path> walk(Path top) {
            try (Stream<Path> files = Files.walk(top)) {
                return new ArrayList<>(files.toList());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static void copyTree(Path from, Path to) {
            for (Path file : walk(from)) {
                Path target = to.resolve(from.relativize(file).toString());
                try {
                    if (Files.isDirectory(file)) {
                        Files.createDirectories(target);
                    } else {
                        Files.copy(file, target);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }
}
