package dev.streamwal.ratis.wire;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * A piece of a file of a checkpoint.
 *
 * @param name of the file in the checkpoint, with {@code /} between folders
 * @param length of the whole file, in bytes
 */
public record CheckpointPiece(String name, long length, byte[] bytes) {

    public static final int MAX_BYTES = 1 << 20;

    public byte[] encode() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        DataOutputStream data = new DataOutputStream(out);
        Text.write(data, name);
        data.writeLong(length);
        Text.writeBytes(data, ByteBuffer.wrap(bytes));
        data.writeInt(checksum());
        return out.toByteArray();
    }

    public static CheckpointPiece decode(DataInputStream source) throws IOException {
        CheckpointPiece piece = new CheckpointPiece(Text.read(source), source.readLong(), Text.readBytes(source));
        if (source.readInt() != piece.checksum()) {
            throw new IOException("piece of a checkpoint arrived damaged: file=" + piece.name);
        }
        return piece;
    }

    private int checksum() {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }
}
