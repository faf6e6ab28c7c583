package dev.streamwal.cli;

import dev.streamwal.RecoveryPolicy;
import dev.streamwal.RecoveryProgress;
import dev.streamwal.RecoveryReport;
import dev.streamwal.StreamWal;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.recovery.JournalRedo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Recovers a log. */
@Command(
        name = "recover",
        description = "Recovers every stream of a log, as a program that opens it does, and reports what was found and done.",
        footer = {
            "%nEnds with exit code 1 if something was damaged or missing, or a stream can't be opened for writing. Leftovers of a crash"
                + " that were never promised to survive are cut without that.",
            "%nAll streams that share segments count as one, as long as something of these isn't packed. What is in packs needs no recovery.",
            "%nA dry run makes a log of links to the segments in a folder of its own, and recovers that log: it takes space for the commit"
                + " journal and for segments that recovery changes, at most those without a footer. The original stays as it is, to the byte,"
                + " and can't be written meanwhile. A dry run that is interrupted leaves its folder behind:"
                + " --scratch says where.",
            "%nA log that a program is writing can't be recovered (exit code 4): that program has recovered it, see StreamWal.recoveryReport()."})
final class RecoverCommand extends WritingCommand {

    @Option(names = "--policy", paramLabel = "POLICY", defaultValue = "stop",
            description = "What to do with damage, stop or skip: stop refuses to append to damaged"
            + " streams and leaves them as they are; skip sets the damage aside, in the log's quarantine, and continues behind it"
            + " (default: ${DEFAULT-VALUE}).")
    private Policy policy = Policy.STOP;

    @Option(names = "--dry-run", description = "Report what would be found and done, and leave the log as it is.")
    private boolean dryRun;

    @Option(names = "--scratch", paramLabel = "DIR", description = "Where a dry run creates its folder, which it removes again (default: the system's"
            + " directory for temporary files).")
    private @Nullable Path scratch;

    private long bytesRead;

    RecoverCommand(CommandContext context) {
        super(context);
    }

    /** The name on the command line. */
    enum Policy {
        STOP(RecoveryPolicy.STOP_AT_FIRST_ERROR), SKIP(RecoveryPolicy.SKIP_BAD_RECORDS);

        private final RecoveryPolicy meant;

        Policy(RecoveryPolicy meant) {
            this.meant = meant;
        }
    }

    @Override
    String inTheWritingProgram() {
        return "a program that writes the log has recovered it, or does so by StreamWal.recoverAll";
    }

    @Override
    Exit run(CommandOutput out) throws IOException {
        checkIsLog();
        // the report is on streams; without SKIP the log isn't opened
        CorruptSegmentException journal = policy == Policy.SKIP ? JournalRedo.damage(root()).orElse(null) : null;
        RecoveryReport report;
        try (Bar bar = new Bar()) {
            report = dryRun ? rehearse(bar) : recover(bar);
        }
        RecoveryText text = new RecoveryText(out, this::relative);
        report.streams().forEach(text::stream);
        text.summary(report, dryRun, bytesRead);
        if (report.refusedStreams() > 0 && policy == Policy.STOP) {
            complain("refused streams can be read, but not appended to; --policy skip sets the damage aside and continues behind it");
        }
        if (journal != null) {
            complain("the commit journal is damaged, and " + (dryRun ? "would be" : "was") + " passed over there: file=" + journal.file() + ", offset="
                    + journal.offset() + "; records that only the damaged part had are lost, and a copy of it is kept in quarantine/");
        }
        RecoveryReport.Sums totals = report.totals();
        boolean whole = journal == null && report.refusedStreams() == 0 && totals.bytesSkipped() == 0 && totals.bytesMissing() == 0;
        return whole ? Exit.OK : Exit.FINDINGS;
    }

    private RecoveryReport recover(Consumer<RecoveryProgress> progress) throws IOException {
        try (StreamWal wal = openLog(LogOptions.of(context().clock()).recoveryPolicy(policy.meant))) {
            return wal.recoverAll(progress);
        }
    }

    private RecoveryReport rehearse(Consumer<RecoveryProgress> progress) throws IOException {
        Path given = scratch;
        if (given != null) {
            if (!Files.isDirectory(given)) {
                throw new RefusedException("--scratch names no directory: scratch=" + given + "; give one that exists");
            }
            checkIsOutside(given);
            return StreamWal.rehearseRecovery(root(), policy.meant, given, progress);
        }
        Path made = Files.createTempDirectory("stream-wal-");
        try {
            return StreamWal.rehearseRecovery(root(), policy.meant, made, progress);
        } finally {
            Files.deleteIfExists(made);
        }
    }

    /** Shows how many streams are done. */
    private final class Bar implements Consumer<RecoveryProgress>, AutoCloseable {

        private @Nullable Progress shown;
        private int told;

        @Override
        public void accept(RecoveryProgress now) {
            if (shown == null) {
                shown = progress(dryRun ? "rehearsing" : "recovering", now.streamsTotal(), "streams");
            }
            shown.step(now.streamsDone() - told);
            told = now.streamsDone();
            bytesRead = now.bytesRead();
        }

        @Override
        public void close() {
            if (shown != null) {
                shown.close();
            }
        }
    }
}
