package dev.streamwal.ratis;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A network that can be cut between any two replicas, each a process of its own. What is sent over a cut link is held, and arrives when the link is healed:
 * as TCP does where a cable is pulled, and put back. So what was said long ago is heard, too.
 *
 * <p>All replicas have the address {@code localhost}, with a port each. For each process that name means another loopback address, by a file of hosts of its
 * own. There a replica listens on its own port, and this network on the others'. So it knows who connects to whom. Clients are in this process, where the
 * name means {@code 127.0.0.1}. Linux, which has all of 127.0.0.0/8.
 */
final class Network implements Closeable {

    private static final String CLIENTS = "127.0.0.1";
    private static final int PIECE_BYTES = 64 << 10;

    /** Between two replicas, or the clients and one, both ways. */
    private record Pair(int one, int other) {

        static Pair of(int first, int second) {
            return new Pair(Math.min(first, second), Math.max(first, second));
        }
    }

    private static final int ANY_CLIENT = -1;

    private final Path folder;
    private final int count;
    private final List<Integer> ports = new ArrayList<>();
    private final List<ServerSocket> listeners = new ArrayList<>();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<Pair, Boolean> cut = new HashMap<>();
    private volatile boolean isClosed;

    /** @param folder for the files of hosts */
    Network(Path folder, int count) throws IOException {
        this.folder = folder;
        this.count = count;
        try {
            for (int to = 0; to < count; to++) {
                ServerSocket first = listen(ANY_CLIENT, to, 0);
                ports.add(first.getLocalPort());
                for (int from = 0; from < count; from++) {
                    if (from != to) {
                        ServerSocket unused = listen(from, to, first.getLocalPort());
                    }
                }
                Files.writeString(hosts(to), address(to) + " localhost\n");
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private Path hosts(int replica) {
        return folder.resolve("hosts" + replica);
    }

    private static String address(int process) {
        return process == ANY_CLIENT ? CLIENTS : "127.0.0." + (11 + process);
    }

    Replicas replicas() {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add("n" + i + "=localhost:" + ports.get(i));
        }
        return Replicas.of(all.toArray(new String[0]));
    }

    /** With which a replica's process is started. */
    List<String> flags(int replica) {
        return List.of("-Djdk.net.hosts.file=" + hosts(replica), "-Djava.net.preferIPv4Stack=true");
    }

    // ---------------------------------------------------------------- cutting

    /** Between one replica and all others; clients reach it. */
    void cutOff(int replica) {
        for (int other = 0; other < count; other++) {
            if (other != replica) {
                set(Pair.of(replica, other), true);
            }
        }
    }

    /** Every replica is alone. */
    void cutAll() {
        for (int replica = 0; replica < count; replica++) {
            cutOff(replica);
        }
    }

    void heal() {
        lock.lock();
        try {
            cut.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void set(Pair pair, boolean isCut) {
        lock.lock();
        try {
            cut.put(pair, isCut);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void awaitWhole(Pair pair) throws IOException, InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!isClosed && cut.getOrDefault(pair, false)) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
        if (isClosed) {
            throw new IOException("network is closed");
        }
    }

    // ---------------------------------------------------------------- links

    private ServerSocket listen(int from, int to, int port) throws IOException {
        ServerSocket listener = new ServerSocket();
        listeners.add(listener);
        listener.setReuseAddress(true);
        listener.bind(new InetSocketAddress(InetAddress.getByName(address(from)), port));
        start("network-" + from + "-" + to, () -> accept(listener, Pair.of(from, to), to));
        return listener;
    }

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    /** Ends with the network, or when a connection is closed. */
    private static void start(String name, Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException | InterruptedException closed) {
                return;
            }
        }, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept(ServerSocket listener, Pair pair, int to) throws IOException {
        while (!isClosed) {
            Socket source = listener.accept();
            sockets.add(source);
            start("network-connect-" + to, () -> connect(source, pair, to));
        }
    }

    private void connect(Socket source, Pair pair, int to) throws IOException, InterruptedException {
        Socket target = new Socket();
        sockets.add(target);
        try {
            awaitWhole(pair);
            target.connect(new InetSocketAddress(InetAddress.getByName(address(to)), ports.get(to)));
        } catch (IOException | InterruptedException e) {
            close(source, target);
            throw e;
        }
        start("network-there-" + to, () -> pass(source, target, pair));
        start("network-back-" + to, () -> pass(target, source, pair));
    }

    private void pass(Socket from, Socket to, Pair pair) throws IOException, InterruptedException {
        byte[] piece = new byte[PIECE_BYTES];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int bytes = in.read(piece); bytes >= 0; bytes = in.read(piece)) {
                awaitWhole(pair);
                out.write(piece, 0, bytes);
            }
            awaitWhole(pair);
        } finally {
            close(from, to);
        }
    }

    private void close(Socket one, Socket other) throws IOException {
        one.close();
        other.close();
        sockets.remove(one);
        sockets.remove(other);
    }

    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            isClosed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        for (ServerSocket each : listeners) {
            each.close();
        }
        for (Socket each : sockets) {
            each.close();
        }
    }
}
