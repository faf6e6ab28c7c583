package dev.streamwal.reader;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.encryption.LogKeys;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Reads one batch. It begins on the caller's thread alone. If the reads turn out to wait for the disk, the refs that are left are split, and the
 * parts are read by several threads.
 *
 * <p><b>Why not at once by several threads.</b> What is in the page cache is read in less time than it takes to wake a thread. Whether it is there
 * is known from how long the first reads take, and from nothing else.
 *
 * <p><b>Why the answers don't depend on the threads.</b> Each ref is answered by one thread, from the log as a reader with one thread sees it. Refs
 * without an answer are read again from the beginning. All parts have ended before the batch is returned, or its buffers are released.
 */
final class BatchRead {

    private final LogSource log;
    private final LogKeys keys;
    private final BatchAnswers answers;
    private final ReadThreads threads;

    BatchRead(LogSource log, LogKeys keys, EntryRef[] refs, ReadThreads threads) {
        this.log = log;
        this.answers = new BatchAnswers(refs, log.settings().maxBatchBytes());
        this.keys = keys;
        this.threads = threads;
    }

    EntryBatch run() {
        answers.memory.check(answers.refs, answers.sizes);
        try {
            int[] all = IntStream.range(0, answers.refs.length).toArray();
            PartRead alone = new PartRead(log, answers, all, threads.isParallel() ? new ReadPace(System::nanoTime) : ReadPace.unjudged());
            alone.run();
            if (alone.isCutShort()) {
                alone.giveBack();
                readRest();
            }
            return new EntryBatch(answers, FrameShape.SEGMENT, keys);
        } catch (Throwable e) {
            answers.memory.release();
            throw e;
        }
    }

    private void readRest() {
        int[] unread = IntStream.range(0, answers.refs.length).filter(index -> answers.statuses[index] == null).toArray();
        List<int[]> parts = new BatchSplit(answers, log.settings().mergeGapBytes()).parts(unread, threads.partsWanted());
        threads.run(parts.stream().<Runnable>map(part -> () -> new PartRead(log, answers, part, ReadPace.unjudged()).run()).toList());
    }
}
