package dev.streamwal.examples.kafka;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.LostRange;
import dev.streamwal.reader.WalConsumer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Ships what a consumer reads to a topic of Kafka, at least once, each stream in order.
 *
 * <p><b>Why nothing is lost.</b> It sends a batch in a transaction of Kafka's, has that committed, and only then commits the batch to the log. Whatever
 * ends it in between, this process or the brokers, it goes on behind its last commit, and may send a batch again: {@link SeenPositions} drops that.
 *
 * <p><b>Why a transaction.</b> Without one, a producer that gives up on some records, as their partition's leader is away, may deliver later ones of the
 * same key. Sent again, the earlier ones would come behind these, and who drops repeats by their positions would drop them. A batch of a transaction
 * is there as a whole or not at all, for readers with {@code isolation.level=read_committed}.
 *
 * <p><b>What it holds.</b> A batch, of {@value #MAX_BATCH_RECORDS} records or {@value #MAX_BATCH_BYTES} bytes and one record at most. While the brokers
 * are away it rests, up to {@value #MAX_REST_MILLIS} ms at a time, and the log keeps what comes: for as long as its retention says, or for longer, by
 * {@code StreamOptions.retainFor} with the consumer's name. What expires nevertheless is told to {@link Events#lost}.
 */
public final class KafkaShipper {

    /** Records in a batch at most: so many may be sent again. */
    public static final int MAX_BATCH_RECORDS = 5_000;

    static final int MAX_BATCH_BYTES = 2 << 20;
    static final long FIRST_REST_MILLIS = 100;
    static final long MAX_REST_MILLIS = 10_000;
    private static final Duration IDLE = Duration.ofSeconds(1);

    /** A producer that gives up in seconds, so that a shipper can be stopped while the brokers are away. Transactions make it idempotent. */
    private static final Map<String, Object> SETTINGS = Map.of(
            ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class,
            ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class,
            ProducerConfig.ACKS_CONFIG, "all",
            ProducerConfig.LINGER_MS_CONFIG, 5,
            ProducerConfig.COMPRESSION_TYPE_CONFIG, "gzip", // of the JDK: the others bring native code
            ProducerConfig.MAX_BLOCK_MS_CONFIG, 5_000,
            ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000,
            ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 15_000);

    /** What happens besides shipping. Called by the thread that ships. */
    public interface Events {

        /**
         * Records were deleted before they were shipped. Told again after a restart, until a later record of the stream is shipped.
         *
         * @param isCertain false where there may have been none
         */
        void lost(String key, long from, long to, boolean isCertain);

        /** More was lost than the consumer could list. */
        void lostMore();

        /** Damaged records aren't shipped; what stands behind them is. */
        void unreadable(WalException cause);

        /** The brokers didn't take a batch, or the log's file system failed: it is tried again after a rest. */
        void failed(RuntimeException cause, long restMillis);
    }

    private final WalConsumer consumer;
    private final Supplier<? extends Producer<byte[], byte[]>> producers;
    private final ShippedRecord.Target target;
    private final Events events;
    private final CountDownLatch stopped = new CountDownLatch(1);
    /** Where ranges end that were told of before the first record, and of which the tail tells again, by key. */
    private final Map<String, Long> toldUpTo = new HashMap<>();
    private long restMillis = FIRST_REST_MILLIS;

    /**
     * A shipper, which begins when {@link #run} is called.
     *
     * @param consumer what it reads; the caller closes it, when the run has ended
     * @param producers makes a producer, at first and after each failure: see {@link #producerSettings}
     */
    public KafkaShipper(WalConsumer consumer, Supplier<? extends Producer<byte[], byte[]>> producers, ShippedRecord.Target target, Events events) {
        this.consumer = consumer;
        this.producers = producers;
        this.target = target;
        this.events = events;
    }

    /**
     * Settings for a producer. Change what you like but acknowledgements.
     *
     * @param transactionalId the same whenever this consumer of this log is shipped, so that what it left unfinished doesn't hold up readers; and of
     *     nobody else, as two that have the same stop each other
     */
    public static Map<String, Object> producerSettings(String bootstrapServers, String transactionalId) {
        Map<String, Object> settings = new HashMap<>(SETTINGS);
        settings.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
        settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        return settings;
    }

    /**
     * Ships until {@link #stop} is called.
     *
     * @throws KafkaException if waiting doesn't help: a record is too large, the brokers don't let it, or another producer has its transactional id
     * @throws WalException if the log can't be read on before somebody has done something: a newer version of the library is needed, or a key, or the
     *     log was put back to an earlier state, where positions are given anew, and are no repeats. Nothing is lost by it
     * @throws InterruptedException if the thread is interrupted
     */
    public void run() throws InterruptedException {
        tellWhatWasLostBefore();
        while (!isStopped()) {
            try {
                shipByOneProducer();
            } catch (InterruptException e) {
                throw interrupted(e);
            } catch (KafkaException e) {
                if (ShippingFailure.isForGood(e)) {
                    throw e;
                }
                rest(e);
            } catch (WalIOException e) {
                // the log's file system failed while the tail was opened
                rest(e);
            }
        }
    }

    private static InterruptedException interrupted(InterruptException e) {
        boolean unused = Thread.interrupted(); // which it has set
        InterruptedException thrown = new InterruptedException(e.getMessage());
        thrown.initCause(e);
        return thrown;
    }

    private void tellWhatWasLostBefore() {
        consumer.lost().forEach(range -> tellLost(range, true));
        consumer.possiblyLost().forEach(range -> tellLost(range, false));
        if (consumer.isLostTruncated()) {
            events.lostMore();
        }
    }

    private void tellLost(LostRange range, boolean isCertain) {
        toldUpTo.put(range.key(), range.to());
        events.lost(range.key(), range.from(), range.to(), isCertain);
    }

    private void tellUnlessTold(EntryExpiredException e) {
        String key = Objects.requireNonNull(e.key());
        Long told = toldUpTo.remove(key);
        if (told == null || told != e.to()) {
            events.lost(key, e.from(), e.to(), e.isCertain());
        }
    }

    /** Until it is stopped, or fails. What it has sent and not committed is aborted when the next one begins; a new tail brings it again. */
    private void shipByOneProducer() throws InterruptedException {
        Producer<byte[], byte[]> producer = producers.get();
        try (EntryTail tail = consumer.entries()) {
            producer.initTransactions();
            while (!isStopped()) {
                ship(producer, tail);
            }
        } finally {
            producer.close(Duration.ZERO);
        }
    }

    private void ship(Producer<byte[], byte[]> producer, EntryTail tail) throws InterruptedException {
        Batch batch = new Batch(producer, target);
        while (batch.hasRoom() && next(tail, batch)) {
            try {
                batch.add(tail);
            } catch (CorruptSegmentException e) {
                events.unreadable(e);
            }
        }
        if (!batch.isEmpty()) {
            batch.commit();
            commitToLog();
        }
    }

    /** The brokers have the batch: where the log's disk is full for a while, sending it again would be a repeat, and no mend. */
    private void commitToLog() throws InterruptedException {
        restMillis = FIRST_REST_MILLIS;
        while (!tryCommitToLog() && !isStopped()) {
            // it has rested
        }
        restMillis = FIRST_REST_MILLIS;
    }

    private boolean tryCommitToLog() throws InterruptedException {
        try {
            consumer.commitDelivered();
            return true;
        } catch (WalIOException e) {
            rest(e);
            return false;
        }
    }

    /** Waits for a batch's first record only. */
    private boolean next(EntryTail tail, Batch batch) throws InterruptedException {
        while (!isStopped()) {
            try {
                return tail.next(batch.isEmpty() ? IDLE : Duration.ZERO);
            } catch (EntryExpiredException e) {
                tellUnlessTold(e);
            } catch (CorruptSegmentException e) {
                events.unreadable(e);
            } catch (WalIOException e) {
                // the same tail goes on: with the same record, or behind a slot that was given up, which a new tail would come upon again
                restUnlessHeldUp(e, batch);
                return false;
            }
        }
        return false;
    }

    /** A batch that has begun isn't kept waiting. If the next one fails, too, that rests. */
    private void restUnlessHeldUp(WalIOException cause, Batch batch) throws InterruptedException {
        if (batch.isEmpty()) {
            rest(cause);
        } else {
            events.failed(cause, 0);
        }
    }

    private void rest(RuntimeException cause) throws InterruptedException {
        events.failed(cause, restMillis);
        boolean unused = stopped.await(restMillis, TimeUnit.MILLISECONDS);
        restMillis = Math.min(MAX_REST_MILLIS, 2 * restMillis);
    }

    private boolean isStopped() {
        return stopped.getCount() == 0;
    }

    /** Ends {@link #run}, from any thread, behind the batch that is being shipped: within half a minute, also while the brokers are away. */
    public void stop() {
        stopped.countDown();
    }
}
