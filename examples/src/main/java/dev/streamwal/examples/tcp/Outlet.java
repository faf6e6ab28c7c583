package dev.streamwal.examples.tcp;

import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryBatch.Status;
import dev.streamwal.reader.EntryRef;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import java.util.List;

/**
 * Where a connection's entries go out. They are written as they stand in the batch's buffers, each retained until the socket has taken it,
 * so the batch may be closed at once. Whoever writes waits while the client doesn't read: what is on its way is Netty's high-water mark
 * and one entry. But each that is retained holds the batch's whole buffer, and so does who waits: so batches are to be small.
 */
final class Outlet {

    private final Channel channel;

    Outlet(Channel channel) {
        this.channel = channel;
    }

    /** By the thread that serves the connection, not Netty's own, which must not wait. */
    void write(List<EntryRef> refs, EntryBatch batch) throws InterruptedException {
        for (int i = 0; i < batch.size(); i++) {
            awaitWritable();
            if (batch.status(i) == Status.FOUND) {
                write(batch.get(i));
            } else {
                write(batch.status(i), refs.get(i));
            }
        }
        channel.flush();
    }

    private void write(Entry entry) {
        write(Response.encodePrefix(channel.alloc(), entry));
        write(entry.header().retain());
        write(entry.content().retain());
    }

    /** Of an entry that isn't to be had. */
    void write(Status status, EntryRef ref) {
        write(Response.encode(channel.alloc(), status, ref));
    }

    /** Tells why a request isn't served. */
    void refuse(String reason) throws InterruptedException {
        awaitWritable();
        write(new Answer.Refusal(reason).encode(channel.alloc()));
        channel.flush();
    }

    /** What fails is released; the connection ends then. */
    private void write(ByteBuf bytes) {
        ChannelFuture unused = channel.write(bytes, channel.voidPromise());
    }

    private synchronized void awaitWritable() throws InterruptedException {
        while (!channel.isWritable()) {
            channel.flush();
            wait();
        }
    }

    /** Called by Netty's thread when the channel can be written to, or no longer can. */
    synchronized void writabilityChanged() {
        notifyAll();
    }
}
