package dev.streamwal.bench;

import java.nio.file.Path;
import java.util.List;
import net.openhft.chronicle.threads.Pauser;

/**
 * A follower's delay from append to delivery in another process, beside others. {@code bench/run follow} calls it:
 *
 * <pre>
 *   bench/run follow [--rounds n] [--quick] [--out folder]
 * </pre>
 *
 * <p>It is the main class of the contenders' processes as well.
 */
public final class FollowComparison {

    private static final int MANY_STREAMS = 10_000;
    private static final int PAUSE_MILLIS = 1;

    private FollowComparison() {}

    public static void main(String[] args) throws Exception {
        if (args.length > 0 && (args[0].equals(DelayChild.WRITE) || args[0].equals(DelayChild.READ))) {
            DelayChild.run(args[0], named(args[1]), Path.of(args[2]));
            // Chronicle's threads
            System.exit(0);
        }
        new DelayRun(contenders(), FollowComparison.class, args).run();
    }

    private static DelayContender named(String name) {
        return contenders().stream().filter(contender -> contender.name().equals(name)).findFirst().orElseThrow();
    }

    private static List<DelayContender> contenders() {
        return List.of(
                new DelayContender("stream-wal, one key", List.of(), root -> StreamWalTail.writer(root, 1), StreamWalTail::ofKey),
                new DelayContender("stream-wal, a prefix of 10,000 keys", List.of(), root -> StreamWalTail.writer(root, MANY_STREAMS),
                        StreamWalTail::ofPrefix),
                // not Pauser.busy(), which doesn't spin where there are few cores
                new DelayContender("Chronicle Queue, spinning", ChronicleQueueLog.FLAGS, ChronicleQueueLog::writer,
                        folder -> ChronicleQueueLog.reader(folder, Thread::onSpinWait)),
                new DelayContender("Chronicle Queue, pauses of 1 ms", ChronicleQueueLog.FLAGS, ChronicleQueueLog::writer,
                        folder -> ChronicleQueueLog.reader(folder, Pauser.millis(PAUSE_MILLIS)::pause)),
                new DelayContender("WatchService", List.of(), WatchedFile::writer, WatchedFile::reader));
    }
}
