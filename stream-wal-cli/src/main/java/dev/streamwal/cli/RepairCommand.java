package dev.streamwal.cli;

import dev.streamwal.backup.BackupFolder;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.io.ProcessLock;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Puts damaged files of a log back from a backup. */
@Command(
        name = "repair",
        description = "Replaces the damaged files of a log, which no process writes, by those of its newest backup that has them whole.",
        footer = {
            "%nA file is replaced only if all of its streams have the same records in the log and in the backup, as far as the log can be read."
                + " A record that was erased since the backup, and is damaged, may come back: erase it again.",
            "%nThe backup is restored in the log's directory meanwhile, under .repairing, which takes as much room as the log had."})
final class RepairCommand extends LogCommand {

    @Option(names = "--from", paramLabel = "FOLDER", required = true, description = "Where backups of this log are.")
    @SuppressWarnings("NullAway.Init") // required, so that it is set before the command runs
    private Path folder;

    @Option(names = "--dry-run", description = "Say what could be repaired, and change nothing.")
    private boolean dryRun;

    @Mixin
    private final KeysOption keys = new KeysOption();

    @Mixin
    private final TierOption tier = new TierOption();

    RepairCommand(CommandContext context) {
        super(context);
    }

    @Override
    @SuppressWarnings("try") // the lock is held, not used
    Exit run(CommandOutput out) throws IOException {
        checkIsLog();
        BackupFolder backups = new ExistingBackups(folder, context()).folder();
        try (ProcessLock unused = lock("replace files of a log"); LogRepair repair = new LogRepair(root(), backups, new Opening(), dryRun)) {
            List<LogRepair.Outcome> outcomes = repair.run();
            outcomes.forEach(outcome -> show(outcome, out));
            boolean isWhole = outcomes.stream().allMatch(LogRepair.Outcome::isRepaired) && (dryRun || repair.damaged().isEmpty());
            repair.unread().forEach(this::complain);
            if (outcomes.isEmpty()) {
                out.item(() -> repair.unread().isEmpty() ? "nothing is damaged" : "nothing is damaged of what can be read", json -> {
                    json.writeNumberField("damagedFiles", 0);
                    json.writeNumberField("unreadFiles", repair.unread().size());
                });
            }
            if (isWhole) {
                return repair.unread().isEmpty() ? Exit.OK : Exit.FAILED;
            }
            return Exit.FINDINGS;
        } catch (KeyUnavailableException e) {
            throw keys.explained(e);
        }
    }

    /** A copy has what is in the log's tier in its own files. */
    private final class Opening implements LogRepair.Access {

        @Override
        public WalReader reader(Path log) {
            return WalReader.open(log, tier.reading(keys));
        }

        @Override
        public LogSegments segments(Path log) {
            return LogSegments.of(log, tier.path().orElse(null));
        }
    }

    private void show(LogRepair.Outcome outcome, CommandOutput out) {
        out.item(() -> text(outcome), json -> {
            json.writeStringField("file", outcome.file());
            json.writeBooleanField("repaired", outcome.isRepaired() && !dryRun);
            json.writeStringField("point", outcome.from() == null ? null : outcome.from().name());
            json.writeStringField("problem", outcome.problem());
        });
    }

    private String text(LogRepair.Outcome outcome) {
        return outcome.isRepaired() ? outcome.file() + (dryRun ? "  can be repaired from " : "  repaired from ") + outcome.from()
                : outcome.file() + "  not repaired: " + outcome.problem() + (outcome.from() == null ? "" : ", backup=" + outcome.from());
    }
}
