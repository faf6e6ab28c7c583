package dev.streamwal.examples.tcp;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.StreamWal;
import dev.streamwal.WalStream;
import dev.streamwal.reader.EntryBatch.Status;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Writes a log, serves it on a port of this machine, and also is the client: it requests entries, and then follows a growing stream. */
public final class ServeOverTcp {

    private static final String KEY = "meter/4711";
    private static final int ENTRIES = 100_000;
    private static final int ASKED = 1_000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final PrintStream out;

    ServeOverTcp(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        new ServeOverTcp(System.out).run(args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("stream-wal-"));
    }

    void run(Path root) throws IOException, InterruptedException {
        try (StreamWal wal = StreamWal.open(root);
                WalReader reader = WalReader.open(root); // as another process would
                EntryServer server = new EntryServer(reader, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                EntryClient client = new EntryClient(server.address())) {
            WalStream stream = wal.stream(KEY);
            askFor(client, refs(stream));
            follow(client, stream);
        }
    }

    private static List<EntryRef> refs(WalStream stream) {
        List<EntryRef> refs = new ArrayList<>();
        for (int i = 0; i < ASKED; i++) {
            refs.add(stream.append(content(i)));
        }
        return refs;
    }

    private static byte[] content(int number) {
        return ("reading " + number).getBytes(UTF_8);
    }

    private void askFor(EntryClient client, List<EntryRef> refs) throws IOException, InterruptedException {
        client.send(new Request.Batch(refs));
        int found = 0;
        for (EntryRef ref : refs) {
            Response response = expect(client.next(PATIENCE));
            found += response.status() == Status.FOUND && response.ref().equals(ref) ? 1 : 0;
        }
        line("batch", "%,d entries asked for, %,d came, in that order", refs.size(), found);
    }

    private void follow(EntryClient client, WalStream stream) throws IOException, InterruptedException {
        client.send(new Request.Follow(KEY, 0));
        for (int i = ASKED; i < ENTRIES; i++) {
            stream.append(content(i));
        }
        int came = 0;
        long bytes = 0;
        while (came < ENTRIES) {
            Response response = expect(client.next(PATIENCE));
            if (!new String(response.content(), UTF_8).equals("reading " + came)) {
                throw new IllegalStateException("entry out of order: " + response);
            }
            came++;
            bytes += response.ref().size();
        }
        line("followed", "%,d entries, %,d bytes, in order", came, bytes);
    }

    private static Response expect(Optional<Response> response) {
        return response.orElseThrow(() -> new IllegalStateException("nothing came for " + PATIENCE));
    }

    private void line(String name, String format, Object... values) {
        out.printf(Locale.ROOT, "%-10s %s%n", name, String.format(Locale.ROOT, format, values));
    }
}
