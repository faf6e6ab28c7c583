package dev.streamwal.examples.keyservice;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A log whose master keys stay in a service. 10,000 records, one request. Then the master key is rotated, the former one destroyed, and what was
 * written before is still read; a copy of the log from before the rotation isn't.
 */
public final class KeysOfAService {
    private static final int RECORDS = 10_000;

    private final Path home;
    private final PrintStream out;

    private KeysOfAService(Path home, PrintStream out) {
        this.home = home;
        this.out = out;
    }

    public static void main(String[] args) throws IOException {
        Path home = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("stream-wal-");
        new KeysOfAService(home, System.out).run();
    }

    private void run() throws IOException {
        Path log = home.resolve("log");
        Path before = home.resolve("before");
        try (KeyService service = new KeyService()) {
            ServiceKeys keys = new ServiceKeys(service.address());
            String former = keys.currentId();
            try (StreamWal wal = StreamWal.open(log, WalOptions.builder().encryption(keys).build())) {
                for (int i = 0; i < RECORDS; i++) {
                    EntryRef unused = wal.stream("meter/" + i % 100).append(("kWh=" + i).getBytes(UTF_8));
                }
                line("appended", "%,d records; the service was asked: %s", RECORDS, service.audit());
                wal.checkpoint(before);
                String current = service.addKey();
                wal.rotateKeys();
                service.destroyKey(former);
                line("rotated", "from %s to %s, and the former one destroyed", former, current);
            }
            line("log", "%,d records read", records(log, keys));
            try {
                line("copy", "%,d records read", records(before, keys));
            } catch (KeyUnavailableException e) {
                line("copy", "can't be read: %s", String.valueOf(e.getMessage()));
            }
        }
        try {
            line("log", "%,d records read", records(log, new ServiceKeys(URI.create("http://localhost:1/"))));
        } catch (KeyUnavailableException e) {
            line("service", "is away: %s", String.valueOf(e.getMessage()));
        }
    }

    private static int records(Path log, ServiceKeys keys) {
        int records = 0;
        try (WalReader reader = WalReader.open(log, ReaderOptions.builder().keys(keys).build())) {
            for (String key : reader.keys()) {
                try (EntryCursor cursor = reader.scan(key)) {
                    while (cursor.next()) {
                        records += cursor.content().isReadable() ? 1 : 0;
                    }
                }
            }
        }
        return records;
    }

    private void line(String name, String format, Object... values) {
        out.printf(Locale.ROOT, "%-9s %s%n", name, String.format(Locale.ROOT, format, values));
    }
}
