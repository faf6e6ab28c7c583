package dev.streamwal.cli;

import picocli.CommandLine.Option;

/** How records are shown. */
final class FormatOption {

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default. RAW is the contents' bytes and nothing else.")
    private EntryFormat format = EntryFormat.TEXT;

    /** {@code --json} wins. */
    EntryWriter writer(CommandOutput out) {
        return new EntryWriter(out, out.isJson() ? EntryFormat.JSON : format);
    }
}
