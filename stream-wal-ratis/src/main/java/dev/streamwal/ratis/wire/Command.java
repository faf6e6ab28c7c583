package dev.streamwal.ratis.wire;

import dev.streamwal.WriteEntry;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** What changes a shard: an entry of its Raft log. */
public sealed interface Command {

    /**
     * Appends to some streams.
     *
     * @param producer who sends it
     * @param sequence of the producer's commands, from 0; the same command again has the same one
     * @param after what the command must stand behind, of a producer whose commands are applied in order: the sequence of the one before it, {@link
     *     #NONE} if whatever came before it may stand anywhere; {@link #ANY_ORDER} of other producers
     */
    record Append(String producer, long sequence, long after, List<StreamAppend> streams) implements Command {

        public static final long ANY_ORDER = -2;
        public static final long NONE = -1;

        /** In any order. */
        public Append(String producer, long sequence, List<StreamAppend> streams) {
            this(producer, sequence, ANY_ORDER, streams);
        }

        public boolean isInOrder() {
            return after != ANY_ORDER;
        }

        /** Whether it appends to one stream, wherever that ends: nothing but its sequence would keep it from being appended twice. */
        public boolean isOnce() {
            return !isInOrder() && streams.size() == 1 && streams.get(0).expectedEnd() == StreamAppend.ANY_END;
        }
    }

    /**
     * Lets time pass, and tells whether replicas are still the same.
     *
     * @param before index of the tick before this one, as the leader knew it; {@link #NONE} for none
     * @param digest the leader's, as of that tick: {@code ShardState}
     */
    record Tick(long before, int digest) implements Command {

        public static final long NONE = -1;

        /** As it is sent; the leader says the rest. */
        public static final Tick UNSTAMPED = new Tick(NONE, 0);
    }

    /** A command, as bytes: more than a full batch and the largest record, with their keys. */
    int MAX_BYTES = 6 << 20;

    byte APPEND = 1;
    byte TICK = 2;

    default byte[] encode() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        if (this instanceof Append append) {
            out.writeByte(APPEND);
            Text.write(out, append.producer());
            out.writeLong(append.sequence());
            out.writeLong(append.after());
            out.writeInt(append.streams().size());
            for (StreamAppend stream : append.streams()) {
                write(out, stream);
            }
        } else if (this instanceof Tick tick) {
            out.writeByte(TICK);
            out.writeLong(tick.before());
            out.writeInt(tick.digest());
        }
        return bytes.toByteArray();
    }

    private static void write(DataOutputStream out, StreamAppend stream) throws IOException {
        Text.write(out, stream.key());
        out.writeLong(stream.expectedEnd());
        out.writeInt(stream.entries().size());
        for (WriteEntry entry : stream.entries()) {
            out.writeLong(entry.timestampMillis());
            Text.writeBytes(out, entry.header());
            Text.writeBytes(out, entry.content());
        }
    }

    /**
     * @param source standing at a command, which ends it
     * @throws IOException if it is none
     */
    static Command decode(DataInputStream source) throws IOException {
        byte kind = source.readByte();
        Command command = switch (kind) {
            case APPEND -> readAppend(source);
            case TICK -> new Tick(source.readLong(), source.readInt());
            default -> throw new IOException("kind of a command is unknown: kind=" + kind + "; a later version wrote it");
        };
        if (source.read() >= 0) {
            throw new IOException("bytes stand behind a command: kind=" + kind);
        }
        return command;
    }

    private static Append readAppend(DataInputStream source) throws IOException {
        String producer = Text.read(source);
        long sequence = source.readLong();
        long after = source.readLong();
        int count = Text.readCount(source);
        List<StreamAppend> streams = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String key = Text.read(source);
            long expectedEnd = source.readLong();
            int records = Text.readCount(source);
            List<WriteEntry> entries = new ArrayList<>();
            for (int j = 0; j < records; j++) {
                long timestampMillis = source.readLong();
                entries.add(new WriteEntry(ByteBuffer.wrap(Text.readBytes(source)), ByteBuffer.wrap(Text.readBytes(source)), timestampMillis));
            }
            streams.add(new StreamAppend(key, expectedEnd, entries));
        }
        return new Append(producer, sequence, after, streams);
    }
}
