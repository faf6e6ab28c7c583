package dev.streamwal;

import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Path;

/** Another process that consumes a stream: commits after each record, and then says where. Until it is killed, or its input ends. */
final class ConsumerProcess {

    private ConsumerProcess() {}

    /** @param args the log's root, the consumer's name, the stream's key, and whether it goes back after each round */
    public static void main(String[] args) throws IOException {
        boolean goesRound = Boolean.parseBoolean(args[3]);
        try (WalReader reader = WalReader.open(Path.of(args[0])); WalConsumer consumer = reader.consumer(args[1], Keys.key(args[2]))) {
            System.out.println("open " + consumer.committed(args[2]).orElse(0));
            do {
                EntryTail entries = consumer.entries();
                while (entries.next()) {
                    consumer.commit(args[2], entries.nextPosition());
                    System.out.println(entries.nextPosition());
                }
                entries.close();
                if (goesRound) {
                    consumer.commit(args[2], 0);
                    System.out.println(0);
                }
            } while (goesRound);
            System.out.println("done");
            while (System.in.read() >= 0) {
                // until killed
            }
        }
    }
}
