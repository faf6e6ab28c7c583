package dev.streamwal.examples.kafka;

import dev.streamwal.error.WalException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What a shipper tells. */
final class RecordedEvents implements KafkaShipper.Events {

    /** As key[from, to), with a question mark where it isn't certain. */
    final List<String> losses = new CopyOnWriteArrayList<>();
    final List<WalException> unreadable = new CopyOnWriteArrayList<>();
    final List<RuntimeException> failures = new CopyOnWriteArrayList<>();
    final List<Long> restsMillis = new CopyOnWriteArrayList<>();

    static String range(String key, long from, long to) {
        return key + "[" + from + ", " + to + ")";
    }

    @Override
    public void lost(String key, long from, long to, boolean isCertain) {
        losses.add(range(key, from, to) + (isCertain ? "" : "?"));
    }

    @Override
    public void lostMore() {
        losses.add("more");
    }

    @Override
    public void unreadable(WalException cause) {
        unreadable.add(cause);
    }

    @Override
    public void failed(RuntimeException cause, long restMillis) {
        failures.add(cause);
        restsMillis.add(restMillis);
    }
}
