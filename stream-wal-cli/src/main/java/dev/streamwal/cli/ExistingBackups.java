package dev.streamwal.cli;

import dev.streamwal.backup.BackupFolder;
import dev.streamwal.backup.BackupPoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The backups in a folder that a command is given, and which has to be there: without one, it is probably a typing error. */
final class ExistingBackups {

    private final Path path;
    private final BackupFolder folder;

    ExistingBackups(Path path, CommandContext context) throws RefusedException {
        if (!Files.isDirectory(path)) {
            throw new RefusedException("no such folder: folder=" + path + "; give the folder that backups were made into");
        }
        this.path = path;
        this.folder = BackupFolder.at(path, context.clock());
    }

    BackupFolder folder() {
        return folder;
    }

    BackupPoint newest() throws RefusedException {
        return folder.points().stream().findFirst()
                .orElseThrow(() -> new RefusedException("no backup in the folder: folder=" + path + "; make one with: stream-wal backup LOG " + path));
    }

    BackupPoint named(String name, List<BackupPoint> points) throws RefusedException {
        return points.stream().filter(point -> point.name().equals(name)).findFirst().orElseThrow(() -> new RefusedException(
                "no such backup: point=" + name + ", folder=" + path + "; stream-wal backups FOLDER lists those that are complete"));
    }
}
