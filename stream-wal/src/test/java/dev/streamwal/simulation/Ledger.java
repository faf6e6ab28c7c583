package dev.streamwal.simulation;

import dev.streamwal.simulation.LogUnderTest.Found;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What a program that uses a log was told of its records, whatever failed, and so what it must find and may find. */
final class Ledger {

    private static final int ID_BYTES = Integer.BYTES;
    private static final int FIRST_NEW = 1 << 30;

    /** A record that it tried to append. */
    static final class Entry {

        static final long UNKNOWN = -1;

        final int number;
        final int batch;
        final long timeMillis;
        private final int epoch;
        private final int bytes;
        private long position = UNKNOWN;
        private long end = UNKNOWN;
        /** Visible, the program was told. */
        private boolean acknowledged;
        /** It survives power loss, the program was told. */
        private boolean durable;
        /** Nothing was appended, the program was told. */
        private boolean refused;
        /** It may be lost with the page cache, or was then. */
        private boolean unsure;
        /** A deletion was tried. */
        private boolean deleting;
        /** A deletion was done, the program was told. */
        private boolean deleted;

        private Entry(int number, int batch, int bytes, long timeMillis, int epoch) {
            this.number = number;
            this.batch = batch;
            this.bytes = bytes;
            this.timeMillis = timeMillis;
            this.epoch = epoch;
        }

        byte[] content() {
            return contentOf(number, bytes);
        }

        long position() {
            return position;
        }

        long end() {
            return end;
        }

        boolean isKept() {
            return acknowledged && position != UNKNOWN && !deleting && !deleted && !unsure;
        }

        void refused() {
            refused = true;
        }

        void deleting() {
            deleting = true;
        }

        void deleted() {
            deleted = true;
        }

        void visible() {
            acknowledged = true;
        }

        void acknowledged(long newPosition, long newEnd) {
            acknowledged = true;
            position = newPosition;
            end = newEnd;
        }

        /** What may be lost already doesn't become durable before it is seen again. */
        private void durable() {
            durable |= acknowledged && !unsure;
        }

        private boolean isRequired(boolean afterCrash) {
            return acknowledged && !deleting && !deleted && (durable || (!afterCrash && !unsure));
        }

        @Override
        public String toString() {
            return number + (position == UNKNOWN ? "" : "@" + position) + (acknowledged ? " acknowledged" : "") + (durable ? " durable" : "")
                    + (refused ? " refused" : "") + (unsure ? " unsure" : "") + (deleting ? " deleting" : "") + (deleted ? " deleted" : "");
        }
    }

    private final Map<String, List<Entry>> streams = new TreeMap<>();
    private int batches;
    private int epoch;
    private int checks;

    Ledger(List<String> keys) {
        keys.forEach(key -> streams.put(key, new ArrayList<>()));
    }

    private static byte[] contentOf(int number, int bytes) {
        byte[] content = new byte[Math.max(ID_BYTES, bytes)];
        Arrays.fill(content, (byte) (number * 31 + 7));
        ByteBuffer.wrap(content).putInt(0, number);
        return content;
    }

    /** Of a record that no ledger has. */
    static byte[] newContent() {
        return contentOf(FIRST_NEW, 40);
    }

    List<Entry> of(String key) {
        return streams.get(key);
    }

    /** Records looked for so far. */
    int checks() {
        return checks;
    }

    // ---------------------------------------------------------------- what it was told

    /** @param count of one batch; 1: alone */
    List<Entry> attempt(String key, int count, int bytes, long timeMillis) {
        batches++;
        List<Entry> all = of(key);
        List<Entry> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            made.add(new Entry(all.size() + i, batches, bytes, timeMillis, epoch));
        }
        all.addAll(made);
        return made;
    }

    /** All that the stream has so far. */
    void durable(String key) {
        of(key).forEach(Entry::durable);
    }

    /** All that stands before it, and it. */
    void durable(String key, Entry last) {
        of(key).subList(0, last.number + 1).forEach(Entry::durable);
    }

    void durableBefore(String key, long position) {
        of(key).stream().filter(entry -> entry.end != Entry.UNKNOWN && entry.end <= position).forEach(Entry::durable);
    }

    /** From now on what was not durable may be lost. */
    void pageCacheMayBeLost() {
        epoch++;
        streams.values().forEach(entries -> entries.forEach(entry -> entry.unsure |= !entry.durable));
    }

    /** Behind every position that it knows of. */
    long givenEnd(String key) {
        return of(key).stream().mapToLong(Entry::end).max().orElse(0);
    }

    // ---------------------------------------------------------------- what it finds

    /** While it goes on: what it sees isn't lost. */
    void read(String when, String key, List<Found> found) {
        check(when, key, found, false);
        for (Found record : found) {
            of(key).get(ByteBuffer.wrap(record.content()).getInt(0)).unsure = false;
        }
    }

    /** @param afterCrash of the machine: then only what was durable has to be there */
    void check(String when, String key, List<Found> found, boolean afterCrash) {
        List<Entry> entries = of(key);
        Set<Integer> there = new HashSet<>();
        Map<Integer, Integer> lastOfEpoch = new HashMap<>();
        int previous = -1;
        long end = 0;
        for (Found record : found) {
            int number = record.content().length < ID_BYTES ? -1 : ByteBuffer.wrap(record.content()).getInt(0);
            if (number >= FIRST_NEW) {
                continue;
            }
            checkThat(number >= 0 && number < entries.size(), when, "nothing is there that was never appended", key, record.position());
            Entry entry = entries.get(number);
            checkThat(Arrays.equals(record.content(), entry.content()), when, "a record is what was appended", key, entry);
            checkThat(entry.position == Entry.UNKNOWN || (entry.position == record.position() && entry.end == record.end()), when,
                    "a record is where it was said to be, not at " + record.position(), key, entry);
            checkThat(number > previous && record.position() >= end, when, "records come in order", key, entry);
            checkThat(!entry.refused, when, "where nothing was appended, nothing is there", key, entry);
            checkThat(!entry.deleted, when, "what was deleted doesn't come back", key, entry);
            there.add(number);
            lastOfEpoch.put(entry.epoch, number);
            previous = number;
            end = record.end();
        }
        for (Entry entry : entries) {
            if (!there.contains(entry.number)) {
                checkThat(!entry.isRequired(afterCrash), when, "what was acknowledged is there", key, entry);
                boolean hole = entry.acknowledged && !entry.deleting && !entry.deleted
                        && lastOfEpoch.getOrDefault(entry.epoch, -1) > entry.number;
                checkThat(!hole, when, "there is no hole", key, entry);
            }
        }
        checkBatches(when, key, there);
        checks += entries.size();
    }

    private void checkBatches(String when, String key, Set<Integer> there) {
        Map<Integer, List<Entry>> members = new HashMap<>();
        of(key).forEach(entry -> members.computeIfAbsent(entry.batch, unused -> new ArrayList<>()).add(entry));
        members.values().forEach(batch -> {
            long count = batch.stream().filter(entry -> there.contains(entry.number)).count();
            checkThat(count == 0 || count == batch.size(), when, "of a batch all is there or nothing: " + count, key, batch);
        });
    }

    private static void checkThat(boolean holds, String when, String rule, String key, Object what) {
        if (!holds) {
            throw new AssertionError(when + ": " + rule + ": stream=" + key + ", " + what);
        }
    }
}
