package dev.streamwal;

import dev.streamwal.backup.BackupFolder;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Random;

/** Another process whose backup stops when it reads the log, until it is killed, or its input ends. The log is on a disk of its own. */
final class UnfinishedBackup {

    private UnfinishedBackup() {}

    /** @param args the folder of backups */
    public static void main(String[] args) {
        SimulatedDisk disk = new SimulatedDisk();
        Instant now = Instant.parse("2026-03-01T12:00:00Z");
        WalOptions options = WalOptions.builder().clock(() -> now).build();
        try (StreamWal wal = SimulatedLog.open(disk.path("/log"), options, "", false, new Random(1)::nextLong)) {
            EntryRef unused = wal.stream("a").append(new byte[20]);
        }
        disk.meanwhile(1, UnfinishedBackup::untilInputEnds);
        try {
            System.out.println(BackupFolder.at(Path.of(args[0]), () -> now).backUp(disk.path("/log")));
        } catch (WalException e) {
            System.out.println(e.getMessage());
        }
    }

    private static void untilInputEnds() {
        System.out.println("running");
        try {
            while (System.in.read() >= 0) {
                // until killed
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
