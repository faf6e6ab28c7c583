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
 * Sends a connection's entries. They are written from the batch's buffers, each retained until the socket has taken it, so the batch may be closed at
 * once. A writing thread waits while the client doesn't read: at most Netty's high-water mark and one entry are on their way. But each retained entry
 * holds the batch's whole buffer, and so does a waiting thread: so keep batches small.
 */
final class Outlet {

    private final Channel channel;

    Outlet(Channel channel) {
        this.channel = channel;
    }

    /** Called by the thread that serves the connection, not by Netty's own, which must not wait. */
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

    /** Writes the status of an entry that isn't available. */
    void write(Status status, EntryRef ref) {
        write(Response.encode(channel.alloc(), status, ref));
    }

    /** Writes why a request isn't served. */
    void refuse(String reason) throws InterruptedException {
        awaitWritable();
        write(new Answer.Refusal(reason).encode(channel.alloc()));
        channel.flush();
    }

    /** Netty releases bytes that can't be written; the connection ends then. */
    private void write(ByteBuf bytes) {
        ChannelFuture unused = channel.write(bytes, channel.voidPromise());
    }

    private synchronized void awaitWritable() throws InterruptedException {
        while (!channel.isWritable()) {
            channel.flush();
            wait();
        }
    }

    /** Called by Netty's thread when the channel becomes writable, or unwritable. */
    synchronized void writabilityChanged() {
        notifyAll();
    }
}
