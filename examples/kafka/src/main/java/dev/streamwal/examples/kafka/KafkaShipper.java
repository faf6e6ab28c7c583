package dev.streamwal.examples.kafka;

import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.LostRange;
import dev.streamwal.reader.WalConsumer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;

/**
 * Ships what a consumer reads to a topic of Kafka, at least once, each stream in order.
 *
 * <p><b>Why nothing is lost.</b> It sends a batch in a transaction of Kafka's, has that committed, and only then commits the batch to the log. Whatever
 * ends it in between, this process or the brokers, it goes on behind its last commit, and may send a batch again: {@link SeenPositions} drops that.
 *
 * <p><b>Why a transaction.</b> Without one, a producer that gives up on some records, as their partition's leader is away, may deliver later ones of the
 * same key. Sent again, the earlier ones would come behind these, and who drops repeats by their positions would drop them. A batch of a transaction
 * is there as a whole or not at all, for readers with {@code isolation.level=read_committed}. A shipper that was taken for dead can't commit any more
 * once another one with its name has begun.
 *
 * <p><b>What it holds.</b> A batch, of {@value #MAX_BATCH_RECORDS} records or {@value #MAX_BATCH_BYTES} bytes and one record at most. While the brokers
 * are away, it rests, up to {@value #MAX_REST_MILLIS} ms at a time, and the log keeps the rest: for as long as its retention says, or for longer, by
 * {@code StreamOptions.retainFor} with the consumer's name. What expires nevertheless is told to {@link Events#lost}.
 */
public final class KafkaShipper {

    /** Records in a batch at most: so many may be sent again. */
    public static final int MAX_BATCH_RECORDS = 1_000;

    static final int MAX_BATCH_BYTES = 1 << 20;
    private static final long FIRST_REST_MILLIS = 100;
    private static final long MAX_REST_MILLIS = 10_000;
    private static final Duration IDLE = Duration.ofSeconds(1);

    /** A producer that gives up in seconds, so that a shipper can be stopped while the brokers are away. */
    private static final Map<String, Object> SETTINGS = Map.of(
            ProducerConfig.ACKS_CONFIG, "all",
            ProducerConfig.LINGER_MS_CONFIG, 5,
            ProducerConfig.COMPRESSION_TYPE_CONFIG, "gzip", // of the JDK: the others bring native code
            ProducerConfig.MAX_BLOCK_MS_CONFIG, 5_000,
            ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000,
            ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 15_000);

    /** What happens besides shipping. Called by the thread that ships. */
    public interface Events {

        /**
         * Records were deleted before they were shipped.
         *
         * @param isCertain false where there may have been none
         */
        void lost(String key, long from, long to, boolean isCertain);

        /** The brokers didn't take a batch; it is sent again after a rest. */
        void failed(KafkaException cause, long restMillis);
    }

    private final WalConsumer consumer;
    private final Supplier<? extends Producer<byte[], byte[]>> producers;
    private final String topic;
    private final Events events;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile @Nullable EntryTail entries;

    /**
     * A shipper, which begins when {@link #run} is called.
     *
     * @param consumer what it reads; the caller closes it, behind the shipper
     * @param producers makes a producer, at first and after each failure: see {@link #producerSettings}
     */
    public KafkaShipper(WalConsumer consumer, Supplier<? extends Producer<byte[], byte[]>> producers, String topic, Events events) {
        this.consumer = consumer;
        this.producers = producers;
        this.topic = topic;
        this.events = events;
    }

    /**
     * Settings for a producer. Change what you like but acknowledgements.
     *
     * @param name the same for all shippers of a log that take turns, and of no other: the log's and the consumer's, for instance
     */
    public static Map<String, Object> producerSettings(String bootstrapServers, String name) {
        Map<String, Object> settings = new HashMap<>(SETTINGS);
        settings.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, name);
        settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        return settings;
    }

    /**
     * Ships until {@link #stop} is called.
     *
     * @throws KafkaException where the brokers will never take a record, such as one that is too large, or another shipper has this one's name
     * @throws InterruptedException if the thread is interrupted
     */
    public void run() throws InterruptedException {
        consumer.lost().forEach(range -> lost(range, true));
        consumer.possiblyLost().forEach(range -> lost(range, false));
        long restMillis = FIRST_REST_MILLIS;
        while (!isStopped()) {
            Producer<byte[], byte[]> producer = producers.get();
            try {
                producer.initTransactions();
                EntryTail tail = consumer.entries();
                entries = tail;
                while (!isStopped()) {
                    ship(producer, tail);
                    restMillis = FIRST_REST_MILLIS;
                }
            } catch (KafkaException e) {
                if (isForGood(e)) {
                    throw e;
                }
                events.failed(e, restMillis);
                boolean unused = stopped.await(restMillis, TimeUnit.MILLISECONDS);
                restMillis = Math.min(MAX_REST_MILLIS, 2 * restMillis);
            } finally {
                // the next one aborts what it hasn't committed, and sends it again
                producer.close(Duration.ZERO);
                // the next tail goes on behind the last commit
                consumer.entries().close();
            }
        }
    }

    private void lost(LostRange range, boolean isCertain) {
        events.lost(range.key(), range.from(), range.to(), isCertain);
    }

    private boolean isStopped() {
        return stopped.getCount() == 0;
    }

    private void ship(Producer<byte[], byte[]> producer, EntryTail tail) throws InterruptedException {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        long bytes = 0;
        while (sent.size() < MAX_BATCH_RECORDS && bytes < MAX_BATCH_BYTES) {
            try {
                if (!tail.next(sent.isEmpty() ? IDLE : Duration.ZERO)) {
                    break;
                }
            } catch (EntryExpiredException e) {
                events.lost(e.key(), e.from(), e.to(), e.isCertain());
                continue;
            }
            if (sent.isEmpty()) {
                producer.beginTransaction();
            }
            ProducerRecord<byte[], byte[]> record = ShippedRecord.of(topic, tail);
            sent.add(producer.send(record));
            bytes += tail.size();
        }
        if (!sent.isEmpty()) {
            producer.flush();
            awaitAcknowledged(sent);
            producer.commitTransaction();
            consumer.commitDelivered();
        }
    }

    private static void awaitAcknowledged(List<Future<RecordMetadata>> sent) throws InterruptedException {
        for (Future<RecordMetadata> each : sent) {
            try {
                RecordMetadata unused = each.get();
            } catch (ExecutionException e) {
                throw e.getCause() instanceof KafkaException failure ? failure : new KafkaException(e.getCause());
            }
        }
    }

    /** Trying again would fail again. */
    private static boolean isForGood(KafkaException failure) {
        ApiException cause = failure instanceof ApiException api ? api : failure.getCause() instanceof ApiException api ? api : null;
        return cause instanceof RecordTooLargeException || cause instanceof InvalidTopicException || cause instanceof AuthorizationException
                || cause instanceof AuthenticationException || cause instanceof ProducerFencedException;
    }

    /** Ends {@link #run}, from any thread, behind the batch that is being shipped: within 20 s, also while the brokers are away. */
    public void stop() {
        stopped.countDown();
        EntryTail tail = entries;
        if (tail != null) {
            tail.wakeup();
        }
    }
}
