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

    /** Keeps the newest image until it is released: its number, its index, and how many files and folders it has. */
    record OpenImage() implements Query {}

    /** A piece of a file of an image, or a folder: an {@link ImagePiece}. */
    record ReadImage(long number, int file, long offset) implements Query {}

    /** The peer has all of an image, or doesn't want it. */
    record ReleaseImage(long number) implements Query {}

    /** How the shard is: a {@link ShardStatus}. */
    record Status() implements Query {}

    byte LATEST = 1;
    byte END = 2;
    byte SCAN = 3;
    byte OPEN_IMAGE = 4;
    byte READ_IMAGE = 5;
    byte RELEASE_IMAGE = 6;
    byte STATUS = 7;

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
        } else if (this instanceof ReadImage read) {
            out.writeByte(READ_IMAGE);
            out.writeLong(read.number());
            out.writeInt(read.file());
            out.writeLong(read.offset());
        } else if (this instanceof ReleaseImage release) {
            out.writeByte(RELEASE_IMAGE);
            out.writeLong(release.number());
        } else {
            out.writeByte(this instanceof Status ? STATUS : OPEN_IMAGE);
        }
        return bytes.toByteArray();
    }

    static Query decode(DataInputStream source) throws IOException {
        byte kind = source.readByte();
        return switch (kind) {
            case LATEST -> new Latest(Text.read(source));
            case END -> new End(Text.read(source));
            case SCAN -> new Scan(Text.read(source), source.readLong(), source.readInt());
            case OPEN_IMAGE -> new OpenImage();
            case STATUS -> new Status();
            case READ_IMAGE -> new ReadImage(source.readLong(), source.readInt(), source.readLong());
            case RELEASE_IMAGE -> new ReleaseImage(source.readLong());
            default -> throw new IOException("kind of a query is unknown: kind=" + kind + "; a later version sent it");
        };
    }
}
