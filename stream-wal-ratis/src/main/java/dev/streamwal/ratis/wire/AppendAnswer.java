package dev.streamwal.ratis.wire;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What became of an append, stream by stream in the command's order. Where the first record stands says where the others do: the records of a batch stand one
 * behind the other, so the positions needn't be sent, nor remembered for a producer that asks again.
 */
public record AppendAnswer(List<Part> streams) {

    public sealed interface Part {}

    /** @param position of the first record */
    public record Appended(long position) implements Part {}

    /** Nothing was appended, since the stream doesn't end where it was expected to. */
    public record EndDiffers(long end) implements Part {}

    /** Nothing was appended, and the same command never will be. */
    public record Refused(String reason) implements Part {}

    /** The command was applied before; what was answered then isn't known any more. */
    public record Forgotten() implements Part {}

    private static final byte APPENDED = 1;
    private static final byte END_DIFFERS = 2;
    private static final byte REFUSED = 3;
    private static final byte FORGOTTEN = 4;

    /** For all streams of a command. */
    public static AppendAnswer forgotten(int streams) {
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < streams; i++) {
            parts.add(new Forgotten());
        }
        return new AppendAnswer(parts);
    }

    public byte[] encode() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(streams.size());
        for (Part part : streams) {
            if (part instanceof Appended appended) {
                out.writeByte(APPENDED);
                out.writeLong(appended.position());
            } else if (part instanceof EndDiffers differs) {
                out.writeByte(END_DIFFERS);
                out.writeLong(differs.end());
            } else if (part instanceof Refused refused) {
                out.writeByte(REFUSED);
                Text.write(out, refused.reason());
            } else {
                out.writeByte(FORGOTTEN);
            }
        }
        return bytes.toByteArray();
    }

    public static AppendAnswer decode(DataInputStream source) throws IOException {
        int count = Text.readCount(source);
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte kind = source.readByte();
            parts.add(switch (kind) {
                case APPENDED -> new Appended(source.readLong());
                case END_DIFFERS -> new EndDiffers(source.readLong());
                case REFUSED -> new Refused(Text.read(source));
                case FORGOTTEN -> new Forgotten();
                default -> throw new IOException("kind of an answer is unknown: kind=" + kind);
            });
        }
        return new AppendAnswer(parts);
    }
}
