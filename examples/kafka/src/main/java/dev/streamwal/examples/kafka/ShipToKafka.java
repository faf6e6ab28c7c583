package dev.streamwal.examples.kafka;

import dev.streamwal.error.WalException;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.Reader;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * Ships a log, which another process writes, to Kafka, until it is killed or interrupted. Started again, it goes on.
 *
 * <pre>
 *   ShipToKafka &lt;log&gt; &lt;consumer's name&gt; &lt;pattern of keys&gt; &lt;bootstrap servers&gt; &lt;topic&gt; [&lt;prefix of keys&gt; [&lt;file of producer settings&gt;]]
 * </pre>
 */
public final class ShipToKafka {

    private static final int MIN_ARGUMENTS = 5;
    private static final int PREFIX = 5;
    private static final int SETTINGS = 6;

    private ShipToKafka() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length < MIN_ARGUMENTS || args.length > SETTINGS + 1) {
            throw new IllegalArgumentException("not 5 to 7 arguments: arguments=" + args.length + "; give a log, a name for the consumer, a pattern of keys"
                    + " such as 'meter/*', bootstrap servers, a topic, and if need be a prefix for the keys in Kafka, and a file of producer settings");
        }
        Path log = Path.of(args[0]);
        ShippedRecord.Target target = new ShippedRecord.Target(args[4], args.length > PREFIX ? args[PREFIX] : "");
        Map<String, Object> settings = KafkaShipper.producerSettings(args[3], transactionalId(log, args[1]));
        if (args.length > SETTINGS) {
            addFile(settings, Path.of(args[SETTINGS]));
        }
        try (WalReader reader = WalReader.open(log); WalConsumer consumer = reader.consumer(args[1], Keys.glob(args[2]))) {
            KafkaShipper shipper = new KafkaShipper(consumer, () -> new KafkaProducer<>(settings), target, new Printed());
            stopAtExit(shipper, Thread.currentThread());
            shipper.run();
        }
    }

    /** Of this log on this machine: logs elsewhere may have consumers of the same name. */
    private static String transactionalId(Path log, String consumerName) throws IOException {
        return "stream-wal:" + InetAddress.getLocalHost().getHostName() + ":" + log.toRealPath() + ":" + consumerName;
    }

    private static void addFile(Map<String, Object> settings, Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(file)) {
            properties.load(in);
        }
        properties.forEach((name, value) -> settings.put((String) name, value));
        // what is wrong in it is said now, and not each time that a producer is made
        ProducerConfig unused = new ProducerConfig(settings);
    }

    /** The batch that is on its way is finished and committed, so that it isn't sent again. */
    private static void stopAtExit(KafkaShipper shipper, Thread shipping) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            shipper.stop();
            try {
                shipping.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "stop shipping"));
    }

    private static final class Printed implements KafkaShipper.Events {

        @Override
        public void lost(String key, long from, long to, boolean isCertain) {
            System.err.println((isCertain ? "lost" : "perhaps lost") + " before it was shipped: key=" + key + ", from=" + from + ", to=" + to
                    + "; ship sooner, or keep records for this consumer with StreamOptions.retainFor");
        }

        @Override
        public void lostMore() {
            System.err.println("lost before it was shipped: more than is listed");
        }

        @Override
        public void unreadable(WalException cause) {
            System.err.println("not shipped: " + cause.getMessage());
        }

        @Override
        public void failed(RuntimeException cause, long restMillis) {
            System.err.println("trying again in " + restMillis + " ms: " + cause);
        }
    }
}
