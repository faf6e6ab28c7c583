package dev.streamwal.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a writer of manifests does on a disk without a free block. */
class ManifestWriterTest {

    private static final int BLOCK = 512;
    private static final int DISK_BLOCKS = 200;
    private static final int PACKS = 100;

    private FileSystem files;
    private Path root;
    private Path ballast;
    private ManifestWriter writer;

    @BeforeEach
    void fillDisk() throws IOException {
        files = Jimfs.newFileSystem(Configuration.unix().toBuilder().setBlockSize(BLOCK).setMaxSize(BLOCK * DISK_BLOCKS).build());
        root = files.getPath("/log");
        ballast = files.getPath("/ballast");
        Files.createDirectories(root.resolve("packs"));
        writer = ManifestWriter.open(root);
        writer.change(before -> before.replaced(packs(), List.of(), before));
        fill();
    }

    private void fill() throws IOException {
        try (OutputStream out = Files.newOutputStream(ballast)) {
            for (int i = 0; i <= DISK_BLOCKS; i++) {
                out.write(new byte[BLOCK]);
            }
        } catch (IOException full) {
            return;
        }
        throw new AssertionError("the disk isn't full");
    }

    @AfterEach
    void close() throws IOException {
        files.close();
    }

    private static List<ListedPack> packs() {
        List<ListedPack> packs = new ArrayList<>();
        for (int number = 1; number <= PACKS; number++) {
            packs.add(new ListedPack(number, new Window(number, number + 1), number + 1_000, 1, 0, false, 1_000, 1, 1));
        }
        return packs;
    }

    @Test
    void change_noBlockIsFree_removesPacks() throws IOException {
        writer.change(before -> before.replaced(List.of(), List.of(1L, 2L), before));
        assertThat(writer.isOpen()).isFalse();
        assertThat(writer.current().packsInOrder()).hasSize(PACKS - 2);
        assertThat(ManifestFile.read(root).packsInOrder()).isEqualTo(writer.current().packsInOrder());
        // the file that the copy took the place of has left its room
        assertThat(ManifestFile.copy(root)).hasSameBinaryContentAs(ManifestFile.path(root));
    }

    /** It goes on as long as there is any room, and what it can't do it hasn't done. */
    @Test
    void change_noBlockIsFree_whatWasAcknowledgedIsThere() throws IOException {
        int done = 0;
        int refused = 0;
        for (int i = 0; i < 400; i++) {
            List<VoidRange> range = List.of(new VoidRange(StreamKey.of("key-" + i), 0, 10, PACKS + 1, 0));
            try {
                writer.change(before -> before.voided(range));
                done++;
            } catch (IOException full) {
                refused++;
            }
            assertThat(ManifestFile.read(root).voidRanges()).hasSize(writer.current().voidCount());
            assertThat(writer.current().voidCount()).isEqualTo(done);
        }
        assertThat(done).isPositive();
        assertThat(refused).isPositive();
        writer.change(before -> before.replaced(List.of(), before.packsInOrder().stream().map(ListedPack::number).toList(), before));
        assertThat(ManifestFile.read(root).packsInOrder()).isEmpty();
        assertThat(ManifestWriter.open(root).current().voidRanges()).isEmpty();
    }

    /** Power was lost within the append. */
    @Test
    void open_noBlockIsFreeAndAPartOfAChangeWasAppended_opens() throws IOException {
        Files.write(ManifestFile.path(root), new byte[] {60, 0, 0, 0, 1}, StandardOpenOption.APPEND);
        fill();
        ManifestWriter opened = ManifestWriter.open(root);
        assertThat(opened.current().packsInOrder()).isEqualTo(writer.current().packsInOrder());
        opened.change(before -> before.replaced(List.of(), List.of(1L, 2L), before));
        assertThat(ManifestFile.read(root).packsInOrder()).hasSize(PACKS - 2);
    }

    @Test
    void change_noBlockIsFreeAndTheFileCannotBeRead_keepsTheCopy() throws IOException {
        byte[] copy = Files.readAllBytes(ManifestFile.copy(root));
        Files.write(ManifestFile.path(root), new byte[] {1});
        fill();
        assertThatThrownBy(() -> writer.change(before -> before.replaced(List.of(), List.of(1L), before))).isInstanceOf(IOException.class);
        assertThat(ManifestFile.copy(root)).hasBinaryContent(copy);
        assertThat(ManifestFile.read(root).packsInOrder()).hasSize(PACKS);
    }

    @Test
    void open_noBlockIsFreeAndTheCopyIsOld_opens() throws IOException {
        Files.write(ManifestFile.copy(root), new byte[] {1});
        fill();
        ManifestWriter opened = ManifestWriter.open(root);
        assertThat(opened.current().packsInOrder()).isEqualTo(writer.current().packsInOrder());
        assertThat(ManifestFile.copy(root)).doesNotExist();
        Files.delete(ballast);
        opened.complete();
        assertThat(ManifestFile.copy(root)).hasSameBinaryContentAs(ManifestFile.path(root));
    }
}
