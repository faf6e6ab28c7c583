package dev.streamwal.cli;

import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows a segment byte by byte. */
@Command(
        name = "dump",
        description = {
            "Shows a segment's file byte by byte, each field annotated where it begins: header, records, footer, and damage.",
            "For a pack, it shows each of its segments as if it were a file.",
            "With --json, it prints an object for each of these parts, without the bytes."
        })
final class DumpCommand extends CliCommand {

    private static final String SEGMENT_SUFFIX = ".seg";
    private static final String GIVE = "; give LOG/segments/KEY/*.seg or LOG/packs/*.pack";

    @Parameters(index = "0", paramLabel = "FILE",
            description = "A segment, LOG/segments/KEY/*.seg, or a pack, LOG/packs/*.pack, or an object with a pack in a log's tier.")
    @SuppressWarnings("NullAway.Init") // required, so that it is set before the command runs
    private Path file;

    @Option(names = "--brief", description = "Only where each part begins, and how long it is.")
    private boolean brief;

    @Option(names = "--key", paramLabel = "KEY", description = "For a pack: only this stream's segments.")
    private @Nullable String key;

    DumpCommand(CommandContext context) {
        super(context);
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        if (Files.isDirectory(file)) {
            throw new UsageException("directory in place of the file of a segment or pack: file=" + file + GIVE);
        }
        if (PackDump.isPack(file)) {
            PackDump pack = new PackDump(file, out, brief, key);
            Exit exit = pack.run();
            if (key != null && !pack.isShown()) {
                complain("no segment of this stream in the pack: key=" + key + ", file=" + file + "; stream-wal dump FILE --brief lists its segments");
                return Exit.FINDINGS;
            }
            return exit;
        }
        try (LogFile bytes = LogFile.reading(file)) {
            if (!String.valueOf(file.getFileName()).endsWith(SEGMENT_SUFFIX) && !SegmentDump.isBegun(bytes)) {
                throw new UsageException("not the file of a segment or pack: file=" + file + GIVE);
            }
            return new SegmentDump(bytes, new DumpWriter(bytes, out, brief)).run();
        }
    }
}
