package dev.streamwal.cli;

import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows a segment byte by byte. */
@Command(
        name = "dump",
        description = {
            "Shows a segment's file byte by byte, each field annotated where it begins: header, records, footer, and what is damaged.",
            "With --json, an object for each of these parts, without the bytes."
        })
final class DumpCommand extends CliCommand {

    @Parameters(index = "0", paramLabel = "FILE", description = "The segment, ROOT/streams/KEY/*.seg.")
    @SuppressWarnings("NullAway.Init") // required, so that it is set before the command runs
    private Path file;

    @Option(names = "--brief", description = "Only where each part begins, and how long it is.")
    private boolean brief;

    DumpCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException("dump shows the file of a segment, and this is a directory: " + file);
        }
        try (LogFile bytes = LogFile.reading(file)) {
            return new SegmentDump(bytes, new DumpWriter(bytes, out, brief)).run();
        }
    }
}
