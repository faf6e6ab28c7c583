package dev.streamwal.ratis.wire;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * A piece of a file of an image.
 *
 * @param name of the file in the image, with {@code /} between folders
 * @param length of the whole file, in bytes
 */
public record ImagePiece(String name, long length, byte[] bytes) {

    public static final int MAX_BYTES = 1 << 20;

    /** A folder, which may be empty: its name ends with {@code /}, and it has no bytes. */
    public static ImagePiece ofFolder(String name) {
        return new ImagePiece(name + '/', 0, new byte[0]);
    }

    public boolean isFolder() {
        return name.endsWith("/");
    }

    public byte[] encode() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        DataOutputStream data = new DataOutputStream(out);
        Text.write(data, name);
        data.writeLong(length);
        Text.writeBytes(data, ByteBuffer.wrap(bytes));
        data.writeInt(checksum());
        return out.toByteArray();
    }

    public static ImagePiece decode(DataInputStream source) throws IOException {
        ImagePiece piece = new ImagePiece(Text.read(source), source.readLong(), Text.readBytes(source));
        if (source.readInt() != piece.checksum()) {
            throw new IOException("piece of an image arrived damaged: file=" + piece.name);
        }
        return piece;
    }

    private int checksum() {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }
}
