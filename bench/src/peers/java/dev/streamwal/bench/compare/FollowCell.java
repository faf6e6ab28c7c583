package dev.streamwal.bench.compare;

import dev.streamwal.bench.DelayChild;
import dev.streamwal.bench.DelayContender;
import dev.streamwal.bench.DelayPattern;
import dev.streamwal.bench.DelayProcess;
import java.nio.file.Path;
import org.HdrHistogram.Histogram;

/** One process appends, another one is delivered it: from just before the append to just after the delivery. */
record FollowCell() implements Cell {

    private static final int TINY_SHARE = 10;

    @Override
    public String name() {
        return "follow";
    }

    @Override
    public void run(Contender contender, Path folder, Length length, Answers answers) throws Exception {
        DelayContender follower = contender.follower();
        if (follower == null) {
            throw new Cannot("another process can't read it while it is written");
        }
        Path log = folder.resolve("followed");
        try (DelayProcess writer = DelayProcess.start(Comparison.class, DelayChild.WRITE, follower, log);
                DelayProcess reader = DelayProcess.start(Comparison.class, DelayChild.READ, follower, log)) {
            writer.append(DelayPattern.WARM_UP, records(DelayPattern.WARM_UP, length));
            double cpu = reader.processorTime().toNanos();
            long start = System.nanoTime();
            writer.append(DelayPattern.DENSE, records(DelayPattern.DENSE, length));
            answers.value(this, Metric.CORES, (reader.processorTime().toNanos() - cpu) / (System.nanoTime() - start));
            writer.append(DelayPattern.LAST, 1);
            for (DelayPattern pattern : DelayPattern.values()) {
                Histogram delays = DelayChild.decode(reader.answer());
                if (pattern == DelayPattern.DENSE) {
                    tell(delays, answers);
                }
            }
        }
    }

    private static int records(DelayPattern pattern, Length length) {
        return length == Length.TINY ? pattern.records(false) / TINY_SHARE : pattern.records(false);
    }

    private void tell(Histogram delays, Answers answers) {
        answers.value(this, Metric.P50_MICROS, delays.getValueAtPercentile(50) / 1e3);
        answers.value(this, Metric.P99_MICROS, delays.getValueAtPercentile(99) / 1e3);
        answers.value(this, Metric.MAX_MICROS, delays.getMaxValue() / 1e3);
    }
}
