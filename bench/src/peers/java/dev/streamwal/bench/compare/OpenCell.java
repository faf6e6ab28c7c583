package dev.streamwal.bench.compare;

import java.nio.file.Path;

/** Opens a log that was closed, and reads a stream's last record: in this new process, and again. */
record OpenCell() implements Cell {

    private static final int TIMES = 5;

    @Override
    public String name() {
        return "opening";
    }

    @Override
    public void run(Contender contender, Path folder, Length length, Answers answers) throws Exception {
        QueriedSet set = QueriedSet.of(length);
        for (int i = 0; i < TIMES; i++) {
            long start = System.nanoTime();
            try (Store store = contender.open(folder, Setup.queries(set.streams(), new SetClock(set.endMillis())))) {
                try (RecordCursor cursor = first(store)) {
                    if (!cursor.next()) {
                        throw new IllegalStateException("no record");
                    }
                }
                answers.value(this, i == 0 ? Metric.OPEN_FIRST_MILLIS : Metric.OPEN_AGAIN_MILLIS, (System.nanoTime() - start) / 1e6);
            }
        }
    }

    private static RecordCursor first(Store store) throws Exception {
        try {
            return store.latest(1);
        } catch (Cannot none) {
            return store.scan();
        }
    }
}
