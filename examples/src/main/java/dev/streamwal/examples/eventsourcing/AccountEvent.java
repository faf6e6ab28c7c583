package dev.streamwal.examples.eventsourcing;

/** What has happened to an account. Amounts are in cents. */
sealed interface AccountEvent {

    /** The account's state behind this event. */
    Account applyTo(Account before);

    /** The first event of each account. */
    record Opened(String owner) implements AccountEvent {
        @Override
        public Account applyTo(Account before) {
            return new Account(owner, 0, 1);
        }
    }

    /** Money has come. */
    record Deposited(long cents) implements AccountEvent {
        @Override
        public Account applyTo(Account before) {
            return before.with(before.cents() + cents);
        }
    }

    /** Money has gone. */
    record Withdrawn(long cents) implements AccountEvent {
        @Override
        public Account applyTo(Account before) {
            return before.with(before.cents() - cents);
        }
    }
}
