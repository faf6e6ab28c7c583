package dev.streamwal.cli;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How records are shown. */
final class FormatOption {

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default. RAW is the contents' bytes and nothing else.")
    private EntryFormat format = EntryFormat.TEXT;

    @Option(
            names = "--as",
            paramLabel = "TYPE",
            description = "What contents are, for text and JSON: ${COMPLETION-CANDIDATES}. F64 are numbers of 64 bits, F64LE the same with the lowest"
                    + " byte first. Without: text where it is UTF-8, else hexadecimal digits, or Base64 in JSON; so is what isn't of the type.")
    private @Nullable ContentType type;

    /** {@code --json} wins. */
    EntryWriter writer(CommandOutput out) {
        return new EntryWriter(out, out.isJson() ? EntryFormat.JSON : format, Optional.ofNullable(type));
    }
}
