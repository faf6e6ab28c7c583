package dev.streamwal.cli.ingest;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Lines of UTF-8 that end with a line feed, with or without a carriage return before it. Lines that are too long are skipped, and take no memory. */
final class BoundedLines implements Closeable {

    private static final int CHUNK_BYTES = 64 << 10;

    private final InputStream input;
    private final String file;
    private final int maxBytes;
    private final byte[] chunk = new byte[CHUNK_BYTES];
    private int from;
    private int to;
    private long number;

    /** @param maxBytes of a line */
    BoundedLines(InputStream input, String file, int maxBytes) {
        this.input = input;
        this.file = file;
        this.maxBytes = maxBytes;
    }

    /** The number of the last line that was read; from 1 on. */
    long number() {
        return number;
    }

    /**
     * The next line, without its end.
     *
     * @return null at the end
     * @throws BadRowException if the line is too long, or not UTF-8; the next call continues behind it
     */
    @Nullable String next() throws IOException {
        if (from == to && !fill()) {
            return null;
        }
        number++;
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        long length = 0;
        boolean ended = false;
        while (!ended && (from < to || fill())) {
            int end = from;
            while (end < to && chunk[end] != '\n') {
                end++;
            }
            length += end - from;
            if (length <= maxBytes) {
                line.write(chunk, from, end - from);
            }
            ended = end < to;
            from = ended ? end + 1 : end;
        }
        if (length > maxBytes) {
            throw new BadRowException("line is longer than " + maxBytes + " bytes: bytes=" + length, file, number, null);
        }
        return decode(line.toByteArray());
    }

    private boolean fill() throws IOException {
        from = 0;
        to = Math.max(0, input.read(chunk));
        return to > 0;
    }

    private String decode(byte[] line) throws BadRowException {
        int length = line.length > 0 && line[line.length - 1] == '\r' ? line.length - 1 : line.length;
        try {
            return StandardCharsets.UTF_8.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(line, 0, length))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new BadRowException("line is not valid UTF-8", file, number, e);
        }
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}
