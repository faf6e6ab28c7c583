package dev.streamwal.examples.eventsourcing;

/**
 * An account's state: what its events add up to.
 *
 * @param owner empty where the account hasn't been opened
 * @param cents the balance
 * @param events how many events it has had
 */
record Account(String owner, long cents, long events) {
    static final Account NONE = new Account("", 0, 0);

    boolean isOpen() {
        return !owner.isEmpty();
    }

    /** The state behind one more event, which has led to this balance. */
    Account with(long newCents) {
        return new Account(owner, newCents, events + 1);
    }
}
