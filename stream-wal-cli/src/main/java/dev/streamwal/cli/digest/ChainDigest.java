package dev.streamwal.cli.digest;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.reader.EntryCursor;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The digest of a stream's records, each of which takes in the digest before it: SHA-256 of that digest, the record's position and timestamp, and
 * the lengths and bytes of its header and content. The first one takes in the digest of the stream's key. So no two sequences of records are the
 * same bytes, whatever they contain, and where a record stands, in a segment or a pack, compressed or encrypted, is no part of it.
 */
final class ChainDigest {

    private static final byte[] BEGIN = "stream-wal digest 1\n".getBytes(UTF_8);
    private static final HexFormat HEX = HexFormat.of();

    private final MessageDigest sha256 = sha256();
    private final ByteBuffer numbers = ByteBuffer.allocate(2 * Long.BYTES + 2 * Integer.BYTES);
    private byte[] value;

    ChainDigest(String key) {
        sha256.update(BEGIN);
        value = sha256.digest(key.getBytes(UTF_8));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Takes in the record at which the cursor is. */
    void add(EntryCursor record) {
        ByteBuf header = record.header();
        ByteBuf content = record.content();
        numbers.clear().putLong(record.position()).putLong(record.timestampMillis()).putInt(header.readableBytes()).putInt(content.readableBytes());
        sha256.update(value);
        sha256.update(numbers.flip());
        sha256.update(header.nioBuffer());
        sha256.update(content.nioBuffer());
        value = sha256.digest();
    }

    /** Goes on behind a record whose digest is known. */
    void goOnFrom(String hex) {
        value = HEX.parseHex(hex);
    }

    /** Of all records so far, as 64 lower-case hexadecimal digits. */
    String hex() {
        return HEX.formatHex(value);
    }
}
