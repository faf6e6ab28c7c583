package dev.streamwal;

import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SealLayout;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a log must hold that was killed while it was written to, by what was acknowledged, and what may have vanished from it. Once a log was
 * brought in order, it must hold exactly what it held then.
 */
final class KillLedger {

    private static final int REFS_PER_BATCH = 4_096;
    private static final long UNKNOWN = -1;

    /** Who appended: a thread of a process. */
    private record Caller(int round, int thread) {}

    /** What was appended to one stream by one call. */
    private record Id(int round, int thread, int number, int part) {
        Caller caller() {
            return new Caller(round, thread);
        }

        boolean isUpTo(Id other) {
            return round < other.round || (round == other.round && number <= other.number);
        }
    }

    /** What must be there. */
    private record Expected(Id id, long position, long timestampMillis) {}

    /** What is there. */
    private record Found(Id id, long position, long timestampMillis) {}

    private final KillScript script;
    private final int sealBytes;
    private final String name;

    private final Map<String, Map<Id, Expected>> expected = new TreeMap<>();
    private final Map<Caller, Integer> lastCalls = new HashMap<>();
    /** The round before which everything was found when the log had been brought in order. */
    private int settledBefore;
    /** Since then: the rounds before which the machine had been restarted; what was not durable by then may be cut. */
    private final TreeSet<Integer> restarts = new TreeSet<>();
    /** What any reader saw since then, and so stands before the first slot that nobody published. */
    private final Map<String, Set<Id>> seen = new HashMap<>();
    /** Everything in front of these positions survives a restart of the machine from that round on. */
    private final Map<String, NavigableMap<Integer, Long>> durableBelow = new HashMap<>();
    /** Segments that were deleted. */
    private final Map<String, Long> deletedAt = new HashMap<>();
    /** The last call after which a thread deleted its own stream, or may have. */
    private final Map<String, Id> deletedBehind = new HashMap<>();
    private final Map<String, Id> maybeDeletedBehind = new HashMap<>();

    final Map<String, Long> acknowledged = new TreeMap<>();
    long records;
    long refs;
    long unacknowledged;
    long vanished;
    long lostByRestart;

    KillLedger(KillScript script, boolean encrypted, String name) {
        this.script = script;
        this.sealBytes = encrypted ? SealLayout.BYTES : 0;
        this.name = name;
    }

    // ---------------------------------------------------------------- what was acknowledged

    void acknowledged(int round, int thread, int number, int what, long position, long timestampMillis) {
        KillScript.Call call = script.call(round, thread, number);
        Id id = new Id(round, thread, number, Math.max(0, what));
        String stream = call.parts().get(id.part).stream();
        if (what == KillActor.DONE) {
            followed(call, stream, id);
            return;
        }
        lastCalls.merge(id.caller(), number, Math::max);
        if (call.then() == KillScript.Then.DELETE) {
            maybeDeletedBehind.merge(stream, id, KillLedger::later);
        }
        long known = what == KillActor.RETURNED ? UNKNOWN : position;
        expected.computeIfAbsent(stream, unused -> new LinkedHashMap<>())
                .merge(id, new Expected(id, known, timestampMillis), (before, now) -> now.position == UNKNOWN ? before : now);
        if (known != UNKNOWN) {
            acknowledged.merge(call.level(), 1L, Long::sum);
            if (call.isDurable()) {
                durable(stream, round, position);
            }
        }
    }

    private void followed(KillScript.Call call, String stream, Id id) {
        acknowledged.merge(call.then().name(), 1L, Long::sum);
        switch (call.then()) {
            case NOTHING, SWEEP, ROTATE_KEYS, PURGE -> { }
            case SYNC_STREAM -> durableUpTo(stream, id);
            case SYNC_LOG -> expected.keySet().forEach(each -> durableUpTo(each, id));
            case DELETE -> deletedBehind.merge(stream, id, KillLedger::later);
        }
    }

    private static Id later(Id one, Id other) {
        return one.isUpTo(other) ? other : one;
    }

    /** All that this thread had appended. */
    private void durableUpTo(String stream, Id id) {
        for (Expected each : expected.getOrDefault(stream, Map.of()).values()) {
            if (each.id.caller().equals(id.caller()) && each.id.number <= id.number && each.position != UNKNOWN) {
                durable(stream, id.round, each.position);
            }
        }
    }

    private void durable(String stream, int round, long position) {
        durableBelow.computeIfAbsent(stream, any -> new TreeMap<>()).merge(round, position + 1, Math::max);
    }

    /** Before a restart; what was cut by it isn't covered by what was made durable behind it, later. */
    private long durableBelow(String stream, int restart) {
        return durableBelow.getOrDefault(stream, new TreeMap<>()).headMap(restart, false).values().stream().mapToLong(Long::longValue)
                .max().orElse(0);
    }

    /** A segment of which the log said that it is gone. */
    void deleted(String stream, long basePosition) {
        deletedAt.merge(stream, basePosition, Math::max);
    }

    /** Before this round the machine had been restarted, as far as the log knows. */
    void restarted(int round) {
        restarts.add(round);
    }

    int calls(int round) {
        return lastCalls.entrySet().stream().filter(last -> last.getKey().round == round).mapToInt(last -> last.getValue() + 1).sum();
    }

    // ---------------------------------------------------------------- what is there

    /** As any other process sees it, before anything was repaired: up to the first slot that was reserved and not published. */
    void checkUnrepaired(WalReader reader, InstantSource clock) {
        for (String stream : reader.keys()) {
            List<Found> found = new Scan(stream).run(reader);
            int unused = checkFound(stream, found);
            long last = found.isEmpty() ? UNKNOWN : found.get(found.size() - 1).position;
            checkMissing(stream, found, last, clock.instant());
            Set<Id> seenBefore = seen.computeIfAbsent(stream, any -> new HashSet<>());
            found.forEach(each -> seenBefore.add(each.id));
        }
        readRefs(reader);
    }

    /** When the log has been brought in order. What is there now stays. */
    void checkRepaired(WalReader reader, InstantSource clock, int round) {
        Map<String, List<Found>> all = new TreeMap<>();
        for (String stream : reader.keys()) {
            all.put(stream, scan(reader, stream));
        }
        Instant now = clock.instant();
        TreeSet<String> streams = new TreeSet<>(all.keySet());
        streams.addAll(expected.keySet());
        for (String stream : streams) {
            List<Found> found = all.getOrDefault(stream, List.of());
            unacknowledged += checkFound(stream, found);
            checkMissing(stream, found, Long.MAX_VALUE, now);
            Map<Id, Expected> exactly = new LinkedHashMap<>();
            found.forEach(each -> exactly.put(each.id, new Expected(each.id, each.position, each.timestampMillis)));
            expected.put(stream, exactly);
        }
        settledBefore = round + 1;
        restarts.clear();
        seen.clear();
        durableBelow.clear();
    }

    /**
     * Where a sweep overtakes a scan, what the scan read first has gone by then as well, since the oldest goes first: so it scans again while records
     * are missing behind the first one, unless that one is still there.
     */
    private List<Found> scan(WalReader reader, String stream) {
        List<Found> found = new Scan(stream).run(reader);
        while (isAnythingMissingBehindTheFirst(stream, found)) {
            List<Found> again = new Scan(stream).run(reader);
            boolean isOvertaken = again.isEmpty() || again.get(0).position > found.get(0).position;
            if (!isOvertaken) {
                return found;
            }
            found = again;
        }
        return found;
    }

    private boolean isAnythingMissingBehindTheFirst(String stream, List<Found> found) {
        if (found.isEmpty()) {
            return false;
        }
        Set<Id> ids = new HashSet<>();
        found.forEach(each -> ids.add(each.id));
        return expected.getOrDefault(stream, Map.of()).values().stream()
                .anyMatch(each -> each.position > found.get(0).position && !ids.contains(each.id));
    }

    /** Nothing that was never appended, or is gone, or somewhere else, or twice, or in another order. */
    private int checkFound(String stream, List<Found> found) {
        Map<Id, Expected> wanted = expected.getOrDefault(stream, Map.of());
        Map<Caller, Id> before = new HashMap<>();
        Id gone = deletedBehind.get(stream);
        int onTheirWay = 0;
        for (Found each : found) {
            Expected known = wanted.get(each.id);
            if (known == null) {
                checkUnacknowledged(stream, each);
                onTheirWay++;
            } else if (known.position != UNKNOWN && known.position != each.position) {
                throw failure("elsewhere than was acknowledged", stream, each, known);
            }
            Id previous = before.put(each.id.caller(), each.id);
            if (previous != null && previous.number >= each.id.number) {
                throw failure("a thread's own order", stream, each, previous);
            }
            if (gone != null && each.id.isUpTo(gone)) {
                throw failure("a deleted stream's record came back", stream, each, gone);
            }
        }
        if (!found.isEmpty() && found.get(0).position <= deletedAt.getOrDefault(stream, UNKNOWN)) {
            throw failure("a deleted segment's record came back", stream, found.get(0), deletedAt.get(stream));
        }
        return onTheirWay;
    }

    /** The one call of each thread that was on its way when the process was killed. */
    private void checkUnacknowledged(String stream, Found found) {
        int last = lastCalls.getOrDefault(found.id.caller(), -1);
        boolean onItsWay = found.id.number == last || found.id.number == last + 1;
        if (found.id.round < settledBefore || !onItsWay) {
            throw failure("came back, or was never appended", stream, found, "last call=" + last + ", settledBefore=" + settledBefore);
        }
    }

    private void checkMissing(String stream, List<Found> found, long below, Instant now) {
        Map<Id, Expected> missing = new LinkedHashMap<>(expected.getOrDefault(stream, Map.of()));
        found.forEach(each -> missing.remove(each.id));
        long first = found.isEmpty() ? Long.MAX_VALUE : found.get(0).position;
        for (Expected each : missing.values()) {
            if (each.position >= below || (each.position == UNKNOWN && below != Long.MAX_VALUE)) {
                continue;
            }
            if (each.position < first && mayBeDeleted(stream, each, now)) {
                vanished++;
            } else if (mayBeCut(stream, each, found)) {
                lostByRestart++;
            } else {
                throw failure("acknowledged and not there", stream, each,
                        missing.size() + " missing, " + found.size() + " found, the first at " + first + ", the last "
                                + (found.isEmpty() ? "nowhere" : found.get(found.size() - 1)) + ", durable below " + durableBelow.get(stream)
                                + ", restarted before rounds " + restarts);
            }
        }
    }

    private boolean mayBeDeleted(String stream, Expected record, Instant now) {
        if (stream.startsWith(KillScript.SWEPT)) {
            return record.timestampMillis < now.minus(KillScript.RETENTION).toEpochMilli();
        }
        if (stream.startsWith(KillScript.PURGED)) {
            return record.timestampMillis < now.minus(KillScript.PURGE_AGE).toEpochMilli();
        }
        Id behind = maybeDeletedBehind.get(stream);
        return behind != null && record.id.isUpTo(behind);
    }

    /**
     * The page cache has everything, so a restart of the machine, as far as the log knows, cuts only what stands behind a slot that nobody
     * published; nothing in the middle, and nothing that was durable.
     */
    private boolean mayBeCut(String stream, Expected record, List<Found> found) {
        Integer restart = restarts.higher(record.id.round);
        if (record.id.round < settledBefore || restart == null || seen.getOrDefault(stream, Set.of()).contains(record.id)) {
            return false;
        }
        return record.position == UNKNOWN || (record.position >= durableBelow(stream, restart)
                && found.stream().noneMatch(each -> each.id.round < restart && each.position > record.position));
    }

    private AssertionError failure(String what, String stream, Object found, Object wanted) {
        return new AssertionError(what + ": " + stream + " " + found + ", but " + wanted + ", " + name);
    }

    /** One stream, from its first record to its last. */
    private final class Scan {

        private final String stream;
        private final List<Found> found = new ArrayList<>();

        Scan(String stream) {
            this.stream = stream;
        }

        List<Found> run(WalReader reader) {
            try (EntryCursor cursor = reader.scan(stream)) {
                while (advance(cursor)) {
                    next(cursor);
                }
            }
            return found;
        }

        /** The log may be swept meanwhile. */
        private boolean advance(EntryCursor cursor) {
            while (true) {
                try {
                    return cursor.next();
                } catch (EntryExpiredException e) {
                    // told once for each gap: what is behind it comes next
                }
            }
        }

        private void next(EntryCursor cursor) {
            ByteBuf content = cursor.content();
            Id id = new Id(content.getInt(0), content.getInt(4), content.getInt(8), content.getInt(12));
            KillScript.Part part = script.call(id.round, id.thread, id.number).parts().get(id.part);
            if (!part.stream().equals(stream)) {
                throw failure("a record of another stream", stream, id, cursor.ref());
            }
            found.add(new Found(id, cursor.position(), cursor.timestampMillis()));
            for (int i = 0; i < part.items().size(); i++) {
                if (i > 0) {
                    long end = cursor.nextPosition();
                    if (!cursor.next() || cursor.position() != end) {
                        throw failure("a part of a batch", stream, id, i + " of " + part.items().size() + " records");
                    }
                }
                check(part.items().get(i), cursor.header(), cursor.content(), cursor.timestampMillis(), cursor.position());
                records++;
            }
        }
    }

    private void check(KillScript.Item item, ByteBuf header, ByteBuf content, long timestampMillis, long position) {
        ByteBuffer.wrap(item.content()).putLong(KillScript.TIMESTAMP, timestampMillis);
        if (!header.nioBuffer().equals(ByteBuffer.wrap(item.header()))
                || !content.nioBuffer().equals(ByteBuffer.wrap(item.content()))) {
            throw new AssertionError("another record than was appended: position=" + position + ", " + name);
        }
    }

    /** What was acknowledged since the log was brought in order last: refs lead behind slots that nobody published, too. */
    private void readRefs(WalReader reader) {
        List<EntryRef> all = new ArrayList<>();
        List<KillScript.Item> items = new ArrayList<>();
        expected.forEach((stream, wanted) -> wanted.values().stream()
                .filter(each -> each.id.round >= settledBefore && restarts.higher(each.id.round) == null && each.position != UNKNOWN)
                .sorted(Comparator.comparingLong(Expected::position))
                .forEach(each -> addRefs(stream, each, all, items)));
        for (int from = 0; from < all.size(); from += REFS_PER_BATCH) {
            List<EntryRef> some = all.subList(from, Math.min(all.size(), from + REFS_PER_BATCH));
            try (EntryBatch batch = reader.readBatch(some)) {
                for (int i = 0; i < some.size(); i++) {
                    if (batch.status(i) == EntryBatch.Status.FOUND) {
                        Entry entry = batch.get(i);
                        check(items.get(from + i), entry.header(), entry.content(), entry.timestampMillis(), some.get(i).position());
                    } else if (batch.status(i) != EntryBatch.Status.EXPIRED || !isVanishing(some.get(i).key())) {
                        throw failure("acknowledged and not there", some.get(i).key(), some.get(i), batch.status(i));
                    }
                }
            }
        }
        refs += all.size();
    }

    private void addRefs(String stream, Expected record, List<EntryRef> all, List<KillScript.Item> items) {
        long position = record.position;
        for (KillScript.Item item : script.call(record.id.round, record.id.thread, record.id.number).parts().get(record.id.part).items()) {
            int size = (int) RecordLayout.frameBytes(item.header().length, item.content().length + sealBytes);
            all.add(new EntryRef(stream, position, size));
            items.add(item);
            position += size;
        }
    }

    private static boolean isVanishing(String stream) {
        return stream.startsWith(KillScript.SWEPT) || stream.startsWith(KillScript.PURGED) || stream.startsWith(KillScript.OWN);
    }
}
