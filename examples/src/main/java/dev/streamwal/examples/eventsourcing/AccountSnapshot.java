package dev.streamwal.examples.eventsourcing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.codec.RecordCodec;
import io.netty.buffer.ByteBuf;

/**
 * An account's state at a position of its stream, so that it needn't be made of all events again.
 *
 * @param state what the events before the position add up to
 * @param position where the events begin that it doesn't have
 */
record AccountSnapshot(Account state, long position) {
    static final AccountSnapshot NONE = new AccountSnapshot(Account.NONE, 0);
    static final RecordCodec<AccountSnapshot> CODEC = new Codec();

    private static final class Codec implements RecordCodec<AccountSnapshot> {
        @Override
        public int schemaId() {
            return 2;
        }

        @Override
        public int version() {
            return 1;
        }

        @Override
        public void encode(AccountSnapshot snapshot, ByteBuf target) {
            Account state = snapshot.state();
            target.writeLongLE(snapshot.position()).writeLongLE(state.cents()).writeLongLE(state.events());
            target.writeCharSequence(state.owner(), UTF_8);
        }

        @Override
        public AccountSnapshot decode(ByteBuf content, int version) {
            long position = content.readLongLE();
            long cents = content.readLongLE();
            long events = content.readLongLE();
            return new AccountSnapshot(new Account(content.toString(UTF_8), cents, events), position);
        }
    }
}
