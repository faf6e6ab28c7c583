package dev.streamwal.examples.tcp;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryBatch.Status;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** A client's connection. A thread of its own reads files, and waits for slow clients; it ends with the connection. */
final class Connection extends SimpleChannelInboundHandler<ByteBuf> {

    /** Requests that are not served yet; a client that sends more without reading is disconnected. */
    private static final int MAX_REQUESTS = 64;
    /** The bytes read and sent together, or one larger entry: a client that doesn't read holds no more of the server's memory. */
    private static final int GROUP_ENTRIES = 256;
    private static final int GROUP_BYTES = 256 << 10;
    private static final Duration REST = Duration.ofMinutes(1);
    private static final int SMALLEST_ENTRY = 32;

    private final WalReader reader;
    private final Channel channel;
    private final Outlet outlet;
    private final BlockingQueue<Request> requests = new ArrayBlockingQueue<>(MAX_REQUESTS);
    private final Thread serving;

    Connection(WalReader reader, Channel channel) {
        this.reader = reader;
        this.channel = channel;
        this.outlet = new Outlet(channel);
        this.serving = new Thread(this::serve, "serving " + channel.id().asShortText());
    }

    // ---- on Netty's thread

    @Override
    public void channelActive(ChannelHandlerContext context) {
        serving.start();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf frame) {
        if (!requests.offer(Request.decode(frame))) {
            end();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        outlet.writabilityChanged();
    }

    /** Reading from the log tolerates interrupts. */
    @Override
    public void channelInactive(ChannelHandlerContext context) {
        serving.interrupt();
    }

    /** A frame that is too long, or a broken connection. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        end();
    }

    private void end() {
        ChannelFuture unused = channel.close();
    }

    // ---- on its own thread

    private void serve() {
        try {
            while (true) {
                serve(requests.take());
            }
        } catch (WalClosedException theServerCloses) {
            // nothing more can be answered
        } catch (InterruptedException theClientHasGone) {
            Thread.currentThread().interrupt();
        } finally {
            end();
        }
    }

    /** Answers a request that can't be served; the client may send another one. */
    private void serve(Request request) throws InterruptedException {
        try {
            if (request instanceof Request.Batch batch) {
                sendInGroups(batch.refs());
            } else if (request instanceof Request.Follow follow) {
                follow(follow);
            } else if (request instanceof Request.Unknown unknown) {
                outlet.refuse(unknown.problem());
            }
        } catch (WalClosedException e) {
            throw e;
        } catch (WalException | IllegalArgumentException e) {
            outlet.refuse(String.valueOf(e.getMessage()));
        }
    }

    private void sendInGroups(List<EntryRef> refs) throws InterruptedException {
        int sent = 0;
        while (sent < refs.size()) {
            long bytes = refs.get(sent).size();
            int end = sent + 1;
            while (end < refs.size() && end - sent < GROUP_ENTRIES && bytes + refs.get(end).size() <= GROUP_BYTES) {
                bytes += refs.get(end).size();
                end++;
            }
            send(refs.subList(sent, end));
            sent = end;
        }
    }

    private void send(List<EntryRef> refs) throws InterruptedException {
        try (EntryBatch batch = reader.readBatch(refs)) {
            outlet.write(refs, batch);
        }
    }

    /** The tail says which entries there are; a batch has them in buffers that outlive the tail's next step. */
    private void follow(Request.Follow follow) throws InterruptedException {
        try (EntryTail tail = reader.follow(follow.key(), ReadFrom.position(follow.position()))) {
            List<EntryRef> group = new ArrayList<>();
            while (true) {
                try {
                    gather(tail, group);
                    send(group);
                } catch (EntryExpiredException e) {
                    send(group);
                    outlet.write(Status.EXPIRED, new EntryRef(follow.key(), e.from(), SMALLEST_ENTRY));
                } catch (CorruptSegmentException e) {
                    send(group);
                    outlet.write(Status.CORRUPT, new EntryRef(follow.key(), e.position(), SMALLEST_ENTRY));
                }
                group.clear();
            }
        }
    }

    private static void gather(EntryTail tail, List<EntryRef> group) throws InterruptedException {
        if (!tail.next(REST)) {
            return;
        }
        long bytes = 0;
        do {
            group.add(tail.ref());
            bytes += tail.size();
        } while (group.size() < GROUP_ENTRIES && bytes < GROUP_BYTES && tail.next());
    }

    /** Call it after the channel was closed. */
    void awaitEnd() {
        try {
            serving.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
