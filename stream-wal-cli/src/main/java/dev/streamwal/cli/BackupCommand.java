package dev.streamwal.cli;

import dev.streamwal.backup.BackupDamage;
import dev.streamwal.backup.BackupFolder;
import dev.streamwal.backup.BackupReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Backs a log up. */
@Command(
        name = "backup",
        description = "Backs a log up into a folder, also while it is written. What the folder has already isn't copied again. Each copied file is read back.",
        footer = {
            "%nThe backup has what readers see at that moment. A log that was left open by a writer that was killed, or by a crash, may have to be recovered"
                + " first; the message says so.",
            "%nTo make a log of a backup: stream-wal restore FOLDER LOG."})
final class BackupCommand extends LogCommand {

    @Parameters(index = "1", paramLabel = "FOLDER", description = "Where backups of this log are; made if there is none.")
    @SuppressWarnings("NullAway.Init") // required, so that it is set before the command runs
    private Path folder;

    @Option(names = "--verify", description = "Read everything in the folder, too: what is damaged is copied again if the log still has it, and else named.")
    private boolean verify;

    @Mixin
    private final TierOption tier = new TierOption();

    BackupCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        checkIsOutside(folder);
        BackupFolder at = BackupFolder.at(folder, context().clock());
        BackupFolder backups = tier.path().map(at::withTier).orElse(at);
        BackupReport report = verify ? backups.backUpAndVerify(root()) : backups.backUp(root());
        out.item(() -> text(report), json -> {
            json.writeStringField("point", report.point().name());
            json.writeNumberField("files", report.point().files());
            json.writeNumberField("bytes", report.point().bytes());
            json.writeNumberField("copiedFiles", report.copiedFiles());
            json.writeNumberField("copiedBytes", report.copiedBytes());
            json.writeNumberField("presentFiles", report.presentFiles());
            json.writeNumberField("presentBytes", report.presentBytes());
            json.writeNumberField("repairedFiles", report.repairedFiles());
        });
        List<BackupDamage> damage = verify ? backups.verify() : List.of();
        damage.forEach(each -> complain(each.toString()));
        return damage.isEmpty() ? Exit.OK : Exit.FINDINGS;
    }

    private static String text(BackupReport report) {
        return "backup " + report.point() + ": copied " + size(report.copiedFiles(), report.copiedBytes())
                + (report.repairedFiles() == 0 ? "" : " (" + Figures.number(report.repairedFiles(), "file") + " repaired)") + ", there already "
                + size(report.presentFiles(), report.presentBytes());
    }

    private static String size(int files, long bytes) {
        return Figures.number(files, "file") + ", " + Figures.bytes(bytes);
    }
}
