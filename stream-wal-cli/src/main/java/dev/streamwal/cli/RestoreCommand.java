package dev.streamwal.cli;

import dev.streamwal.backup.BackupFolder;
import dev.streamwal.backup.BackupPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a log of a backup. */
@Command(
        name = "restore",
        description = "Makes a log of a backup: all of it, or none. Every checksum is verified.",
        footer = "%nA restore that was cut short is begun again with the same command, and goes on.")
final class RestoreCommand extends CliCommand {

    @Spec
    @SuppressWarnings("NullAway.Init") // set before the command runs
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "FOLDER", description = "Where the backups are.")
    @SuppressWarnings("NullAway.Init") // required, so that it is set before the command runs
    private Path folder;

    @Parameters(index = "1", paramLabel = "LOG", arity = "0..1", description = "The new log's directory, which is empty or doesn't exist yet.")
    private @Nullable Path log;

    @Option(names = "--list", description = "List the backups, the newest first, and restore none.")
    private boolean list;

    @Option(names = "--point", paramLabel = "NAME", description = "Which backup, by its name in the list. Default: the newest.")
    private @Nullable String name;

    RestoreCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new RefusedException("no such folder: folder=" + folder + "; give the folder that backups were made into");
        }
        BackupFolder backups = BackupFolder.at(folder, context().clock());
        List<BackupPoint> points = backups.points();
        if (list) {
            points.forEach(point -> show(point, out));
            return Exit.OK;
        }
        Path target = log;
        if (target == null) {
            throw new ParameterException(spec.commandLine(), "LOG is missing: where is the log to be?");
        }
        BackupPoint point = chosen(points);
        backups.restore(point, target);
        out.item(() -> "restored " + point + ": " + Figures.number(point.files(), "file") + ", " + Figures.bytes(point.bytes()) + ", to " + target,
                json -> {
                    json.writeStringField("point", point.name());
                    json.writeStringField("log", target.toString());
                    json.writeNumberField("files", point.files());
                    json.writeNumberField("bytes", point.bytes());
                });
        return Exit.OK;
    }

    private static void show(BackupPoint point, CommandOutput out) {
        out.item(() -> point + "  " + Figures.number(point.files(), "file") + ", " + Figures.bytes(point.bytes()), json -> {
            json.writeStringField("point", point.name());
            json.writeStringField("time", point.time().toString());
            json.writeNumberField("files", point.files());
            json.writeNumberField("bytes", point.bytes());
        });
    }

    private BackupPoint chosen(List<BackupPoint> points) throws RefusedException {
        return points.stream().filter(point -> name == null || point.name().equals(name)).findFirst().orElseThrow(() -> new RefusedException(
                (name == null ? "no backup in the folder: " : "no such backup: point=" + name + ", ") + "folder=" + folder
                        + "; restore --list shows those that are complete"));
    }
}
