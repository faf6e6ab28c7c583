package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.DiskFullException;
import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A disk with no room for the journal: durable appends are refused before they are appended, and go on when there is room. */
class FullJournalTest extends DurabilityOnSimulatedDisk {

    private static final int DISK_BYTES = 1 << 20;

    FullJournalTest() {
        super(new SimulatedDisk(DISK_BYTES));
    }

    /** Takes all room but for so many bytes; to be deleted. */
    private Path ballast(int bytesLeft) throws IOException {
        Path file = disk.path("/ballast");
        byte[] block = new byte[4_096];
        try (OutputStream out = Files.newOutputStream(file)) {
            while (true) {
                out.write(block);
            }
        } catch (IOException full) {
            // as wanted
        }
        try (var channel = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - bytesLeft);
        }
        return file;
    }

    private void appendUntilFull(StreamWal wal) {
        for (int i = 0; ; i++) {
            assertThat(i).isLessThan(1_000);
            try {
                appendDurably(wal, "s", 100);
            } catch (DiskFullException e) {
                return;
            }
        }
    }

    @Test
    void append_noRoomForTheFirstFile_isRefusedAndAppendsNothing() throws IOException {
        StreamWal wal = open();
        acknowledge("s", append(wal, "s", 50, Durability.BUFFERED));
        Path ballast = ballast(8 << 10);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> append(wal, "s", 50, Durability.IMMEDIATE)).isInstanceOf(DiskFullException.class);
        }
        assertAllThere(wal);
        acknowledge("s", append(wal, "s", 50, Durability.BUFFERED));
        Files.delete(ballast);
        appendDurably(wal, "s", 50);
        assertAllThere(wal);
        assertSurvivesPowerLoss();
    }

    @Test
    void append_noRoomForTheNextFile_isRefusedAndAppendsNothing() throws IOException {
        StreamWal wal = open();
        appendDurably(wal, "s", 100);
        Path ballast = ballast(12 << 10);
        appendUntilFull(wal);
        long end = wal.stream("s").endPosition();
        assertThatThrownBy(() -> append(wal, "s", 100, Durability.IMMEDIATE)).isInstanceOf(DiskFullException.class);
        assertThatThrownBy(() -> wal.stream("s").appendAsync(WriteEntry.of(new byte[100]))).isInstanceOf(DiskFullException.class);
        assertThatThrownBy(() -> wal.append(new WriteBatch().add("s", WriteEntry.of(new byte[100])), Durability.IMMEDIATE))
                .isInstanceOf(DiskFullException.class);
        assertThat(wal.stream("s").endPosition()).isEqualTo(end);
        assertThat(wal.stream("s").durablePosition()).isEqualTo(end);
        assertAllThere(wal);
        Files.delete(ballast);
        for (int i = 0; i < 50; i++) {
            appendDurably(wal, "s", 1_000);
        }
        assertAllThere(wal);
        assertThat(events.failures).isEmpty();
        assertSurvivesPowerLoss();
    }

    @Test
    void sync_noRoomForAJournal_forcesTheFiles() throws IOException {
        StreamWal wal = open();
        for (int i = 0; i < 20; i++) {
            acknowledge("s" + i, append(wal, "s" + i, 50, Durability.BUFFERED));
        }
        Path ballast = ballast(8 << 10);
        wal.sync();
        wal.syncAsync().join();
        assertThat(List.of(wal.stream("s0"), wal.stream("s19"))).allMatch(stream -> stream.durablePosition() == stream.endPosition());
        Files.delete(ballast);
        assertSurvivesPowerLoss();
    }

    @Test
    void append_noRoomForTheFirstFileAndTheBackgroundLooks_goesOnWhenThereIsRoom() throws IOException {
        StreamWal wal = open();
        Path ballast = ballast(8 << 10);
        assertThatThrownBy(() -> append(wal, "s", 50, Durability.IMMEDIATE)).isInstanceOf(DiskFullException.class);
        Files.delete(ballast);
        wal.runBackground();
        appendDurably(wal, "s", 50);
        wal.sync();
        assertThat(wal.delete("s")).isTrue();
        acknowledged.clear();
        appendDurably(wal, "s", 50);
        assertSurvivesPowerLoss();
    }

    /** What there was no room to write down is written down when the log is closed, at the latest. */
    @Test
    void delete_noRoomToWriteItDown_staysDeletedBehindACloseAndAPowerLoss() throws IOException {
        StreamWal wal = open();
        Written gone = append(wal, "gone", 50, Durability.IMMEDIATE);
        appendDurably(wal, "s", 100);
        Path ballast = ballast(12 << 10);
        appendUntilFull(wal);
        assertThat(wal.delete("gone")).isTrue();
        assertThat(wal.keys()).containsExactly("s");
        Files.delete(ballast);
        wal.close();
        for (int i = 0; i < 3; i++) {
            if (i == 1) {
                loseCache();
            } else if (i == 2) {
                losePower();
            }
            StreamWal again = open();
            assertThat(again.keys()).containsExactly("s");
            assertThat(read(again, "gone")).isEmpty();
            assertAllThere(again);
            assertThat(again.stream("gone").endPosition()).isGreaterThanOrEqualTo(gone.ref().end());
            again.close();
        }
    }
}
