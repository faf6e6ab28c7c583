package dev.streamwal.examples.eventsourcing;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UndecodableRecordException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.examples.FailingLog;
import dev.streamwal.reader.TypedTail;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The read side's process: keeps the view up to date, and needs the reader's library only. The view is saved first, and then committed what is in it.
 * So a process that is killed in between is delivered these events again, and the view knows them.
 */
final class Projection {
    static final String NAME = "balances";
    private static final int BATCH = 100;

    private Projection() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws IOException, InterruptedException {
        BalancesView view = BalancesView.open(Path.of(args[1]));
        try (WalReader reader = WalReader.open(Path.of(args[0]));
                WalConsumer consumer = reader.consumer(NAME, Accounts.KEYS);
                TypedTail<AccountEvent> events = consumer.entries().typed(Accounts.EVENTS)) {
            while (true) {
                try {
                    addBatch(view, events);
                    consumer.commitDelivered();
                } catch (WalIOException e) {
                    // the view has what came before this, and is saved with what comes next
                    FailingLog.tellAndRest(e, System.err);
                }
            }
        }
    }

    private static void addBatch(BalancesView view, TypedTail<AccountEvent> events) throws IOException, InterruptedException {
        Duration wait = Duration.ofSeconds(1);
        for (int i = 0; i < BATCH && next(events, wait); i++) {
            add(view, events);
            wait = Duration.ZERO;
        }
        view.save();
    }

    /** An event that can't be read is missing in the view, and keeps none behind it from it: the call after goes on there. */
    private static boolean next(TypedTail<AccountEvent> events, Duration wait) throws InterruptedException {
        while (true) {
            try {
                return events.next(wait);
            } catch (CorruptSegmentException e) {
                tellLeftOut(e);
            }
        }
    }

    private static void add(BalancesView view, TypedTail<AccountEvent> events) throws InterruptedException {
        try {
            AccountEvent event = FailingLog.untilGiven(events::value, System.err);
            view.add(events.key(), event, events.position(), events.nextPosition());
        } catch (UndecodableRecordException e) {
            tellLeftOut(e);
        }
    }

    private static void tellLeftOut(WalException e) {
        System.err.println("projection leaves out an event: " + e.getMessage());
    }
}
