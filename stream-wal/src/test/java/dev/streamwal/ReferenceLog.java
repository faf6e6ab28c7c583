package dev.streamwal;

import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.Window;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.retention.StreamPolicy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a log must hold: a map of lists. It knows by the rules alone which segment a record goes to, and so when it goes; where the record
 * stands it is told, and only remembers which positions were given.
 */
final class ReferenceLog {

    /** Refs to what is gone that are remembered of each stream. */
    private static final int MAX_GONE = 2_000;

    /** A record as it was appended. */
    record Appended(EntryRef ref, long timestampMillis, byte[] header, byte[] content) {}

    /** A record that is about to be. */
    record Item(long timestampMillis, byte[] header, byte[] content, boolean isEncrypted) {

        int frameBytes() {
            return (int) RecordLayout.frameBytes(header.length, content.length + (isEncrypted ? EntryRef.ENCRYPTION_BYTES : 0));
        }
    }

    static final class Segment {
        final long windowStart;
        final long windowEnd;
        final long expirationMillis;
        final int capacity;
        /** Also those that were erased. */
        final List<Appended> records = new ArrayList<>();
        private int used;

        private Segment(Window window, long expirationMillis, int capacity) {
            this.windowStart = window.startMillis();
            this.windowEnd = window.endMillis();
            this.expirationMillis = expirationMillis;
            this.capacity = capacity;
        }
    }

    /** One key's. */
    static final class Stream {
        final String key;
        final List<Segment> segments = new ArrayList<>();
        final List<EntryRef> gone = new ArrayList<>();
        final List<EntryRef> cut = new ArrayList<>();
        /** Of records whose segments are there. */
        final Set<EntryRef> erased = new LinkedHashSet<>();
        /** No record may begin below it any more. */
        long greatestEnd;
        /** Where the last record ended, also after everything behind it was cut. */
        long end;
        private @Nullable Segment active;
        private boolean touched;
        private long lastWindowStart = Long.MIN_VALUE;
        private long endAtLastPass = -1;

        private Stream(String key) {
            this.key = key;
        }

        /** Without those that were erased. */
        List<Appended> records() {
            List<Appended> all = new ArrayList<>();
            segments.forEach(segment -> all.addAll(segment.records));
            all.removeIf(record -> erased.contains(record.ref()));
            return all;
        }

        /** @return how many records were erased */
        int erase(long fromMillis, long toMillis) {
            if (segments.isEmpty()) {
                return 0;
            }
            touch();
            Segment current = active;
            if (current != null && fromMillis < current.windowEnd) {
                seal();
            }
            List<EntryRef> found = records().stream().filter(record -> record.timestampMillis >= fromMillis && record.timestampMillis < toMillis)
                    .map(Appended::ref).toList();
            erased.addAll(found);
            return found.size();
        }

        /** The writer has looked at the stream since it was opened. */
        void touch() {
            if (touched) {
                return;
            }
            touched = true;
            if (!segments.isEmpty()) {
                Segment newest = segments.get(segments.size() - 1);
                lastWindowStart = newest.windowStart;
            }
        }

        /** Records that go together to one segment. */
        void append(List<Item> items, List<EntryRef> refs, StreamPolicy policy, long nowMillis) {
            touch();
            boolean batch = items.size() > 1;
            int bytes = batch ? BatchLayout.FRAME_BYTES : 0;
            long newest = Long.MIN_VALUE;
            for (Item item : items) {
                bytes += item.frameBytes();
                newest = Math.max(newest, item.timestampMillis);
            }
            Segment target = active;
            boolean fits = target != null && newest < target.windowEnd && nowMillis < target.expirationMillis
                    && bytes <= target.capacity - target.used;
            if (!fits) {
                seal();
                Window window = policy.windowOf(Math.max(newest, lastWindowStart));
                target = new Segment(window, policy.expirationOf(window), policy.segmentBytes());
                target.used = SegmentHeaderLayout.headerLength(key.getBytes(StandardCharsets.UTF_8).length);
                segments.add(target);
                active = target;
            }
            long lead = batch ? BatchLayout.FRAME_BYTES : 0;
            long expected = fits ? greatestEnd + lead : -1;
            for (int i = 0; i < items.size(); i++) {
                Item item = items.get(i);
                EntryRef ref = refs.get(i);
                boolean inPlace = expected < 0 ? ref.position() >= greatestEnd + lead : ref.position() == expected;
                if (!inPlace || ref.size() != item.frameBytes() || !ref.key().equals(key)) {
                    throw new AssertionError("an append's ref: " + ref + ", index=" + i + ", expected position=" + expected
                            + ", greatest end=" + greatestEnd + ", frame=" + item.frameBytes());
                }
                expected = ref.end();
                target.records.add(new Appended(ref, item.timestampMillis, item.header, item.content));
            }
            greatestEnd = expected;
            end = expected;
            target.used += bytes;
        }

        /** @param last of the records that stay */
        void truncateAfter(EntryRef last) {
            touch();
            int left = (int) segments.stream().flatMap(segment -> segment.records.stream())
                    .filter(record -> record.ref().position() <= last.position()).count();
            int keptSegments = 0;
            for (Segment segment : segments) {
                List<Appended> behind = segment.records.subList(Math.min(left, segment.records.size()), segment.records.size());
                behind.forEach(record -> {
                    cut.add(record.ref());
                    erased.remove(record.ref());
                });
                behind.clear();
                left -= segment.records.size();
                keptSegments += segment.records.isEmpty() ? 0 : 1;
            }
            segments.subList(keptSegments, segments.size()).clear();
            Segment newest = segments.get(keptSegments - 1);
            active = null;
            lastWindowStart = newest.windowStart;
            end = newest.records.get(newest.records.size() - 1).ref().end();
            if (cut.size() > MAX_GONE) {
                cut.subList(0, cut.size() - MAX_GONE).clear();
            }
        }

        private void seal() {
            Segment sealing = active;
            if (sealing != null) {
                lastWindowStart = sealing.windowStart;
                active = null;
            }
        }

        private List<Segment> sweep(long nowMillis) {
            List<Segment> deleted = new ArrayList<>();
            Segment current = active;
            if (current != null) {
                boolean idle = current.windowEnd <= nowMillis && endAtLastPass == greatestEnd;
                endAtLastPass = greatestEnd;
                if (idle || current.expirationMillis <= nowMillis) {
                    seal();
                }
            }
            while (!segments.isEmpty() && segments.get(0).expirationMillis <= nowMillis) {
                deleted.add(deleteFirst());
            }
            return deleted;
        }

        List<Segment> purge(long beforeMillis) {
            touch();
            List<Segment> deleted = new ArrayList<>();
            while (!segments.isEmpty() && segments.get(0) != active && segments.get(0).windowEnd <= beforeMillis) {
                deleted.add(deleteFirst());
            }
            return deleted;
        }

        boolean delete() {
            boolean any = !segments.isEmpty();
            while (!segments.isEmpty()) {
                deleteFirst();
            }
            // also where all of it has expired: what comes next needn't stay in that window
            active = null;
            lastWindowStart = Long.MIN_VALUE;
            return any;
        }

        private Segment deleteFirst() {
            Segment first = segments.remove(0);
            first.records.forEach(record -> {
                gone.add(record.ref());
                erased.remove(record.ref());
            });
            if (gone.size() > MAX_GONE) {
                gone.subList(0, gone.size() - MAX_GONE).clear();
            }
            touched |= segments.isEmpty();
            return first;
        }

        private void reopen() {
            active = null;
            touched = false;
            lastWindowStart = Long.MIN_VALUE;
            endAtLastPass = -1;
        }
    }

    private final Map<String, Stream> streams = new TreeMap<>();

    ReferenceLog(List<String> keys) {
        keys.forEach(key -> streams.put(key, new Stream(key)));
    }

    Stream stream(String key) {
        Stream stream = streams.get(key);
        if (stream == null) {
            throw new IllegalArgumentException(key);
        }
        return stream;
    }

    Iterable<Stream> streams() {
        return streams.values();
    }

    /** What goes, by stream, oldest first. */
    Map<String, List<Segment>> sweep(long nowMillis) {
        Map<String, List<Segment>> deleted = new TreeMap<>();
        for (Stream stream : streams.values()) {
            List<Segment> segments = stream.sweep(nowMillis);
            if (!segments.isEmpty()) {
                deleted.put(stream.key, segments);
            }
        }
        return deleted;
    }

    /** What was written before is not appended to any more. */
    void reopen() {
        streams.values().forEach(Stream::reopen);
    }

    int segments() {
        return streams.values().stream().mapToInt(stream -> stream.segments.size()).sum();
    }

    List<String> keys() {
        return streams.values().stream().filter(stream -> !stream.segments.isEmpty()).map(stream -> stream.key).toList();
    }
}
