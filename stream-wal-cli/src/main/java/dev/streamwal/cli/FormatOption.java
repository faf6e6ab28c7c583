package dev.streamwal.cli;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How records are shown. */
final class FormatOption {

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default. text is a line of time, ref, header in brackets if there is one, and content;"
                    + " raw is the contents' bytes and nothing else.")
    private EntryFormat format = EntryFormat.TEXT;

    @Option(
            names = "--as",
            paramLabel = "TYPE",
            description = "How to decode contents, for text and JSON: ${COMPLETION-CANDIDATES}. f64 is numbers of 64 bits, f64le the same with the lowest"
                    + " byte first, as samples are written. Without it, and for contents of another type: text if it is UTF-8, else hexadecimal digits,"
                    + " or Base64 in JSON; a sample as its number, in text.")
    private @Nullable ContentType type;

    /** {@code --json} wins. */
    EntryWriter writer(CommandOutput out) {
        return new EntryWriter(out, out.isJson() ? EntryFormat.JSON : format, Optional.ofNullable(type));
    }
}
