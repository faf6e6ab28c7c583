package dev.streamwal.bench.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.SplittableRandom;

/** Asks the same questions of each log, and checks each answer. */
record QueryCell(Kind kind) implements Cell {

    /** What is asked. */
    enum Kind {
        RANDOM("random refs, 512 a call"),
        ADJACENT("512 adjacent refs a call"),
        KEY_HOUR("an hour of one key"),
        SITE_HOUR("an hour of a prefix, 10 keys"),
        SITE_HOUR_MERGED("an hour of a prefix, 10 keys, by time"),
        LATEST("the latest of all keys"),
        SCAN("full scan");

        private final String text;

        Kind(String text) {
            this.text = text;
        }
    }

    private static final int REFS = 512;
    private static final int QUESTIONS = 64;
    private static final int SEED = 11;

    /** One call, what it must give, and how many it counts as. */
    private record Question(Asks asks, Tally expected, long units) {}

    @FunctionalInterface
    private interface Asks {
        RecordCursor ask(Store store) throws Exception;
    }

    @Override
    public String name() {
        return kind.text;
    }

    @Override
    public void run(Contender contender, Path folder, Length length, Answers answers) throws Exception {
        QueriedSet set = QueriedSet.of(length);
        try (Store store = contender.open(folder, Setup.queries(set.streams(), new SetClock(set.endMillis())))) {
            List<Question> questions = questions(store, set);
            verify(store, set, questions.get(0));
            rate(store, questions, length.sliceSeconds + length.warmUpSeconds);
            for (int i = 0; i < length.slices; i++) {
                long cpu = Usage.cpuNanos();
                long start = System.nanoTime();
                long units = rate(store, questions, length.sliceSeconds);
                answers.value(this, Metric.RATE, units / ((System.nanoTime() - start) / 1e9));
                answers.value(this, Metric.CPU_NANOS, (double) (Usage.cpuNanos() - cpu) / units);
            }
            if (kind == Kind.SCAN) {
                Usage.memory(this, answers);
            }
        }
    }

    /** Each byte of one answer. */
    private void verify(Store store, QueriedSet set, Question question) throws Exception {
        try (RecordCursor cursor = question.asks.ask(store)) {
            long last = Long.MIN_VALUE;
            while (cursor.next()) {
                set.check(cursor);
                long number = Tally.number(cursor.content());
                if (kind == Kind.SITE_HOUR_MERGED && number <= last) {
                    throw new IllegalStateException("records aren't in the order of their times: number=" + number + ", last=" + last);
                }
                last = number;
            }
        }
    }

    private long rate(Store store, List<Question> questions, double seconds) throws Exception {
        long end = System.nanoTime() + (long) (seconds * 1e9);
        long units = 0;
        for (int i = 0; System.nanoTime() < end; i++) {
            Question question = questions.get(i % questions.size());
            Tally found = new Tally();
            try (RecordCursor cursor = question.asks.ask(store)) {
                found.addAll(cursor);
            }
            Tally.check(name(), question.expected, found);
            units += question.units;
        }
        return units;
    }

    private List<Question> questions(Store store, QueriedSet set) throws Exception {
        return switch (kind) {
            case RANDOM, ADJACENT -> refs(store, set);
            case KEY_HOUR -> hours(set, 1, Store::range);
            case SITE_HOUR -> hours(set, Setup.SITE_STREAMS, Store::range);
            case SITE_HOUR_MERGED -> hours(set, Setup.SITE_STREAMS, Store::merged);
            case LATEST -> List.of(new Question(asked -> asked.latest(set.streams()),
                    set.tally(0, set.streams(), set.recordsAStream() - 1, set.recordsAStream()), 1));
            case SCAN -> List.of(new Question(Store::scan, set.tally(0, set.streams(), 0, set.recordsAStream()), set.records()));
        };
    }

    @FunctionalInterface
    private interface Range {
        RecordCursor of(Store store, int first, int end, long fromMillis, long toMillis) throws Exception;
    }

    private static List<Question> hours(QueriedSet set, int streams, Range range) {
        SplittableRandom random = new SplittableRandom(SEED);
        int anHour = set.recordsAStream() / QueriedSet.HOURS;
        List<Question> questions = new ArrayList<>();
        for (int i = 0; i < QUESTIONS; i++) {
            int first = random.nextInt(set.streams() / streams) * streams;
            int from = random.nextInt(QueriedSet.HOURS) * anHour;
            questions.add(new Question(store -> range.of(store, first, first + streams, set.millis(from), set.millis(from + anHour)),
                    set.tally(first, first + streams, from, from + anHour), 1));
        }
        return questions;
    }

    /** Refs of records as a scan gives them: drawn and shuffled, or in runs. */
    private List<Question> refs(Store store, QueriedSet set) throws Exception {
        long[] ordinals = ordinals(set);
        List<Object> refs = new ArrayList<>();
        List<Tally> each = new ArrayList<>();
        try (RecordCursor cursor = store.scan()) {
            long ordinal = 0;
            for (int i = 0; i < ordinals.length && cursor.next(); ordinal++) {
                for (; i < ordinals.length && ordinals[i] == ordinal; i++) {
                    refs.add(cursor.ref());
                    Tally one = new Tally();
                    one.add(cursor.stream(), Tally.number(cursor.content()), cursor.length());
                    each.add(one);
                }
            }
        }
        if (refs.size() != ordinals.length) {
            throw new IllegalStateException(String.format(Locale.ROOT, "not all records were scanned: refs=%d of %d", refs.size(), ordinals.length));
        }
        if (kind == Kind.RANDOM) {
            Collections.shuffle(refs, new Random(SEED));
            Collections.shuffle(each, new Random(SEED));
        }
        List<Question> questions = new ArrayList<>();
        for (int i = 0; i < QUESTIONS; i++) {
            List<Object> asked = List.copyOf(refs.subList(i * REFS, (i + 1) * REFS));
            Tally expected = new Tally();
            each.subList(i * REFS, (i + 1) * REFS).forEach(expected::add);
            questions.add(new Question(from -> from.read(asked), expected, REFS));
        }
        return questions;
    }

    /** Sorted. */
    private long[] ordinals(QueriedSet set) {
        SplittableRandom random = new SplittableRandom(SEED);
        long[] ordinals = new long[QUESTIONS * REFS];
        if (kind == Kind.RANDOM) {
            Arrays.setAll(ordinals, i -> random.nextLong(set.records()));
        } else {
            long[] starts = random.longs(QUESTIONS, 0, Math.max(1, set.records() - REFS)).sorted().toArray();
            Arrays.setAll(ordinals, i -> starts[i / REFS] + i % REFS);
        }
        Arrays.sort(ordinals);
        return ordinals;
    }
}
