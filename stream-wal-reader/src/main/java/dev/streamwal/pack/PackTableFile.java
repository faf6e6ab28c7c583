package dev.streamwal.pack;

import dev.streamwal.io.LogFile;
import dev.streamwal.io.OpenBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The table of a pack whose segments are in the log's tier: {@code packs/<number>.table} has the pack's header, and then all that stands behind the
 * segments: table blocks, block index, footer. Each byte of it is covered by the pack's checksums. With it a writer finds and deletes what a pack has,
 * and a reader finds what it wants to read, without the tier.
 */
public final class PackTableFile {

    /** Bytes of a pack's header, with which its table's file begins. */
    public static final int HEADER_BYTES = PackHeaderLayout.BYTES;

    private PackTableFile() {}

    /**
     * Where the part of the pack that is in the file begins, behind the header.
     *
     * @param packBytes of the pack
     * @param tableBytes of the file
     */
    public static long begin(long packBytes, long tableBytes) throws IOException {
        long begin = packBytes - (tableBytes - HEADER_BYTES);
        if (tableBytes < HEADER_BYTES + PackFooterLayout.BYTES || begin < HEADER_BYTES) {
            throw new IOException("file of a pack's table is too short or too long: bytes=" + tableBytes + ", pack=" + packBytes
                    + "; delete it, and open the log with its tier, and it is made anew");
        }
        return begin;
    }

    /** Writes the file, of a pack that is anywhere. When this returns, it is durable, its name included. */
    public static void write(PackReader pack, Path root) throws IOException {
        long tableOffset = pack.footer().tableOffset();
        long end = pack.footer().fileLength();
        try (OpenBytes bytes = pack.source().open()) {
            LogFile.replace(PackFiles.temporaryTable(root, pack.number()), PackFiles.table(root, pack.number()), file -> {
                ByteBuffer chunk = ByteBuffer.allocate(LogFile.CHUNK_BYTES);
                bytes.copy(0, HEADER_BYTES, chunk, (offset, piece) -> file.write(offset, piece));
                bytes.copy(tableOffset, end, chunk, (offset, piece) -> file.write(HEADER_BYTES + offset - tableOffset, piece));
            });
        }
    }
}
