package dev.streamwal.examples.kafka;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** What is sent in one transaction, which begins with its first record. */
final class Batch {

    private record Sent(EntryRef ref, Future<RecordMetadata> answer) {}

    private final Producer<byte[], byte[]> producer;
    private final ShippedRecord.Target target;
    private final List<Sent> sent = new ArrayList<>();
    private long bytes;

    Batch(Producer<byte[], byte[]> producer, ShippedRecord.Target target) {
        this.producer = producer;
        this.target = target;
    }

    boolean isEmpty() {
        return sent.isEmpty();
    }

    boolean hasRoom() {
        return sent.size() < KafkaShipper.MAX_BATCH_RECORDS && bytes < KafkaShipper.MAX_BATCH_BYTES;
    }

    void add(EntryCursor entry) throws InterruptedException {
        var record = target.record(entry);
        if (sent.isEmpty()) {
            producer.beginTransaction();
        }
        try {
            sent.add(new Sent(entry.ref(), producer.send(record)));
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

    /** When one record fails, so do others that wait to be sent. The cause is the one for which waiting doesn't help, where there is one. */
    private void awaitAnswers() throws InterruptedException {
        KafkaException failure = null;
        for (Sent each : sent) {
            KafkaException now = failure(each);
            if (now != null && (failure == null || (ShippingFailure.isForGood(now) && !ShippingFailure.isForGood(failure)))) {
                failure = now;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private @Nullable KafkaException failure(Sent record) throws InterruptedException {
        try {
            RecordMetadata unused = record.answer().get();
            return null;
        } catch (ExecutionException e) {
            return new KafkaException("brokers didn't take a record: ref=" + record.ref() + ", topic=" + target.topic() + ": " + e.getCause(), e.getCause());
        }
    }
}
