package dev.streamwal.backup;

import dev.streamwal.image.ImageFile;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The SHA-256 of a content that is given piece by piece, and its length. One thread. */
final class ContentChecksum {

    private final MessageDigest digest;
    private long bytes;

    ContentChecksum() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The checksum of a file of a log. */
    static ContentChecksum of(ImageFile file) throws IOException {
        ContentChecksum checksum = new ContentChecksum();
        file.read(checksum::add);
        return checksum;
    }

    /** The checksum of a file. */
    static ContentChecksum of(Path path) throws IOException {
        ContentChecksum checksum = new ContentChecksum();
        try (LogFile file = LogFile.reading(path)) {
            ByteBuffer piece = ByteBuffer.allocate(LogFile.CHUNK_BYTES);
            for (long offset = 0; file.read(piece.clear(), offset) > 0; offset += piece.limit()) {
                checksum.add(piece.flip());
            }
        }
        return checksum;
    }

    /** Adds what remains in a buffer, whose position stays. */
    void add(ByteBuffer piece) {
        bytes += piece.remaining();
        digest.update(piece.duplicate());
    }

    /** The length so far. */
    long bytes() {
        return bytes;
    }

    /** Hex digits; ends the calculation. */
    String finish() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
