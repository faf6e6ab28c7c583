package dev.streamwal.examples.tcp;

import dev.streamwal.reader.WalReader;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Serves the entries of a log over TCP: by reference, or as a stream grows. Every client may read everything: for a trusted network. */
final class EntryServer implements AutoCloseable {

    private final WalReader reader;
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final Set<Channel> channels = ConcurrentHashMap.newKeySet();
    private final Channel listening;

    /** @param reader stays the caller's, to be closed after the server */
    EntryServer(WalReader reader, InetSocketAddress address) {
        this.reader = reader;
        this.listening = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        connect(channel);
                    }
                })
                .bind(address)
                .syncUninterruptibly()
                .channel();
    }

    private void connect(Channel channel) {
        Connection connection = new Connection(reader, channel);
        connections.add(connection);
        channels.add(channel);
        channel.closeFuture().addListener(closed -> channels.remove(channel));
        channel.closeFuture().addListener(closed -> connections.remove(connection));
        channel.pipeline().addLast(new LengthFieldBasedFrameDecoder(Request.MAX_FRAME_BYTES, 0, Integer.BYTES, 0, Integer.BYTES), connection);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listening.localAddress();
    }

    /** Closes its connections and ends its threads; if the calling thread is interrupted, it doesn't wait for the serving threads. */
    @Override
    public void close() {
        if (group.isShuttingDown()) {
            return;
        }
        listening.close().syncUninterruptibly();
        Set<Connection> open = Set.copyOf(connections);
        channels.forEach(channel -> channel.close().syncUninterruptibly());
        open.forEach(Connection::awaitEnd);
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
