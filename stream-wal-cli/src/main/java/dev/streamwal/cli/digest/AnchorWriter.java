package dev.streamwal.cli.digest;

import java.time.Instant;
import java.util.function.Consumer;

/** Writes an anchor, line by line. */
public final class AnchorWriter {

    private final AnchorText text = new AnchorText();
    private final Consumer<String> lines;

    /**
     * Writes the first lines.
     *
     * @param made the present time
     * @param lines takes the lines, without line feeds
     */
    public AnchorWriter(Instant made, Consumer<String> lines) {
        this.lines = lines;
        covered(AnchorText.FIRST);
        lines.accept(AnchorText.MADE + made);
    }

    /** Adds a stream; they come in the natural order of keys. */
    public void add(AnchoredStream stream) {
        covered(AnchorText.STREAM + AnchorText.escaped(stream.key()) + ' ' + stream.begin());
        for (Checkpoint each : stream.checkpoints()) {
            covered(AnchorText.AT + each.end() + ' ' + each.records() + ' ' + each.digest());
        }
    }

    private void covered(String line) {
        text.add(line);
        lines.accept(line);
    }

    /** Writes the last line, and returns the digest in it. */
    public String finish() {
        String digest = text.hex();
        lines.accept(AnchorText.DIGEST + digest);
        return digest;
    }
}
