package dev.streamwal.examples.kafka;

import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Ships a log, which another process writes, to Kafka, until it is killed. Started again, it goes on.
 *
 * <pre>
 *   ShipToKafka &lt;log&gt; &lt;consumer's name&gt; &lt;pattern of keys&gt; &lt;bootstrap servers&gt; &lt;topic&gt;
 * </pre>
 */
public final class ShipToKafka {

    private static final int ARGUMENTS = 5;

    private ShipToKafka() {}

    public static void main(String[] args) throws InterruptedException {
        if (args.length != ARGUMENTS) {
            throw new IllegalArgumentException("five arguments, please: a log, a name, a pattern of keys such as 'meter/*', bootstrap servers, a topic; given="
                    + args.length);
        }
        try (WalReader reader = WalReader.open(Path.of(args[0]));
                WalConsumer consumer = reader.consumer(args[1], Keys.glob(args[2]))) {
            KafkaShipper shipper = new KafkaShipper(consumer, () -> new KafkaProducer<>(KafkaShipper.producerSettings(args[3], "stream-wal." + args[1]),
                    new ByteArraySerializer(), new ByteArraySerializer()), args[4], new Printed());
            Thread shipping = Thread.currentThread();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                shipper.stop();
                try {
                    shipping.join();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }));
            shipper.run();
        }
    }

    private static final class Printed implements KafkaShipper.Events {

        @Override
        public void lost(String key, long from, long to, boolean isCertain) {
            System.err.println((isCertain ? "lost" : "perhaps lost") + " before it was shipped: key=" + key + ", positions=[" + from + ", " + to
                    + "); ship sooner, or keep records for this consumer with StreamOptions.retainFor");
        }

        @Override
        public void failed(KafkaException cause, long restMillis) {
            System.err.println("brokers didn't take a batch, trying again in " + restMillis + " ms: " + cause);
        }
    }
}
