package dev.streamwal.examples.kafka;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** What is sent in one transaction, which begins with its first record. */
final class Batch {

    private final Producer<byte[], byte[]> producer;
    private final ShippedRecord.Target target;
    private final List<Future<RecordMetadata>> answers = new ArrayList<>();
    private final AtomicReference<@Nullable KafkaException> failure = new AtomicReference<>();
    private long bytes;

    Batch(Producer<byte[], byte[]> producer, ShippedRecord.Target target) {
        this.producer = producer;
        this.target = target;
    }

    boolean isEmpty() {
        return answers.isEmpty();
    }

    boolean hasRoom() {
        return answers.size() < KafkaShipper.MAX_BATCH_RECORDS && bytes < KafkaShipper.MAX_BATCH_BYTES;
    }

    void add(EntryCursor entry) throws InterruptedException {
        var record = target.record(entry);
        if (answers.isEmpty()) {
            producer.beginTransaction();
        }
        try {
            EntryRef ref = entry.ref();
            answers.add(producer.send(record, (unused, failed) -> answered(ref, failed)));
        } catch (KafkaException e) {
            // it takes no more, as a record before this one has failed: that says why
            awaitAnswers();
            throw e;
        }
        bytes += entry.size();
    }

    /** Returns when the brokers have all of it. */
    void commit() throws InterruptedException {
        producer.flush();
        awaitAnswers();
        producer.commitTransaction();
    }

    private void awaitAnswers() throws InterruptedException {
        for (Future<RecordMetadata> each : answers) {
            try {
                RecordMetadata unused = each.get();
            } catch (ExecutionException e) {
                // the producer has called answered with it
            }
        }
        KafkaException failed = failure.get();
        if (failed != null) {
            throw failed;
        }
    }

    /**
     * Keeps the first failure, or the first for which waiting doesn't help. Called by the producer, in the order in which it has the answers: only that
     * tells which record is at fault, as the producer then fails all that wait to be sent, with the same exception.
     */
    private void answered(EntryRef ref, @Nullable Exception cause) {
        if (cause != null) {
            KafkaException failed = new KafkaException("brokers didn't take a record: ref=" + ref + ", topic=" + target.topic() + ": " + cause, cause);
            failure.accumulateAndGet(failed, (first, next) -> first == null || (ShippingFailure.isForGood(next) && !ShippingFailure.isForGood(first))
                    ? next : first);
        }
    }
}
