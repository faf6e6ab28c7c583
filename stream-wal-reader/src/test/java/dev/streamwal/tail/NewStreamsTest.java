package dev.streamwal.tail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.ManifestWriter;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackFooter;
import dev.streamwal.pack.PacksForTests;
import dev.streamwal.segment.ReadSettingsForTests;
import dev.streamwal.segment.SegmentWriterForTests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NewStreamsTest {

    @TempDir
    private Path root;

    private LogSource log;
    private NewStreams names;

    @BeforeEach
    void open() {
        log = new LogSource(root, ReadSettingsForTests.DEFAULTS, null);
        names = new NewStreams(log, KeyScope.all());
    }

    @AfterEach
    void close() {
        log.close();
    }

    private void makeDirectory(String key) throws IOException {
        Files.createDirectories(root.resolve(StreamDirectory.NAME).resolve(StreamKey.of(key).directoryName()));
    }

    private void pack(long number, String key) throws IOException {
        ManifestWriter manifest = ManifestWriter.open(root);
        manifest.begin();
        PackFooter footer = PacksForTests.write(PackFiles.pack(root, number), number, List.of(PacksForTests.Sample.of(key, 8, 1, "x")));
        manifest.change(before -> before.with(List.of(
                new ListedPack(number, PacksForTests.WINDOW, 2_000_000, ListedPack.OTHER_OPTIONS, 0, false, footer.fileLength(), 1, 1))));
    }

    private void lookThatFails(long pack) throws IOException {
        Path file = PackFiles.pack(root, pack);
        Path away = root.resolve("away");
        Files.move(file, away);
        // a link to itself can't be opened
        Files.createSymbolicLink(file, file);
        assertThatThrownBy(() -> names.look(true)).isInstanceOf(IOException.class);
        Files.delete(file);
        log.channels().forget(file);
        Files.move(away, file);
    }

    @Test
    void look_thePackCannotBeReadOnce_theNextLookReturnsWhatThatOneFound() throws IOException {
        makeDirectory("own");
        pack(1, "packed");
        lookThatFails(1);
        names.look(false);
        assertThat(names.found()).containsExactly("own");
        assertThat(names.foundInPacks()).containsOnlyKeys("packed");
    }

    /** Its directory's name doesn't tell its key. */
    @Test
    void look_streamWithALongKeyHasGone_isTold() throws IOException {
        String key = "long/" + "x".repeat(300);
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, key);
        segment.append(1, "x");
        Path file = segment.write().file();
        names.look(true);
        assertThat(names.found()).containsExactly(key);
        names.taken();
        Files.delete(file);
        Files.delete(file.getParent());
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
        while (names.gone().isEmpty() && System.nanoTime() < deadline) {
            names.look(true);
        }
        assertThat(names.gone()).containsExactly(key);
    }

    @Test
    void look_itWasTaken_isNotReturnedAgain() throws IOException {
        makeDirectory("own");
        names.look(true);
        names.look(false);
        assertThat(names.found()).as("not taken yet").containsExactly("own");
        names.taken();
        names.look(false);
        assertThat(names.found()).isEmpty();
    }

    /** A tail delivers records only between looks. */
    @Test
    void look_manyStreamsHaveComeAndMayHaveGone_restsBetweenTurns() throws IOException {
        int many = 5_000;
        names.look(true);
        for (int i = 0; i < many; i++) {
            names.follow("gone/" + i);
        }
        pack(1, "packed");
        int withTurn = 0;
        int withoutTurn = 0;
        for (int known = 0; known < many; known = names.gone().size()) {
            names.look(true);
            if (names.gone().size() > known) {
                withTurn++;
            } else {
                withoutTurn++;
            }
        }
        assertThat(withTurn).isGreaterThan(1);
        assertThat(withoutTurn).isGreaterThan(withTurn);
    }
}
