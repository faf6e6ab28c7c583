package dev.streamwal.ratis.wire;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Records of one stream, as they are sent.
 *
 * @param nextPosition where reading goes on
 */
public record Page(List<SentRecord> records, long nextPosition) {

    /** At which a page ends, whatever number of records was asked for; the last record may go beyond it. */
    public static final int MAX_BYTES = 1 << 20;

    public record SentRecord(long position, long timestampMillis, byte[] header, byte[] content) {}

    public byte[] encode() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeLong(nextPosition);
        out.writeInt(records.size());
        for (SentRecord each : records) {
            out.writeLong(each.position());
            out.writeLong(each.timestampMillis());
            Text.writeBytes(out, ByteBuffer.wrap(each.header()));
            Text.writeBytes(out, ByteBuffer.wrap(each.content()));
        }
        return bytes.toByteArray();
    }

    public static Page decode(DataInputStream source) throws IOException {
        long nextPosition = source.readLong();
        int count = Text.readCount(source);
        List<SentRecord> records = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            records.add(new SentRecord(source.readLong(), source.readLong(), Text.readBytes(source), Text.readBytes(source)));
        }
        return new Page(records, nextPosition);
    }
}
