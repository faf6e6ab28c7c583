package dev.streamwal.cli;

import dev.streamwal.backup.BackupDamage;
import dev.streamwal.backup.BackupFolder;
import dev.streamwal.backup.BackupPoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists the backups in a folder, and removes some. */
@Command(
        name = "backups",
        description = "Lists the backups in a folder, the newest first; removes old ones, and the files that no other backup has.",
        footer = "%nNothing is removed while a backup into the folder runs. If the folder's file system has no locks, one that was killed counts as running"
                + " until --forget-unfinished is given.")
final class BackupsCommand extends CliCommand {

    @Parameters(index = "0", paramLabel = "FOLDER", description = "Where the backups are.")
    @SuppressWarnings("NullAway.Init") // required, so that it is set before the command runs
    private Path folder;

    @Option(names = "--keep", paramLabel = "N", description = "Remove all but the N newest backups; 1 or more.")
    private @Nullable Integer keep;

    @Option(names = "--remove", paramLabel = "NAME", description = "Remove this backup. May be given several times.")
    private List<String> removed = List.of();

    @Option(names = "--forget-unfinished", description = "First forget backups that haven't ended: one that runs all the same fails.")
    private boolean forget;

    @Option(names = "--dry-run", description = "Only print which backups would be removed.")
    private boolean dryRun;

    @Option(names = "--verify", description = "Read everything that the remaining backups have, and name what is damaged.")
    private boolean verify;

    BackupsCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        if (keep != null && keep < 1) {
            throw new UsageException("--keep is less than 1: keep=" + keep + "; to remove all backups, delete the folder");
        }
        ExistingBackups existing = new ExistingBackups(folder, context());
        existing.checkAreThere();
        BackupFolder backups = existing.folder();
        List<BackupPoint> points = backups.points();
        Set<BackupPoint> going = going(existing, points);
        // also where none goes: what a run that was killed has left is removed
        boolean removes = !dryRun && (keep != null || !going.isEmpty() || forget);
        int files = removes ? remove(backups, going) : 0;
        points.forEach(point -> show(point, going.contains(point), out));
        if (removes && (!going.isEmpty() || files > 0 || forget)) {
            out.item(() -> Figures.number(going.size(), "backup") + " removed, and " + Figures.number(files, "file") + " that no other one has", json -> {
                json.writeNumberField("removedBackups", going.size());
                json.writeNumberField("removedFiles", files);
            });
        }
        List<BackupDamage> damage = verify ? backups.verify() : backups.damagedPoints();
        damage.forEach(each -> complain(each.toString()));
        return damage.isEmpty() ? Exit.OK : Exit.FINDINGS;
    }

    /** Returns how many files were only theirs, or of backups that were cut short. */
    private int remove(BackupFolder backups, Set<BackupPoint> going) {
        if (forget) {
            int unused = backups.forgetUnfinished();
        }
        // also before: where it is refused, as a backup runs, no backup goes
        int files = backups.collect();
        for (BackupPoint point : going) {
            boolean unused = backups.remove(point);
        }
        return going.isEmpty() ? files : files + backups.collect();
    }

    private Set<BackupPoint> going(ExistingBackups existing, List<BackupPoint> points) throws RefusedException {
        Set<BackupPoint> going = new LinkedHashSet<>();
        for (String name : removed) {
            going.add(existing.named(name, points));
        }
        if (keep != null) {
            going.addAll(points.subList(Math.min(keep, points.size()), points.size()));
        }
        return going;
    }

    private void show(BackupPoint point, boolean goes, CommandOutput out) {
        String what = !goes ? "" : dryRun ? "  would be removed" : "  removed";
        out.item(() -> point + "  " + Figures.number(point.files(), "file") + ", " + Figures.bytes(point.bytes()) + what, json -> {
            json.writeStringField("point", point.name());
            json.writeStringField("time", point.time().toString());
            json.writeNumberField("files", point.files());
            json.writeNumberField("bytes", point.bytes());
            json.writeBooleanField("removed", goes && !dryRun);
        });
    }
}
