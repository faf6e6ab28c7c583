package dev.streamwal.examples.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/**
 * Prints what a shipper sends, each record once, until it is killed. Started again, it goes on: what it had printed and not yet noted in its file is printed
 * again.
 *
 * <pre>
 *   ReadShipped &lt;bootstrap servers&gt; &lt;topic&gt; &lt;file for its progress&gt;
 * </pre>
 */
public final class ReadShipped {

    private static final int ARGUMENTS = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private ReadShipped() {}

    public static void main(String[] args) throws IOException {
        if (args.length != ARGUMENTS) {
            throw new IllegalArgumentException("not 3 arguments: arguments=" + args.length + "; give bootstrap servers, a topic, and a file for the progress");
        }
        Path file = Path.of(args[2]);
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(ShippedReader.consumerSettings(args[0]));
        try (ShippedReader reader = new ShippedReader(consumer, args[1], ReadingProgress.load(file))) {
            while (true) {
                if (reader.read(PATIENCE, ReadShipped::print) > 0) {
                    reader.progress().store(file);
                }
            }
        }
    }

    private static void print(ConsumerRecord<byte[], byte[]> record) {
        System.out.println(ShippedRecord.refOf(record) + " " + new String(record.value(), UTF_8));
    }
}
