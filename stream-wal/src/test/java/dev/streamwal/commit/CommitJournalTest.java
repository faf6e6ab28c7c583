package dev.streamwal.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.journal.JournalFiles;
import dev.streamwal.storage.KeptRoom;
import dev.streamwal.storage.RoomKeptException;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Files of the journal are made, fail to be made, and are taken away. */
class CommitJournalTest {

    private static final JournalSizes SIZES = new JournalSizes(16 << 10, 16 << 10, 64 << 10, 8 << 10, 4 << 10);

    private final FileSystem disk = Jimfs.newFileSystem(Configuration.unix().toBuilder().setBlockSize(4 << 10).setMaxSize(128 << 10).build());
    private final Path root = disk.getPath("/log");
    private final CommitJournal journal = new CommitJournal(root, SIZES, WriterFence.NONE);

    @BeforeEach
    void makeTheLog() throws IOException {
        Files.createDirectories(root);
    }

    @AfterEach
    void end() throws IOException {
        journal.close(true);
        disk.close();
    }

    private void create() throws IOException {
        assertThat(journal.create(7)).isTrue();
    }

    private OpenJournalFile fileWithRoom() throws IOException {
        OpenJournalFile file = journal.fileWithRoom(1_024);
        assertThat(file).isNotNull();
        assertThat(file.path()).hasSize(SIZES.minFileBytes());
        return file;
    }

    private Path fillTheDisk() throws IOException {
        Path ballast = disk.getPath("/ballast");
        assertThatThrownBy(() -> Files.write(ballast, new byte[1 << 20])).isInstanceOf(IOException.class);
        return ballast;
    }

    @Test
    void addFile_beforeTheJournalIsMade_makesNone() throws IOException {
        Files.createDirectory(JournalFiles.directory(root));
        assertThat(journal.isScarce()).as("nobody has asked for a journal").isFalse();
        assertThat(journal.addFile()).isFalse();
        assertThat(JournalFiles.list(root)).isEmpty();
        create();
        fileWithRoom();
    }

    @Test
    void create_diskFull_leavesNothingAndIsDoneByTheNextCall() throws IOException {
        Path ballast = fillTheDisk();
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(this::create).isInstanceOf(IOException.class);
            assertThat(journal.exists()).isFalse();
            assertThat(JournalFiles.list(root)).isEmpty();
        }
        Files.delete(ballast);
        assertThat(journal.addFile()).isFalse();
        create();
        fileWithRoom();
    }

    /** The first two files are made whatever is kept: without them nothing could be made durable. */
    @Test
    void grow_theRoomIsKept_waitsForACheckpoint() throws IOException {
        create();
        journal.room(bytes -> {
            throw new RoomKeptException(bytes, bytes);
        });
        OpenJournalFile first = fileWithRoom();
        OpenJournalFile second = journal.fileWithRoom(first.room() + 1);
        assertThat(second).isNotNull().isNotSameAs(first);
        assertThat(journal.fileWithRoom(second.room() + 1)).as("a third one").isNull();
        assertThatThrownBy(journal::addFile).isInstanceOf(RoomKeptException.class);
        assertThat(JournalFiles.list(root)).hasSize(2);
        journal.room(KeptRoom.NONE);
        assertThat(journal.fileWithRoom(second.room() + 1)).isNotNull();
    }

    @Test
    void fileWithRoom_freeFilesWereTakenAway_makesOne() throws IOException {
        create();
        for (Path file : JournalFiles.list(root)) {
            Files.delete(file);
        }
        OpenJournalFile file = fileWithRoom();
        assertThat(JournalFiles.list(root)).containsExactly(file.path());
    }

    @Test
    void fileWithRoom_theCurrentOneWasTakenAway_goesOnInAnotherAndHasItsSegmentsForced() throws IOException {
        create();
        OpenJournalFile taken = fileWithRoom();
        taken.close();
        Files.delete(taken.path());
        assertThat(fileWithRoom()).isNotSameAs(taken);
        assertThat(journal.full()).isEqualTo(List.of(taken));
    }
}
