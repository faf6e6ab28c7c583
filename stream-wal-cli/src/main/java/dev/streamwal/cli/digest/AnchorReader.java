package dev.streamwal.cli.digest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads an anchor, stream by stream, and refuses what isn't one. Only when the last stream has been read it is known that the digest at the end is
 * right. It holds one stream, of at most {@value AnchoredStream#MAX_CHECKPOINTS} checkpoints and lines of {@value #MAX_LINE_CHARS} characters.
 */
public final class AnchorReader implements AutoCloseable {

    /** A key of 1,024 bytes takes 3,072. */
    static final int MAX_LINE_CHARS = 4_096;

    private static final String NUMBER = "(0|[1-9][0-9]{0,18})";
    private static final Pattern STREAM = Pattern.compile(AnchorText.STREAM + "(\\S+) " + NUMBER);
    private static final Pattern AT = Pattern.compile(AnchorText.AT + NUMBER + ' ' + NUMBER + " ([0-9a-f]{64})");
    private static final Pattern DIGEST = Pattern.compile(AnchorText.DIGEST + "([0-9a-f]{64})");

    private final Path file;
    private final BufferedReader in;
    private final AnchorText text = new AnchorText();
    private final Instant made;
    private long lineNumber;
    /** Read, and not yet used. */
    private String line;
    private @Nullable String formerKey;
    private @Nullable String digest;

    private AnchorReader(Path file, BufferedReader in) throws IOException {
        this.file = file;
        this.in = in;
        this.line = readLine();
        if (!line.equals(AnchorText.FIRST)) {
            throw bad("not an anchor of this version, which begins with \"" + AnchorText.FIRST + '"');
        }
        text.add(line);
        this.line = readLine();
        this.made = made();
        this.line = readLine();
    }

    /**
     * Begins to read.
     *
     * @param file of the anchor
     * @return to be closed by the caller
     */
    public static AnchorReader open(Path file) throws IOException {
        BufferedReader in = Files.newBufferedReader(file, ISO_8859_1);
        try {
            return new AnchorReader(file, in);
        } catch (IOException | RuntimeException e) {
            in.close();
            throw e;
        }
    }

    private Instant made() throws BadAnchorException {
        try {
            if (line.startsWith(AnchorText.MADE)) {
                return Instant.parse(line.substring(AnchorText.MADE.length()));
            }
        } catch (DateTimeException e) {
            // said below, with the line's number
        }
        throw bad("no time at which the anchor was made");
    }

    /** When the anchor was made, as it says. */
    public Instant madeAt() {
        return made;
    }

    /** The next stream; empty behind the last one. */
    public Optional<AnchoredStream> next() throws IOException {
        if (digest != null) {
            return Optional.empty();
        }
        Matcher stream = STREAM.matcher(line);
        if (!stream.matches()) {
            digest = checkedDigest();
            return Optional.empty();
        }
        String key = checkedKey(stream.group(1));
        long begin = number(stream.group(2));
        text.add(line);
        line = readLine();
        return Optional.of(new AnchoredStream(key, begin, checkpoints(begin)));
    }

    private String checkedKey(String escaped) throws BadAnchorException {
        String key;
        try {
            key = AnchorText.key(escaped);
        } catch (BadAnchorException e) {
            throw bad(String.valueOf(e.getMessage()));
        }
        if (formerKey != null && formerKey.compareTo(key) >= 0) {
            throw bad("streams aren't in the order of their keys");
        }
        formerKey = key;
        return key;
    }

    private List<Checkpoint> checkpoints(long begin) throws IOException {
        List<Checkpoint> checkpoints = new ArrayList<>();
        long end = begin;
        long records = 0;
        for (Matcher at = AT.matcher(line); at.matches(); at = AT.matcher(line)) {
            Checkpoint checkpoint = new Checkpoint(number(at.group(1)), number(at.group(2)), at.group(3));
            if (checkpoint.end() <= end || checkpoint.records() <= records) {
                throw bad("checkpoints aren't in order");
            }
            if (checkpoints.size() == AnchoredStream.MAX_CHECKPOINTS) {
                throw bad("too many checkpoints: max=" + AnchoredStream.MAX_CHECKPOINTS);
            }
            checkpoints.add(checkpoint);
            end = checkpoint.end();
            records = checkpoint.records();
            text.add(line);
            line = readLine();
        }
        if (checkpoints.isEmpty()) {
            throw bad("stream without a checkpoint");
        }
        return List.copyOf(checkpoints);
    }

    private long number(String digits) throws BadAnchorException {
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            BadAnchorException tooLarge = bad("number is too large");
            tooLarge.addSuppressed(e);
            throw tooLarge;
        }
    }

    private String checkedDigest() throws IOException {
        Matcher last = DIGEST.matcher(line);
        if (!last.matches()) {
            throw bad("neither a stream, a checkpoint nor the digest");
        }
        String found = text.hex();
        if (!last.group(1).equals(found)) {
            throw bad("the anchor was changed: its digest isn't that of its lines");
        }
        if (read() >= 0) {
            throw bad("something follows the digest");
        }
        return found;
    }

    /** The anchor's digest, when all its streams have been read. */
    public String digest() {
        if (digest == null) {
            throw new IllegalStateException("not all streams have been read: file=" + file);
        }
        return digest;
    }

    private String readLine() throws IOException {
        lineNumber++;
        StringBuilder read = new StringBuilder();
        for (int c = read(); c != '\n'; c = read()) {
            if (c < 0) {
                throw bad("the anchor ends before its digest");
            }
            if (read.length() == MAX_LINE_CHARS) {
                throw bad("line is too long: maxChars=" + MAX_LINE_CHARS);
            }
            read.append((char) c);
        }
        return read.toString();
    }

    /** A folder can be opened, and not be read. */
    private int read() throws IOException {
        try {
            return in.read();
        } catch (IOException e) {
            BadAnchorException unreadable = bad("the anchor can't be read: " + e.getMessage());
            unreadable.initCause(e);
            throw unreadable;
        }
    }

    private BadAnchorException bad(String problem) {
        return new BadAnchorException(problem + ": file=" + file + ", line=" + lineNumber + "; give the file as the command digest printed it");
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
