package dev.streamwal.io;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.DiskFullException;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.WalException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the system says in another language is recognised as what it is, and as nothing else. */
class SystemMessagesTest {

    private static final Path FILE = Path.of("/log/segments/a.seg");

    @ParameterizedTest
    @ValueSource(strings = {"Too many open files", "Zu viele offene Dateien", "Zu viele offene Dateien im System", "ファイルを開きすぎです", "Слишком много открытых файлов",
            "Sistemde çok fazla açık dosya var", "El procés té massa fitxers oberts"})
    void tooManyOpenFiles(String text) {
        IOException failure = new FileSystemException(FILE.toString(), null, text);
        assertThat(IoFailure.isTooManyOpenFiles(failure)).isTrue();
        assertThat(IoFailure.isDiskFull(failure)).isFalse();
        assertThat(IoFailure.of("read", failure, FILE, null, WalException.NO_POSITION)).isInstanceOf(TooManyOpenFilesException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"No space left on device", "Auf dem Gerät ist kein Speicherplatz mehr verfügbar", "Débordement du quota d'espace disque",
            "Enheten är full", "设备上没有空间", "Δεν έμεινε καθόλου χώρος στη συσκευή"})
    void diskFull(String text) {
        IOException failure = new IOException(text);
        assertThat(IoFailure.isDiskFull(failure)).isTrue();
        assertThat(IoFailure.isTooManyOpenFiles(failure)).isFalse();
        assertThat(IoFailure.of("write", failure, FILE, null, WalException.NO_POSITION)).isInstanceOf(DiskFullException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Read-only file system", "Das Dateisystem ist nur lesbar", "Sistema de arquivos somente para leitura", "唯讀的檔案系統"})
    void readOnly(String text) {
        IOException failure = new IOException(text);
        assertThat(IoFailure.isReadOnly(failure)).isTrue();
        assertThat(IoFailure.of("restoring", failure, FILE, null, WalException.NO_POSITION))
                .hasMessageEndingWith("; make the file system writable, or write to another one");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Broken pipe", "Datenübergabe unterbrochen (broken pipe)", "Relais brisé (pipe)", "Обрыв канала"})
    void brokenPipe(String text) {
        assertThat(IoFailure.isBrokenPipe(new IOException(text))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Input/output error", "Eingabe-/Ausgabefehler", "Permission denied", "a file that is full", ""})
    void another_isNone(String text) {
        IOException failure = new IOException(text);
        assertThat(IoFailure.isTooManyOpenFiles(failure) || IoFailure.isDiskFull(failure) || IoFailure.isReadOnly(failure)
                || IoFailure.isBrokenPipe(failure)).isFalse();
    }

    /** A text in capitals would never be found, and one that contains another is found by it. */
    @Test
    void table_isLowerCaseAndWithoutRepeats() {
        for (List<String> texts : List.of(SystemMessages.TOO_MANY_OPEN_FILES, SystemMessages.DISK_FULL, SystemMessages.READ_ONLY, SystemMessages.BROKEN_PIPE)) {
            assertThat(texts).allMatch(text -> text.equals(text.toLowerCase(Locale.ROOT)))
                    .allMatch(text -> texts.stream().filter(text::contains).count() == 1);
        }
        assertThat(Stream.of(SystemMessages.TOO_MANY_OPEN_FILES, SystemMessages.DISK_FULL, SystemMessages.READ_ONLY, SystemMessages.BROKEN_PIPE)
                .flatMap(List::stream)).doesNotHaveDuplicates();
    }

    /** The system names what it denied: here a file beside the one that was asked for. */
    @Test
    void of_accessDenied_namesTheFileAndWhatToDo() {
        IOException failure = new AccessDeniedException("log/positions");
        WalException told = IoFailure.of("opening a consumer's tail", failure, FILE, null, WalException.NO_POSITION);
        assertThat(told).hasMessage("opening a consumer's tail failed: access denied, file=log/positions; give this process's user the permission, also to the"
                + " folders above it, or run as the user that owns it").hasCause(failure);
        assertThat(IoFailure.of("reading", new AccessDeniedException(null), FILE, null, WalException.NO_POSITION)).hasMessageContaining(", file=" + FILE + ";");
    }

    /** Its class isn't one that a program's user knows. */
    @Test
    void of_failureOfTheTier_saysWhatIsWrong_withoutTheNameOfItsClass() {
        IOException failure = new TierFailure("tier is away", "s3://store/", "", "try again", null);
        assertThat(IoFailure.of("opening a tier", failure, null, null, WalException.NO_POSITION))
                .hasMessage("opening a tier failed: tier is away, tier=s3://store/; try again");
        assertThat(IoFailure.fault(new NoSuchFileException("log/positions"))).isEqualTo("NoSuchFileException: log/positions");
    }
}
