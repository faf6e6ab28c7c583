package dev.streamwal.examples.tcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryBatch.Status;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PoolArenaMetric;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocatorMetric;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ResourceLeakDetector;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Entries over TCP: which come, that slow clients cost no memory, and that every buffer is given back. */
@Timeout(300)
class TcpTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @TempDir
    Path root;

    private StreamWal wal;
    private WalReader reader;
    private EntryServer server;
    private long buffersBefore;

    @BeforeEach
    void open() {
        assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.PARANOID);
        buffersBefore = buffers();
        wal = StreamWal.open(root, WalOptions.builder().segmentBytes(8 << 20).sweepInterval(Duration.ZERO).build());
        reader = WalReader.open(root);
        server = new EntryServer(reader, ANY_PORT);
    }

    @AfterEach
    void closeAndCountBuffers() throws InterruptedException {
        server.close();
        reader.close();
        wal.close();
        while (buffers() > buffersBefore) {
            // what a channel had still to write is released by its thread
            Thread.sleep(1);
        }
    }

    /** Pooled, and not released yet. */
    private static long buffers() {
        PooledByteBufAllocatorMetric metric = PooledByteBufAllocator.DEFAULT.metric();
        return metric.directArenas().stream().mapToLong(PoolArenaMetric::numActiveAllocations).sum();
    }

    @Test
    void batch_eachRefSaysWhatBecameOfIt() throws Exception {
        WalStream old = wal.stream("old");
        EntryRef expired = old.append("gone".getBytes(UTF_8));
        EntryRef kept = wal.stream("kept").append(WriteEntry.of("head".getBytes(UTF_8), "body".getBytes(UTF_8), WriteEntry.NOW));
        EntryRef neverThere = new EntryRef("kept", kept.end(), kept.size());
        assertThat(wal.delete("old")).isTrue();

        try (EntryClient client = new EntryClient(server.address())) {
            client.send(new Request.Batch(List.of(kept, expired, neverThere, kept)));

            Response found = client.next(PATIENCE).orElseThrow();
            assertThat(found.ref()).isEqualTo(kept);
            assertThat(found.header()).asString().isEqualTo("head");
            assertThat(found.content()).asString().isEqualTo("body");
            assertThat(found.timestampMillis()).isPositive();
            assertThat(client.next(PATIENCE).orElseThrow().status()).isEqualTo(Status.EXPIRED);
            assertThat(client.next(PATIENCE).orElseThrow().status()).isEqualTo(Status.NOT_FOUND);
            assertThat(client.next(PATIENCE).orElseThrow().ref()).isEqualTo(kept);
        }
    }

    @Test
    void entriesAreWrittenFromTheBuffersThatTheyWereReadInto() throws Exception {
        EntryRef ref = wal.stream("a").append(WriteEntry.of(new byte[100], new byte[10_000], WriteEntry.NOW));
        EmbeddedChannel channel = new EmbeddedChannel();
        try (EntryBatch batch = reader.readBatch(List.of(ref))) {
            new Outlet(channel).write(List.of(ref), batch);

            ByteBuf prefix = channel.readOutbound();
            ByteBuf header = channel.readOutbound();
            ByteBuf content = channel.readOutbound();
            assertThat(header).isSameAs(batch.get(0).header());
            assertThat(content).isSameAs(batch.get(0).content());
            assertThat(content.isDirect()).as("else the transport copies it").isTrue();
            prefix.release();
            header.release();
            content.release();
        } finally {
            channel.finishAndReleaseAll();
        }
    }

    @Test
    void follow_whatIsThereAndWhatComes_inOrder() throws Exception {
        WalStream stream = wal.stream("a");
        append(stream, 0, 1_000, 10);

        try (EntryClient client = new EntryClient(server.address())) {
            client.send(new Request.Follow("a", 0));
            for (int i = 0; i < 1_000; i++) {
                assertThat(number(client.next(PATIENCE).orElseThrow())).isEqualTo(i);
            }
            append(stream, 1_000, 2_000, 10);
            for (int i = 1_000; i < 2_000; i++) {
                assertThat(number(client.next(PATIENCE).orElseThrow())).isEqualTo(i);
            }
        }
    }

    @Test
    void follow_whatHasExpired_isToldOfOnce_andItGoesOn() throws Exception {
        WalStream stream = wal.stream("a");
        List<EntryRef> refs = append(stream, 0, 100, 1 << 20);
        wal.purge(Keys.key("a"), Instant.now().plus(Duration.ofDays(1)));
        long first = reader.describe("a").orElseThrow().firstPosition();
        assertThat(first).isPositive();

        try (EntryClient client = new EntryClient(server.address())) {
            client.send(new Request.Follow("a", refs.get(1).position()));

            Response expired = client.next(PATIENCE).orElseThrow();
            assertThat(expired.status()).isEqualTo(Status.EXPIRED);
            assertThat(expired.ref().position()).isEqualTo(refs.get(1).position());
            assertThat(client.next(PATIENCE).orElseThrow().ref().position()).isEqualTo(first);
        }
    }

    /** 200 MB for a client that reads nothing: the server has Netty's high-water mark and the group that it is at in memory, not more. */
    @Test
    void aClientThatDoesNotReadCostsNoMemory_andGetsEverythingWhenItDoes() throws Exception {
        int entries = 2_000;
        append(wal.stream("a"), 0, entries, 100_000);

        try (Socket client = new Socket()) {
            client.setReceiveBufferSize(64 << 10);
            client.connect(server.address());
            request(client, new Request.Follow("a", 0));
            long most = 0;
            for (int i = 0; i < 200; i++) {
                most = Math.max(most, buffers() - buffersBefore);
                Thread.sleep(1);
            }
            assertThat(most).as("pooled buffers in use").isLessThan(1_000);

            DataInputStream in = new DataInputStream(client.getInputStream());
            for (int i = 0; i < entries; i++) {
                assertThat(number(Response.decode(frame(in)))).isEqualTo(i);
            }
        }
    }

    /** What each of them gets is read when it is sent, so what they don't read is in the log, and not in memory: 600 MB in all. */
    @Test
    void clientsThatDoNotReadTheirBatches_holdAGroupEach_andGetEverythingWhenTheyDo() throws Exception {
        int clients = 10;
        List<EntryRef> refs = append(wal.stream("a"), 0, 600, 100_000);
        List<Socket> sockets = new ArrayList<>();
        long before = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
        try {
            for (int i = 0; i < clients; i++) {
                Socket client = new Socket();
                sockets.add(client);
                client.setReceiveBufferSize(4 << 10);
                client.connect(server.address());
                request(client, new Request.Batch(refs));
            }
            List<DataInputStream> streams = new ArrayList<>();
            for (Socket client : sockets) {
                DataInputStream in = new DataInputStream(client.getInputStream());
                // what it gets first has been read, and with it all that is read at once
                assertThat(number(Response.decode(frame(in)))).isZero();
                streams.add(in);
            }
            long pinned = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() - before;
            assertThat(pinned).as("direct memory in use").isLessThan(clients * (1L << 20));
            for (int i = 1; i < refs.size(); i++) {
                assertThat(number(Response.decode(frame(streams.get(7))))).isEqualTo(i);
            }
        } finally {
            for (Socket client : sockets) {
                client.close();
            }
        }
    }

    @Test
    void requestsThatCannotBeServed_areAnswered_andTheConnectionServesOthers() throws Exception {
        EntryRef ref = append(wal.stream("a"), 7, 8, 10).get(0);
        try (Socket client = new Socket()) {
            client.connect(server.address());
            DataInputStream in = new DataInputStream(client.getInputStream());
            request(client, new Request.Follow("a", -1));
            assertThat(refusal(in)).contains("position=-1");
            request(client, new Request.Follow("a", ref.position() + 8));
            assertThat(refusal(in)).contains("stream=a");
            request(client, new Request.Follow("", 0));
            assertThat(refusal(in)).contains("key");
            client.getOutputStream().write(negative(ref));
            assertThat(refusal(in)).contains("position=-1");
            client.getOutputStream().write(new byte[] {0, 0, 0, 3, 'B', 0, 9});
            assertThat(refusal(in)).isNotEmpty();
            client.getOutputStream().write(new byte[] {0, 0, 0, 1, 'X'});
            assertThat(refusal(in)).contains("kind=88");
            request(client, new Request.Batch(List.of(ref)));
            assertThat(number(Response.decode(frame(in)))).isEqualTo(7);
        }
        try (EntryClient client = new EntryClient(server.address())) {
            client.send(new Request.Follow("a", -1));
            assertThatThrownBy(() -> client.next(PATIENCE)).isInstanceOf(IOException.class).hasMessageContaining("position=-1");
            client.send(new Request.Batch(List.of(ref)));
            assertThat(client.next(PATIENCE)).isPresent();
        }
    }

    private static String refusal(DataInputStream in) throws IOException {
        return ((Answer.Refusal) Answer.decode(frame(in))).reason();
    }

    /** A batch's frame with the ref, at position -1. */
    private static byte[] negative(EntryRef ref) {
        ByteBuf frame = new Request.Batch(List.of(ref)).encode(UnpooledByteBufAllocator.DEFAULT);
        try {
            return ByteBufUtil.getBytes(frame.setLong(Integer.BYTES + 1 + Short.BYTES + 1, -1));
        } finally {
            frame.release();
        }
    }

    @Test
    void aFrameThatIsTooLong_endsTheConnection() throws Exception {
        try (Socket client = new Socket()) {
            client.connect(server.address());
            client.getOutputStream().write(new byte[] {0x7f, 0, 0, 0});

            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void close_endsAClientThatFollows() throws Exception {
        try (EntryClient client = new EntryClient(server.address())) {
            client.send(new Request.Follow("a", 0));
            wal.stream("a").append(new byte[4]);
            assertThat(client.next(PATIENCE)).isPresent();

            server.close();

            assertThat(Thread.getAllStackTraces().keySet()).noneMatch(thread -> thread.getName().startsWith("serving "));
        }
    }

    private static List<EntryRef> append(WalStream stream, int from, int to, int bytes) {
        List<EntryRef> refs = new ArrayList<>();
        for (int i = from; i < to; i++) {
            refs.add(stream.append(Unpooled.buffer(bytes).writeInt(i).writerIndex(bytes).array()));
        }
        return refs;
    }

    private static int number(Response response) {
        return Unpooled.wrappedBuffer(response.content()).readInt();
    }

    private static void request(Socket client, Request request) throws IOException {
        ByteBuf frame = request.encode(PooledByteBufAllocator.DEFAULT);
        try {
            frame.readBytes(client.getOutputStream(), frame.readableBytes());
        } finally {
            frame.release();
        }
    }

    private static ByteBuf frame(DataInputStream in) throws IOException {
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        return Unpooled.wrappedBuffer(frame);
    }
}
