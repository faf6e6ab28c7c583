package dev.streamwal.examples.eventsourcing;

import dev.streamwal.StreamWal;
import dev.streamwal.WalStream;
import dev.streamwal.WriteEntry;
import dev.streamwal.codec.RecordCodec;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UndecodableRecordException;
import dev.streamwal.examples.eventsourcing.AccountEvent.Deposited;
import dev.streamwal.examples.eventsourcing.AccountEvent.Opened;
import dev.streamwal.examples.eventsourcing.AccountEvent.Withdrawn;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.TypedCursor;
import dev.streamwal.reader.WalReader;
import java.util.concurrent.atomic.LongAdder;

/**
 * The write side: turns commands into events. A stream per account has all of its events, and the state that a command is checked against is made
 * of these. Thread-safe.
 */
final class Accounts implements AutoCloseable {
    static final RecordCodec<AccountEvent> EVENTS = new AccountEventCodec();
    static final Keys KEYS = Keys.prefix("account/");

    private final StreamWal wal;
    private final WalReader reader;
    private final LongAdder conflicts = new LongAdder();

    /** Decides what a command leads to. */
    private interface Decision {
        AccountEvent on(Account account) throws RefusedException;
    }

    Accounts(StreamWal wal) {
        this.wal = wal;
        this.reader = wal.reader();
    }

    static String key(int number) {
        return "account/" + number;
    }

    /** Who has no name can't be told from nobody, and a name is one line in the view. */
    void open(int number, String owner) throws RefusedException {
        require(!owner.isBlank(), "its owner has no name");
        require(owner.chars().noneMatch(Character::isISOControl), "its owner's name has control characters");
        decide(number, account -> {
            require(!account.isOpen(), "it is open already");
            return new Opened(owner);
        });
    }

    void deposit(int number, long cents) throws RefusedException {
        decide(number, account -> {
            require(account.isOpen(), "it isn't open");
            return new Deposited(cents);
        });
    }

    void withdraw(int number, long cents) throws RefusedException {
        decide(number, account -> {
            require(account.isOpen(), "it isn't open");
            require(account.cents() >= cents, "its balance is too low");
            return new Withdrawn(cents);
        });
    }

    private static void require(boolean allowed, String otherwise) throws RefusedException {
        if (!allowed) {
            throw new RefusedException(otherwise);
        }
    }

    /**
     * Optimistic: nothing is locked while it is decided. Where another thread's event has come first, the append finds the stream's end elsewhere and
     * appends nothing; then it is decided again, by the new state. When this method returns, the event survives power loss.
     *
     * <p>The end is asked for before the state is read: an event that comes later makes the append fail, whether or not the state has it.
     */
    private void decide(int number, Decision decision) throws RefusedException {
        WalStream stream = wal.stream(key(number));
        boolean appended = false;
        while (!appended) {
            long end = stream.endPosition();
            AccountEvent event = decision.on(load(number).state());
            appended = stream.appendIfEndIs(end, WriteEntry.typed(EVENTS, event, WriteEntry.NOW)).isPresent();
            if (!appended) {
                conflicts.increment();
            }
        }
    }

    /** The account as it is now: its last snapshot, and the events behind that. */
    AccountSnapshot load(int number) {
        return replay(number, lastSnapshot(number));
    }

    /** One that can't be read is as good as none: all that it has is in the events. */
    private AccountSnapshot lastSnapshot(int number) {
        try {
            return reader.latest(snapshotKey(number)).map(entry -> entry.value(AccountSnapshot.CODEC)).orElse(AccountSnapshot.NONE);
        } catch (CorruptSegmentException | UndecodableRecordException e) {
            return AccountSnapshot.NONE;
        }
    }

    /** The account as its events from a snapshot on make it. */
    AccountSnapshot replay(int number, AccountSnapshot from) {
        Account state = from.state();
        long position = from.position();
        try (TypedCursor<AccountEvent> events = reader.scanFrom(key(number), position).typed(EVENTS)) {
            while (events.next()) {
                state = events.value().applyTo(state);
                position = events.nextPosition();
            }
        }
        return new AccountSnapshot(state, position);
    }

    /** Makes later calls of {@link #load} faster, and changes nothing else: a snapshot may be lost, or expire. */
    void takeSnapshot(int number) {
        var unused = wal.stream(snapshotKey(number), AccountSnapshot.CODEC).append(load(number));
    }

    static String snapshotKey(int number) {
        return "snapshot/" + number;
    }

    /** How often it was decided again. */
    long conflicts() {
        return conflicts.sum();
    }

    @Override
    public void close() {
        reader.close();
    }
}
