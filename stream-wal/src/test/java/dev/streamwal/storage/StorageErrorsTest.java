package dev.streamwal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.Durability;
import dev.streamwal.StreamWal;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.DiskFullException;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StorageErrorsTest {

    private static final String SHARED = StreamKey.SHARED.text();
    private static final String KEY = "room\n\u00001";
    private static final Path FILE = Path.of("log/segments/%00shared/1.seg");

    private static void assertConcernsTheRecord(WalException known, Class<? extends WalException> type) {
        WalException told = StorageErrors.concerning(known, KEY, 96);
        assertThat(told).isExactlyInstanceOf(type);
        assertThat(told.key()).isEqualTo(KEY);
        assertThat(told.position()).isEqualTo(96);
        assertThat(told.file()).isEqualTo(known.file());
        assertThat(told).hasMessageContaining("stream=room\\n\\u00001, position=96").hasMessageMatching("\\P{Cntrl}*");
    }

    @ParameterizedTest
    @CsvSource({"No space left on device, 52696712", "Too many open files, 8", "Input/output error, -1"})
    void concerning_fileSystemFailsForTheSharedStream_isTheRecordsFailure(String reason, long position) {
        IOException cause = new IOException(reason);
        WalException known = StorageErrors.translate("append", cause, FILE, SHARED, position, 0);
        Class<? extends WalException> type = reason.startsWith("No") ? DiskFullException.class
                : reason.startsWith("Too") ? TooManyOpenFilesException.class : WalIOException.class;
        assertConcernsTheRecord(known, type);
        WalException told = StorageErrors.concerning(known, KEY, 96);
        assertThat(told).hasCause(cause).hasMessageNotContaining("shared,").hasMessageNotContaining("52696712").hasMessageContaining("file=" + FILE);
    }

    @Test
    void concerning_otherFailuresOfTheSharedStream_areTheRecords() {
        assertConcernsTheRecord(new WalClosedException("the log is closed: stream=" + SHARED, null, SHARED, WalException.NO_POSITION, null),
                WalClosedException.class);
        assertConcernsTheRecord(new UnsupportedFormatException("too new: stream=" + SHARED, FILE, SHARED, 8, null), UnsupportedFormatException.class);
        CorruptSegmentException damage = new CorruptSegmentException("damaged: stream=" + SHARED, FILE, SHARED, 8, 16, 24, null);
        assertConcernsTheRecord(damage, CorruptSegmentException.class);
        CorruptSegmentException told = (CorruptSegmentException) StorageErrors.concerning(damage, KEY, 96);
        assertThat(told.offset()).isEqualTo(16);
        assertThat(told.length()).isEqualTo(24);
    }

    @Test
    void concerning_failuresOfTheLogOrAnotherStream_stayWhatTheyAre() {
        WalException ofLog = new WalFailedException("a flush failed", FILE, null, WalException.NO_POSITION, new IOException());
        WalException ofAnother = new WalIOException("failed: stream=other", FILE, "other", 8, null);
        assertThat(StorageErrors.concerning(ofLog, KEY, 96)).isSameAs(ofLog);
        assertThat(StorageErrors.concerning(ofAnother, KEY, 96)).isSameAs(ofAnother);
    }

    @Test
    void translate_accessDenied_saysToWhatAndWhoseAndWhatToDo(@TempDir Path folder) throws IOException {
        IOException cause = new AccessDeniedException("log/commit/00000000.journal");
        WalIOException failure = StorageErrors.translate("open the log", cause, folder);
        assertThat(failure).hasMessage("can't open the log: access denied: file=log/commit/00000000.journal, owner=" + Files.getOwner(folder).getName()
                + "; run as the user that owns it, or let this process's user read and write it").hasCause(cause);
    }

    @Test
    void translate_rootIsNoDirectory_saysSo() {
        WalIOException failure = StorageErrors.translate("open the log", new NotDirectoryException(FILE.toString()), FILE);
        assertThat(failure).hasMessage("can't open the log: not a directory: file=" + FILE + "; give a directory");
    }

    /** As if the volume of the log, or of its segments, isn't mounted. */
    @ParameterizedTest
    @ValueSource(strings = {"log", "log/segments", "log/commit"})
    void translate_aLinkLeadsToNothing_saysSo(String name, @TempDir Path folder) throws IOException {
        Path link = folder.resolve(name);
        Files.createDirectories(link.getParent());
        Files.createSymbolicLink(link, folder.resolve("volume"));
        assertThatThrownBy(() -> use(folder.resolve("log"))).isExactlyInstanceOf(WalIOException.class)
                .hasMessageMatching("can't [a-z ]+: symbolic link leads to nothing: file=" + link + "; make or mount the directory that it leads to");
    }

    private static void use(Path log) {
        try (StreamWal wal = StreamWal.open(log)) {
            wal.stream(KEY).append(WriteEntry.of(new byte[1]), Durability.IMMEDIATE);
        }
    }

    @Test
    void translate_belowAFile_saysWhatIsNoDirectory(@TempDir Path folder) throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> StreamWal.open(file.resolve("in/it/log"))).isExactlyInstanceOf(WalIOException.class)
                .hasMessage("can't open the log: not a directory: file=" + file + "; give a directory");
    }

    /** Of which the next segment would fill what is free: what the system says is told, and only where it says nothing the free space is looked at. */
    @ParameterizedTest
    @CsvSource({"Too many open files, the process has too many open files", "Read-only file system, is read-only", "Map failed, may map no more files",
            "unclear, the disk is full"})
    void translate_littleIsFree_saysWhyItFailed(String reason, String told, @TempDir Path folder) {
        IOException cause = reason.startsWith("Map") ? new IOException(reason, new OutOfMemoryError(reason)) : new IOException(reason);
        WalIOException failure = StorageErrors.translate("create a segment", cause, folder.resolve("1.seg"), KEY, 8, Long.MAX_VALUE - 1);
        assertThat(failure).hasMessageContaining(told);
        assertThat(failure instanceof DiskFullException).isEqualTo(told.equals("the disk is full"));
    }

    /** What the disk isn't at fault for. */
    @ParameterizedTest
    @CsvSource({"File too large, ulimit -f", "File name too long, a shorter path", "Input/output error, look at the disk"})
    void translate_aLimitIsMet_saysWhatToDo(String reason, String told) {
        WalIOException failure = StorageErrors.translate("create a segment", new IOException(FILE + ": " + reason), FILE, KEY, 8, 0);
        assertThat(failure).isExactlyInstanceOf(WalIOException.class).hasMessageContaining(reason);
        assertThat(failure.getMessage().substring(failure.getMessage().lastIndexOf(';'))).contains(told);
    }
}
