package dev.streamwal.bench.compare;

import java.nio.file.Path;

/** Appends what is to be queried, waits until the log rests, and looks how much it takes. */
record LoadCell() implements Cell {

    private static final int BATCH = 50;

    @Override
    public String name() {
        return "a day of readings";
    }

    @Override
    public void run(Contender contender, Path folder, Length length, Answers answers) throws Exception {
        QueriedSet set = QueriedSet.of(length);
        SetClock clock = new SetClock(QueriedSet.START_MILLIS);
        Setup setup = Setup.queries(set.streams(), clock);
        long start = System.nanoTime();
        try (Store store = contender.open(folder, setup)) {
            try (Writer writer = store.writer()) {
                for (int i = 0; i < set.recordsAStream(); i++) {
                    clock.set(set.millis(i));
                    append(writer, set, i);
                }
            }
            answers.value(this, Metric.RATE, set.records() / ((System.nanoTime() - start) / 1e9));
            // a window later, so that nothing is left that is still to be packed
            clock.set(set.endMillis() + setup.window().toMillis());
            store.settle();
        }
        answers.value(this, Metric.DISK_BYTES, (double) Usage.diskBytes(folder) / set.records());
    }

    /** One record to each stream. */
    private static void append(Writer writer, QueriedSet set, int i) throws Exception {
        boolean batches = true;
        for (int first = 0; first < set.streams(); first += BATCH) {
            int[] streams = new int[Math.min(BATCH, set.streams() - first)];
            byte[][] contents = new byte[streams.length][];
            for (int k = 0; k < streams.length; k++) {
                streams[k] = first + k;
                contents[k] = set.content(first + k, i);
            }
            batches = batches && appended(writer, streams, set.millis(i), contents);
            for (int k = 0; k < streams.length && !batches; k++) {
                writer.append(streams[k], set.millis(i), contents[k]);
            }
        }
    }

    private static boolean appended(Writer writer, int[] streams, long millis, byte[][] contents) throws Exception {
        try {
            writer.appendBatch(streams, millis, contents);
            return true;
        } catch (Cannot none) {
            return false;
        }
    }
}
