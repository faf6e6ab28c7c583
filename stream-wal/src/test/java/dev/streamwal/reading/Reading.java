package dev.streamwal.reading;

import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import dev.streamwal.reading.Answer.Item;
import dev.streamwal.reading.Answer.Kind;
import io.netty.buffer.ByteBufUtil;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** The operations that read a log: each is asked, and what it gives is noted down. */
enum Reading {
    LATEST,
    LATEST_OF_KEYS,
    FIND,
    BATCH,
    SCAN,
    SCAN_TIME,
    SCAN_FROM,
    SCAN_LAST,
    BACKWARD,
    BACKWARD_FROM,
    MERGED,
    FOLLOW_FIRST,
    FOLLOW_FROM,
    FOLLOW_END,
    FOLLOW_KEYS,
    FOLLOW_PREFIX,
    KEYS,
    DESCRIBE,
    DESCRIBE_OF_KEYS,
    VERIFY;

    /** More than any stream of the tests has: a cursor that gives so many gives the same again and again. */
    private static final int MAX_ITEMS = 100_000;

    private interface Asking {
        void ask(List<Item> given);
    }

    /**
     * Asks.
     *
     * @param argument a position, a count, or the first millisecond of a range, as the operation wants it
     * @param refs for {@link #FIND} and {@link #BATCH}
     */
    Answer ask(WalReader reader, String key, long argument, long end, List<EntryRef> refs, LongSupplier nanoTime) {
        List<Item> given = new ArrayList<>();
        long start = nanoTime.getAsLong();
        try {
            asking(reader, key, argument, end, refs).ask(given);
        } catch (EntryNotFoundException e) {
            given.add(Item.of(Kind.NOT_FOUND, key, argument, argument));
        } catch (RuntimeException | Error e) {
            given.add(Item.failure(e));
        }
        List<Item> asked = refs.stream().map(ref -> Item.of(Kind.RECORD, ref.key(), ref.position(), ref.size())).toList();
        return new Answer(this, key, argument, end, asked, start, nanoTime.getAsLong(), given);
    }

    private Asking asking(WalReader reader, String key, long argument, long end, List<EntryRef> refs) {
        Instant from = Instant.ofEpochMilli(argument);
        Instant to = Instant.ofEpochMilli(end);
        return switch (this) {
            case LATEST -> given -> reader.latest(key).ifPresent(entry -> given.add(item(entry)));
            case LATEST_OF_KEYS -> given -> reader.latest(Keys.all()).values().forEach(entry -> given.add(item(entry)));
            case FIND -> given -> refs.forEach(ref -> given.add(
                    reader.find(ref).map(Reading::item).orElse(Item.of(Kind.ABSENT, key, ref.position(), ref.size()))));
            case BATCH -> given -> batch(reader, refs, given);
            case SCAN -> given -> drain(reader.scan(key), given);
            case SCAN_TIME -> given -> drain(reader.scan(key, from, to), given);
            case SCAN_FROM -> given -> drain(reader.scanFrom(key, argument), given);
            case SCAN_LAST -> given -> drain(reader.scanLast(key, (int) argument), given);
            case BACKWARD -> given -> drain(reader.scanBackward(key, Long.MAX_VALUE), given);
            case BACKWARD_FROM -> given -> drain(reader.scanBackward(key, argument), given);
            case MERGED -> given -> drain(reader.scanMerged(Keys.all(), from, to), given);
            case FOLLOW_FIRST -> given -> drain(reader.follow(key, ReadFrom.first()), given);
            case FOLLOW_FROM -> given -> drain(reader.follow(key, ReadFrom.position(argument)), given);
            case FOLLOW_END -> given -> drain(reader.follow(key, ReadFrom.end()), given);
            case FOLLOW_KEYS -> given -> drain(reader.follow(Map.of(key, ReadFrom.position(argument))), given);
            case FOLLOW_PREFIX -> given -> drain(reader.follow(Keys.all(), ReadFrom.first()), given);
            case KEYS -> given -> reader.keys().forEach(found -> given.add(Item.of(Kind.RECORD, found, 0, 0)));
            case DESCRIBE -> given -> reader.describe(key).ifPresent(
                    info -> given.add(Item.of(Kind.RECORD, key, info.firstPosition(), info.endPosition())));
            case DESCRIBE_OF_KEYS -> given -> reader.describe(List.of(key, "nobody")).values().forEach(
                    info -> given.add(Item.of(Kind.RECORD, key, info.firstPosition(), info.endPosition())));
            case VERIFY -> given -> reader.verify(key).damage().forEach(
                    damage -> given.add(Item.failure(new IllegalStateException(damage.toString()))));
        };
    }

    private static void batch(WalReader reader, List<EntryRef> refs, List<Item> given) {
        try (EntryBatch batch = reader.readBatch(refs)) {
            for (int i = 0; i < refs.size(); i++) {
                EntryRef ref = refs.get(i);
                given.add(switch (batch.status(i)) {
                    case FOUND, CORRUPT -> item(batch.get(i));
                    case EXPIRED, NOT_FOUND -> Item.of(Kind.ABSENT, ref.key(), ref.position(), ref.size());
                });
            }
        }
    }

    /** To its end, for now; what it throws it throws once. */
    private static void drain(EntryCursor cursor, List<Item> given) {
        try (cursor) {
            boolean more = true;
            while (more) {
                try {
                    more = cursor.next();
                    if (more) {
                        given.add(new Item(Kind.RECORD, cursor.key(), cursor.position(), cursor.size(), cursor.timestampMillis(),
                                Content.number(ByteBufUtil.getBytes(cursor.content())), ""));
                    }
                } catch (EntryExpiredException e) {
                    given.add(Item.of(Kind.EXPIRED, String.valueOf(e.key()), e.from(), e.to()));
                }
                if (given.size() > MAX_ITEMS) {
                    throw new IllegalStateException("it doesn't end");
                }
            }
        }
    }

    private static Item item(Entry entry) {
        return new Item(Kind.RECORD, entry.ref().key(), entry.ref().position(), entry.ref().size(), entry.timestampMillis(),
                Content.number(entry.contentBytes()), "");
    }
}
