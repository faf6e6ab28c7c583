package dev.streamwal.cli.ingest;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Decodes UTF-8, and each invalid byte as a mark, so that a parser of the text loses no more than the field that has it: the mark is a low surrogate
 * without a high one before it, which valid UTF-8 never decodes to.
 */
final class MarkedUtf8 extends Reader {

    private static final int CHUNK = 8 << 10;
    /** Added to the byte. */
    private static final char MARK = '\uDC00';
    private static final int BYTE = 0xFF;

    private final InputStream input;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT).onUnmappableCharacter(CodingErrorAction.REPORT);
    private final ByteBuffer bytes = ByteBuffer.allocate(CHUNK).limit(0);
    private final CharBuffer chars = CharBuffer.allocate(CHUNK).limit(0);
    private boolean ended;

    /** @param input closed with this */
    MarkedUtf8(InputStream input) {
        this.input = input;
    }

    /** The first invalid byte in the text; -1 if there is none. */
    static int firstMarked(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c)) {
                i++;
            } else if (Character.isLowSurrogate(c)) {
                return c & BYTE;
            }
        }
        return -1;
    }

    @Override
    public int read(char[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (!chars.hasRemaining()) {
            if (ended && !bytes.hasRemaining()) {
                return -1;
            }
            decode();
        }
        int count = Math.min(length, chars.remaining());
        chars.get(target, offset, count);
        return count;
    }

    /** Decodes some more, or reads some more, possibly without a complete character. */
    private void decode() throws IOException {
        chars.clear();
        CoderResult result = decoder.decode(bytes, chars, ended);
        if (result.isError()) {
            // there is room: at most as many characters as bytes, and this byte made none
            chars.put((char) (MARK | (bytes.get() & BYTE)));
        } else if (result.isUnderflow() && !ended) {
            bytes.compact();
            int count = input.read(bytes.array(), bytes.position(), bytes.remaining());
            ended = count < 0;
            bytes.position(bytes.position() + Math.max(0, count)).flip();
        }
        chars.flip();
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}
