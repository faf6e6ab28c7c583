package dev.streamwal.examples.queue;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.error.ConsumerInUseException;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.examples.FailingLog;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A worker of a group, in a process of its own. A consumer is open once at a time: so a partition is the worker's that has its consumer open, without
 * anything that hands them out. When a worker is killed, its consumers can be opened by others, which go on behind its last commits. What it did after
 * them is done again.
 */
final class Worker {
    private static final int BATCH = 50;
    private static final long TAKE_OVER_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final WalReader reader;
    private final Topic topic;
    private final String group;
    private final int share;
    private final BufferedWriter done;
    private final Map<Integer, WalConsumer> mine = new TreeMap<>();
    private long lastTakeOver = System.nanoTime();

    private Worker(WalReader reader, Topic topic, String group, int share, BufferedWriter done) {
        this.reader = reader;
        this.topic = topic;
        this.group = group;
        this.share = share;
        this.done = done;
    }

    /** Arguments: the log, the topic's name and number of partitions, the group, the worker's share of partitions, the file for what it did. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Topic topic = new Topic(args[1], Integer.parseInt(args[2]));
        try (WalReader reader = WalReader.open(Path.of(args[0])); BufferedWriter done = Files.newBufferedWriter(Path.of(args[5]))) {
            new Worker(reader, topic, args[3], Integer.parseInt(args[4]), done).work();
        }
    }

    /** Until the process is killed. */
    private void work() throws IOException, InterruptedException {
        while (true) {
            takePartitions();
            boolean idle = true;
            for (Map.Entry<Integer, WalConsumer> partition : mine.entrySet()) {
                idle &= work(partition.getKey(), partition.getValue()) == 0;
            }
            if (idle) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
        }
    }

    /** Its share at once. Beyond that one a second, of those that no other worker has: their worker has ended. */
    private void takePartitions() throws InterruptedException {
        boolean takesOver = System.nanoTime() - lastTakeOver > TAKE_OVER_NANOS;
        for (int partition = 0; partition < topic.partitions() && (mine.size() < share || takesOver); partition++) {
            if (!mine.containsKey(partition) && take(partition) && takesOver) {
                break;
            }
        }
        if (takesOver) {
            lastTakeOver = System.nanoTime();
        }
    }

    private boolean take(int partition) throws InterruptedException {
        try {
            mine.put(partition, reader.consumer(topic.consumer(group, partition), topic.keys(partition)));
            return true;
        } catch (ConsumerInUseException e) {
            return false;
        } catch (WalIOException e) {
            FailingLog.tellAndRest(e, System.err);
            return false;
        }
    }

    /**
     * Commits what it has done: before that, it may be done twice, and never not at all. What it can't commit, as the log fails, it commits with what it
     * does next.
     */
    private int work(int partition, WalConsumer consumer) throws IOException, InterruptedException {
        int count = 0;
        try {
            EntryTail messages = consumer.entries();
            while (count < BATCH && next(messages)) {
                TimeUnit.MILLISECONDS.sleep(1); // handling a message takes some time
                String content = FailingLog.untilGiven(() -> messages.content().toString(UTF_8), System.err);
                note("done " + partition + " " + messages.position() + " " + content);
                count++;
            }
            consumer.commitDelivered();
        } catch (WalIOException e) {
            FailingLog.tellAndRest(e, System.err);
        }
        return count;
    }

    /** Where retention was faster than the worker, or a message is damaged, it is told once of what it has lost; the call after goes on behind that. */
    private boolean next(EntryTail messages) throws IOException {
        while (true) {
            try {
                return messages.next();
            } catch (EntryExpiredException e) {
                note("lost " + e.key() + " " + e.from() + " " + e.to());
            } catch (CorruptSegmentException e) {
                note("lost " + e.key() + " " + e.position() + " damaged");
            }
        }
    }

    private void note(String line) throws IOException {
        done.write(line + "\n");
        done.flush();
    }
}
