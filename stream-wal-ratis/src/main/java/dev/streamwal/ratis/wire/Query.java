package dev.streamwal.ratis.wire;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** What changes nothing: asked of a replica, and answered from what it has. */
public sealed interface Query {

    /** The newest record of a stream: a {@link Page} of one, or none. */
    record Latest(String key) implements Query {}

    /** Where a stream ends: 8 bytes. */
    record End(String key) implements Query {}

    /** The records from a position on, at most as many: a {@link Page}. */
    record Scan(String key, long position, int records) implements Query {}

    /** Makes a checkpoint for a peer: its number, and how many files it has. */
    record OpenCheckpoint() implements Query {}

    /** A piece of a file of a checkpoint: a {@link CheckpointPiece}. */
    record ReadCheckpoint(long checkpoint, int file, long offset) implements Query {}

    /** The peer has all of a checkpoint, or doesn't want it. */
    record DropCheckpoint(long checkpoint) implements Query {}

    byte LATEST = 1;
    byte END = 2;
    byte SCAN = 3;
    byte OPEN_CHECKPOINT = 4;
    byte READ_CHECKPOINT = 5;
    byte DROP_CHECKPOINT = 6;

    default byte[] encode() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        if (this instanceof Latest latest) {
            out.writeByte(LATEST);
            Text.write(out, latest.key());
        } else if (this instanceof End end) {
            out.writeByte(END);
            Text.write(out, end.key());
        } else if (this instanceof Scan scan) {
            out.writeByte(SCAN);
            Text.write(out, scan.key());
            out.writeLong(scan.position());
            out.writeInt(scan.records());
        } else if (this instanceof ReadCheckpoint read) {
            out.writeByte(READ_CHECKPOINT);
            out.writeLong(read.checkpoint());
            out.writeInt(read.file());
            out.writeLong(read.offset());
        } else if (this instanceof DropCheckpoint drop) {
            out.writeByte(DROP_CHECKPOINT);
            out.writeLong(drop.checkpoint());
        } else {
            out.writeByte(OPEN_CHECKPOINT);
        }
        return bytes.toByteArray();
    }

    static Query decode(DataInputStream source) throws IOException {
        byte kind = source.readByte();
        return switch (kind) {
            case LATEST -> new Latest(Text.read(source));
            case END -> new End(Text.read(source));
            case SCAN -> new Scan(Text.read(source), source.readLong(), source.readInt());
            case OPEN_CHECKPOINT -> new OpenCheckpoint();
            case READ_CHECKPOINT -> new ReadCheckpoint(source.readLong(), source.readInt(), source.readLong());
            case DROP_CHECKPOINT -> new DropCheckpoint(source.readLong());
            default -> throw new IOException("kind of a query is unknown: kind=" + kind + "; a later version sent it");
        };
    }
}
