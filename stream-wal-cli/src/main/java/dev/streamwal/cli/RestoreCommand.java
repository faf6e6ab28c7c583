package dev.streamwal.cli;

import dev.streamwal.backup.BackupPoint;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a log of a backup. */
@Command(
        name = "restore",
        description = "Makes a log of a backup: all of it, or none. Every checksum is verified.",
        footer = "%nA restore that was cut short is begun again with the same command, and goes on.")
final class RestoreCommand extends CliCommand {

    @Parameters(index = "0", paramLabel = "FOLDER", description = "Where the backups are.")
    @SuppressWarnings("NullAway.Init") // required, so that it is set before the command runs
    private Path folder;

    @Parameters(index = "1", paramLabel = "LOG", description = "The new log's directory, which is empty or doesn't exist yet.")
    @SuppressWarnings("NullAway.Init") // required, so that it is set before the command runs
    private Path log;

    @Option(names = "--point", paramLabel = "NAME", description = "Which backup, by its name; stream-wal backups FOLDER lists them. Default: the newest.")
    private @Nullable String name;

    RestoreCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        ExistingBackups backups = new ExistingBackups(folder, context());
        backups.checkAreThere();
        if (name == null) {
            backups.folder().damagedPoints().forEach(each -> complain(each.toString()));
        }
        BackupPoint point = name == null ? backups.newest() : backups.named(name, backups.folder().points());
        backups.folder().restore(point, log);
        out.item(() -> "restored " + point + ": " + Figures.number(point.files(), "file") + ", " + Figures.bytes(point.bytes()) + ", to " + log,
                json -> {
                    json.writeStringField("point", point.name());
                    json.writeStringField("log", log.toString());
                    json.writeNumberField("files", point.files());
                    json.writeNumberField("bytes", point.bytes());
                });
        return Exit.OK;
    }
}
