package dev.streamwal.embedding;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.Durability;
import dev.streamwal.StreamWal;
import dev.streamwal.WalStream;
import dev.streamwal.WriteBatch;
import dev.streamwal.WriteEntry;
import dev.streamwal.codec.RecordCodec;
import dev.streamwal.codec.SampleCodec;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.TypedCursor;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Appends in every way that needs no other library, and reads what it has appended. It prints nothing. */
public final class Program {

    private static final byte[] HEADER = "header".getBytes(UTF_8);
    private static final byte[] CONTENT = "content".getBytes(UTF_8);

    private Program() {}

    /**
     * Fails where a record isn't found.
     *
     * @param arguments the log's directory, which is made
     */
    public static void main(String[] arguments) {
        Path root = Path.of(arguments[0]);
        read(root, write(root));
        writeAndReadSamples(root);
    }

    private static List<EntryRef> write(Path root) {
        long now = System.currentTimeMillis();
        List<EntryRef> refs = new ArrayList<>();
        try (StreamWal wal = StreamWal.open(root)) {
            WalStream stream = wal.stream("s");
            refs.add(stream.append(CONTENT));
            refs.add(stream.append(now, CONTENT));
            refs.add(stream.append(now, HEADER, CONTENT));
            refs.add(stream.append(now, ByteBuffer.wrap(HEADER), ByteBuffer.wrap(CONTENT)));
            refs.add(stream.append(now, Unpooled.wrappedBuffer(HEADER), Unpooled.wrappedBuffer(CONTENT)));
            refs.add(stream.append(WriteEntry.of(CONTENT)));
            refs.add(stream.append(WriteEntry.of(CONTENT), Durability.IMMEDIATE));
            refs.addAll(stream.appendBatch(List.of(WriteEntry.of(CONTENT), WriteEntry.of(HEADER, CONTENT, now))));
            refs.addAll(wal.append(new WriteBatch().add("s", WriteEntry.of(CONTENT)).add("t", WriteEntry.of(CONTENT))));
            refs.add(wal.stream("s", new TextCodec()).append("content"));
            refs.add(stream.append(WriteEntry.typed(new TextCodec(), "content", now)));
            refs.add(stream.appendAsync(WriteEntry.of(CONTENT)).join());
            require(wal.sweep().failedSegments() == 0, "a sweep without failures");
            wal.checkpoint(root.resolveSibling("copy"));
        }
        return refs;
    }

    private static void read(Path root, List<EntryRef> refs) {
        try (WalReader reader = WalReader.open(root)) {
            try (EntryBatch batch = reader.readBatch(refs)) {
                require(batch.found().size() == refs.size(), "every record by its ref");
            }
            int scanned = 0;
            for (String key : reader.keys()) {
                try (EntryCursor cursor = reader.scan(key)) {
                    while (cursor.next()) {
                        require(cursor.content().toString(UTF_8).equals("content"), "the content that was appended");
                        scanned++;
                    }
                }
            }
            require(scanned == refs.size(), "every record by a scan");
            int beforeLast = refs.size() - 2;
            require(reader.find(refs.get(beforeLast)).orElseThrow().value(new TextCodec()).equals("content"), "the text that was appended");
        }
    }

    private static void writeAndReadSamples(Path root) {
        try (StreamWal wal = StreamWal.open(root)) {
            wal.samples("samples").append(231.5);
            try (WalReader reader = wal.reader();
                    EntryCursor cursor = reader.scan("samples");
                    TypedCursor<Double> typed = reader.scan("samples", SampleCodec.instance())) {
                require(cursor.next() && cursor.sampleValue() == 231.5, "the sample that was appended");
                require(typed.next() && typed.value() == 231.5, "the same as an object");
            }
        }
    }

    /** Texts as values. */
    private static final class TextCodec implements RecordCodec<String> {

        @Override
        public int schemaId() {
            return 1;
        }

        @Override
        public int version() {
            return 1;
        }

        @Override
        public void encode(String value, ByteBuf target) {
            target.writeCharSequence(value, UTF_8);
        }

        @Override
        public String decode(ByteBuf content, int version) {
            return content.toString(UTF_8);
        }
    }

    private static void require(boolean fact, String what) {
        if (!fact) {
            throw new IllegalStateException("expected " + what);
        }
    }
}
