package dev.streamwal.examples.eventsourcing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.codec.RecordCodec;
import dev.streamwal.examples.eventsourcing.AccountEvent.Deposited;
import dev.streamwal.examples.eventsourcing.AccountEvent.Opened;
import dev.streamwal.examples.eventsourcing.AccountEvent.Withdrawn;
import io.netty.buffer.ByteBuf;

/** An event as bytes: its kind, then the owner's name or the amount. */
final class AccountEventCodec implements RecordCodec<AccountEvent> {
    private static final byte OPENED = 1;
    private static final byte DEPOSITED = 2;
    private static final byte WITHDRAWN = 3;

    @Override
    public int schemaId() {
        return 1;
    }

    @Override
    public int version() {
        return 1;
    }

    @Override
    public void encode(AccountEvent event, ByteBuf target) {
        if (event instanceof Opened opened) {
            target.writeByte(OPENED).writeCharSequence(opened.owner(), UTF_8);
        } else if (event instanceof Deposited deposited) {
            target.writeByte(DEPOSITED).writeLongLE(deposited.cents());
        } else if (event instanceof Withdrawn withdrawn) {
            target.writeByte(WITHDRAWN).writeLongLE(withdrawn.cents());
        }
    }

    @Override
    public AccountEvent decode(ByteBuf content, int version) {
        byte kind = content.readByte();
        return switch (kind) {
            case OPENED -> new Opened(content.toString(UTF_8));
            case DEPOSITED -> new Deposited(content.readLongLE());
            case WITHDRAWN -> new Withdrawn(content.readLongLE());
            default -> throw new IllegalArgumentException("not an event of an account: kind=" + kind);
        };
    }
}
