package dev.streamwal.cli.digest;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The text of an anchor: lines of ASCII, each of which ends with a line feed.
 *
 * <pre>
 *   stream-wal anchor 1
 *   made 2026-03-04T00:00:00Z         when it was made: a note, which the digest doesn't cover
 *   stream cpu/1 0                    a stream's key and the position of its first record, in the natural order of keys
 *   at 1024 16 5feceb66…              checkpoints: where the last record ends, how many there are, their digest
 *   at 1600 25 6b86b273…
 *   digest d4735e3a…                  SHA-256 of the lines above but the second, with their line feeds
 * </pre>
 *
 * In keys, every byte of UTF-8 that isn't a visible ASCII character, and %, is % and two hexadecimal digits.
 */
final class AnchorText {

    static final String FIRST = "stream-wal anchor 1";
    static final String MADE = "made ";
    static final String STREAM = "stream ";
    static final String AT = "at ";
    static final String DIGEST = "digest ";

    private static final HexFormat HEX = HexFormat.of().withUpperCase();
    private static final int HEX_DIGITS = 2;

    private final MessageDigest sha256 = ChainDigest.sha256();

    /** Covers a line. */
    void add(String line) {
        sha256.update(line.getBytes(US_ASCII));
        sha256.update((byte) '\n');
    }

    /** Of all lines; called once. */
    String hex() {
        return HexFormat.of().formatHex(sha256.digest());
    }

    static String escaped(String key) {
        StringBuilder text = new StringBuilder();
        for (byte each : key.getBytes(UTF_8)) {
            if (each > ' ' && each < 0x7f && each != '%') {
                text.append((char) each);
            } else {
                text.append('%').append(HEX.toHexDigits(each));
            }
        }
        return text.toString();
    }

    /** The key that is written so; a key is written in one way only. */
    static String key(String escaped) throws BadAnchorException {
        ByteArrayOutputStream utf8 = new ByteArrayOutputStream();
        try {
            for (int i = 0; i < escaped.length(); i++) {
                if (escaped.charAt(i) == '%') {
                    utf8.write(HexFormat.fromHexDigits(escaped, i + 1, i + 1 + HEX_DIGITS));
                    i += HEX_DIGITS;
                } else {
                    utf8.write(escaped.charAt(i));
                }
            }
            String key = StreamKey.ofUtf8(utf8.toByteArray()).text();
            if (escaped(key).equals(escaped)) {
                return key;
            }
        } catch (FormatException | IllegalArgumentException | IndexOutOfBoundsException e) {
            // said below, with what was read
        }
        throw new BadAnchorException("not a stream's key");
    }
}
