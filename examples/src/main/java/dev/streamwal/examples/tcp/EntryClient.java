package dev.streamwal.examples.tcp;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** Reads entries from an {@link EntryServer}. For one thread; responses that it doesn't take soon wait at the server. */
final class EntryClient implements AutoCloseable {

    /** Responses received and not taken yet; beyond half of it the client stops reading the socket, which leaves room for what was read already. */
    private static final int MAX_WAITING = 1 << 16;

    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final BlockingQueue<Answer> received = new ArrayBlockingQueue<>(MAX_WAITING);
    private final Channel channel;

    EntryClient(InetSocketAddress server) {
        this.channel = new Bootstrap()
                .group(group)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel connected) {
                        connected.pipeline().addLast(
                                new LengthFieldBasedFrameDecoder(Response.MAX_FRAME_BYTES, 0, Integer.BYTES, 0, Integer.BYTES), new Inlet());
                    }
                })
                .connect(server)
                .syncUninterruptibly()
                .channel();
    }

    private final class Inlet extends SimpleChannelInboundHandler<ByteBuf> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf frame) {
            if (!received.offer(Answer.decode(frame))) {
                throw new IllegalStateException("no room for an entry that was read: entries=" + received.size());
            }
            if (received.size() >= MAX_WAITING / 2) {
                context.channel().config().setAutoRead(false);
            }
        }
    }

    /** Sends a request; its responses come from {@link #next}. */
    void send(Request request) {
        channel.writeAndFlush(request.encode(channel.alloc())).syncUninterruptibly();
    }

    /**
     * The next response.
     *
     * @return empty if none comes in time
     * @throws IOException if the server has closed the connection, or refuses the request whose answers come now; the client may send another one
     */
    Optional<Response> next(Duration timeout) throws IOException, InterruptedException {
        Answer answer = received.poll();
        if (answer == null) {
            channel.config().setAutoRead(true);
            if (!channel.isActive() && received.isEmpty()) {
                throw new IOException("the server has closed the connection: " + channel.remoteAddress());
            }
            answer = received.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
        }
        if (answer instanceof Answer.Refusal refusal) {
            throw new IOException("the server refuses a request: " + refusal.reason());
        }
        return Optional.ofNullable((Response) answer);
    }

    /** Closes the connection and ends its thread. */
    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
