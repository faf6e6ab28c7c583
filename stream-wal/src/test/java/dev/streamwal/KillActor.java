package dev.streamwal;

import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/** Does what {@link KillScript} says, and says what was acknowledged. One for each thread. */
final class KillActor {

    /** Hears of everything that was acknowledged, when it was. Thread-safe, for what is acknowledged later. */
    interface Acks {

        /** @param what number of the part whose first record stands at the position, or one of the two below */
        void acknowledged(int number, int what, long position, long timestampMillis);
    }

    /** {@code appendAsync} has returned: the record is there, and nobody knows where yet. */
    static final int RETURNED = -1;
    /** What a call does when it has appended is done. */
    static final int DONE = -2;

    private static final int MAX_ATTEMPTS = 10;
    private static final long SLOW_NANOS = 4_000_000;
    private static final int LATE_MILLIS = 30_000;

    private final StreamWal wal;
    private final InstantSource clock;
    private final Acks acks;

    KillActor(StreamWal wal, InstantSource clock, Acks acks) {
        this.wal = wal;
        this.clock = clock;
        this.acks = acks;
    }

    /** @return completed when all of it is acknowledged */
    CompletableFuture<?> perform(KillScript.Call call) {
        CompletableFuture<?> appended = appendInTime(call);
        if (call.then() != KillScript.Then.NOTHING) {
            follow(call.then(), call.parts().get(0).stream());
            acks.acknowledged(call.number(), DONE, 0, 0);
        }
        return appended;
    }

    /** A thread that stands still between looking at the clock, which is fast, and appending is refused, and has appended nothing. */
    private CompletableFuture<?> appendInTime(KillScript.Call call) {
        for (int attempt = 1; ; attempt++) {
            try {
                return append(call, timestampMillis(call));
            } catch (TimestampOutOfRangeException e) {
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    /** Some are late, by up to two windows; but not where that would be expired. */
    private long timestampMillis(KillScript.Call call) {
        boolean late = call.number() % 7 == 3
                && call.parts().stream().noneMatch(part -> part.stream().startsWith(KillScript.SWEPT));
        return clock.millis() - (late ? call.number() % LATE_MILLIS : 0);
    }

    private CompletableFuture<?> append(KillScript.Call call, long timestampMillis) {
        List<WriteEntry> entries = new ArrayList<>();
        call.parts().get(0).items().forEach(item -> entries.add(item.at(timestampMillis)));
        WalStream stream = wal.stream(call.parts().get(0).stream());
        switch (call.way()) {
            case RECORD -> appended(call, 0, stream.append(entries.get(0), call.durability()), timestampMillis);
            case SLOW -> appended(call, 0, stream.append(timestampMillis, Unpooled.wrappedBuffer(entries.get(0).header()),
                    new CallingByteBuf(entries.get(0).content().array(), () -> LockSupport.parkNanos(SLOW_NANOS))), timestampMillis);
            case BATCH -> appended(call, 0, stream.appendBatch(entries, call.durability()).get(0), timestampMillis);
            case STREAMS -> appendToStreams(call, timestampMillis);
            case ASYNC -> {
                CompletableFuture<EntryRef> future = stream.appendAsync(entries.get(0));
                acks.acknowledged(call.number(), RETURNED, 0, timestampMillis);
                return future.thenAccept(ref -> appended(call, 0, ref, timestampMillis));
            }
        }
        return CompletableFuture.completedFuture(null);
    }

    private void appendToStreams(KillScript.Call call, long timestampMillis) {
        WriteBatch batch = new WriteBatch();
        for (KillScript.Part part : call.parts()) {
            part.items().forEach(item -> batch.add(part.stream(), item.at(timestampMillis)));
        }
        List<EntryRef> refs = wal.append(batch, call.durability());
        int index = 0;
        for (int part = 0; part < call.parts().size(); part++) {
            appended(call, part, refs.get(index), timestampMillis);
            index += call.parts().get(part).items().size();
        }
    }

    private void appended(KillScript.Call call, int part, EntryRef ref, long timestampMillis) {
        acks.acknowledged(call.number(), part, ref.position(), timestampMillis);
    }

    private void follow(KillScript.Then then, String stream) {
        switch (then) {
            case NOTHING -> { }
            case SYNC_STREAM -> wal.stream(stream).sync();
            case SYNC_LOG -> wal.sync();
            case SWEEP -> wal.sweep();
            case ROTATE_KEYS -> wal.rotateKeys();
            case PURGE -> wal.purge(Keys.key(stream), before(KillScript.PURGE_AGE));
            case DELETE -> wal.delete(stream);
        }
    }

    private Instant before(Duration age) {
        return clock.instant().minus(age);
    }
}
