package dev.streamwal.ratis.wire;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What became of an append, stream by stream in the command's order. Where the first record stands says where the others do: they stand one behind the other,
 * so the positions needn't be sent, nor remembered for a producer that asks again.
 */
public record AppendAnswer(List<Part> streams) {

    public sealed interface Part {}

    /**
     * The records that weren't refused stand one behind the other.
     *
     * @param position of the first of them; 0 where all were refused
     * @param refused those that aren't there, and never will be, in the command's order
     */
    public record Appended(long position, List<Refused> refused) implements Part {}

    /** Nothing was appended, since the stream doesn't end where it was expected to. */
    public record EndDiffers(long end) implements Part {}

    /** Nothing was appended now: the command was applied before, or a later one of its producer's was; what was answered then isn't known any more. */
    public record Forgotten() implements Part {}

    /** Nothing was appended, since the command that it must stand behind wasn't applied. It can be sent again. */
    public record TooEarly() implements Part {}

    /**
     * A record that can't be appended.
     *
     * @param record which one of its stream's in the command, from 0
     * @param reason what is wrong with it
     */
    public record Refused(int record, String reason) {}

    private static final byte APPENDED = 1;
    private static final byte END_DIFFERS = 2;
    private static final byte FORGOTTEN = 3;
    private static final byte TOO_EARLY = 4;

    /** The same for all streams of a command. */
    public static AppendAnswer all(int streams, Part part) {
        return new AppendAnswer(Collections.nCopies(streams, part));
    }

    /** Whether the command is to be sent again. */
    public boolean isTooEarly() {
        return streams.contains(new TooEarly());
    }

    public byte[] encode() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(streams.size());
        for (Part part : streams) {
            if (part instanceof Appended appended) {
                out.writeByte(APPENDED);
                out.writeLong(appended.position());
                out.writeInt(appended.refused().size());
                for (Refused each : appended.refused()) {
                    out.writeInt(each.record());
                    Text.write(out, each.reason());
                }
            } else if (part instanceof EndDiffers differs) {
                out.writeByte(END_DIFFERS);
                out.writeLong(differs.end());
            } else {
                out.writeByte(part instanceof Forgotten ? FORGOTTEN : TOO_EARLY);
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
                case APPENDED -> new Appended(source.readLong(), readRefused(source));
                case END_DIFFERS -> new EndDiffers(source.readLong());
                case FORGOTTEN -> new Forgotten();
                case TOO_EARLY -> new TooEarly();
                default -> throw new IOException("kind of an answer is unknown: kind=" + kind);
            });
        }
        return new AppendAnswer(parts);
    }

    private static List<Refused> readRefused(DataInputStream source) throws IOException {
        int count = Text.readCount(source);
        List<Refused> refused = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            refused.add(new Refused(source.readInt(), Text.read(source)));
        }
        return refused;
    }
}
