package dev.streamwal.cli;

import dev.streamwal.backup.BackupFolder;
import dev.streamwal.backup.BackupPoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The backups in a folder that a command is given, and which has to be there: without one, it is probably a typing error. */
final class ExistingBackups {

    /** Every folder that backups were made into has a folder of this name. */
    private static final String POINTS = "points";
    private static final String GIVE = "; give the folder that backups were made into";

    private final Path path;
    private final BackupFolder folder;

    ExistingBackups(Path path, CommandContext context) throws RefusedException {
        if (!Files.isDirectory(path)) {
            throw new RefusedException((Files.exists(path) ? "not a folder" : "no such folder") + ": folder=" + path + GIVE);
        }
        this.path = path;
        this.folder = BackupFolder.at(path, context.clock());
    }

    /** Refuses a folder that no backups were made into: it has nothing to list, and is probably a typing error. */
    void checkAreThere() throws RefusedException {
        if (!Files.isDirectory(path.resolve(POINTS))) {
            throw new RefusedException("not a folder of backups, there is no folder \"points\" in it: folder=" + path + GIVE);
        }
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
