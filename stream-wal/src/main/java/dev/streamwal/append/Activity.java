package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.format.ActivityLayout;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentMapping;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The log's file {@code activity}, mapped, where every append leaves a mark for readers of many streams: one plain store with release. What
 * the marks mean is said in {@link ActivityLayout}. Thread-safe.
 */
public final class Activity {

    /*
     * Why nothing is stored where nothing is mapped any more.
     *
     * The mark comes behind the commit word. So whoever waits for commit words, as all do who unmap a segment, doesn't wait for marks. A
     * thread therefore says in its own scratch, before the compare-and-set by which it reserves a slot, that it is publishing, and takes that
     * back, with release, behind the mark. Whoever closes first parks or seals every segment, each by an operation on the same word: a
     * compare-and-set that succeeded came before that, so that what was said before it is seen; one that comes later fails. Then he looks at
     * the scratch of every thread that ever appended here, and unmaps when each has been seen not to publish. A thread that stays in a slot,
     * by a source that blocks, or because it isn't run, keeps the mapping to the end of the process, as it does its segment's.
     *
     * Parked appends store under their segment's lock, which closing takes, and behind which it refuses them. What others store here, they
     * store under this object's monitor, unless it is closed.
     */

    private static final String TEMPORARY_NAME = ".activity.tmp";

    /** As for a segment's slots. */
    private static final long PUBLISH_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long PUBLISH_LOOK_NANOS = 20_000;

    /** Of a log without that file. */
    public static final Activity NONE = new Activity(null, ActivityLayout.DEFAULT_SLOTS, 0);

    private final @Nullable SegmentMapping mapping;
    private final int slots;
    /** One for each thread that has appended, as long as the thread lives. */
    private final Set<AppendScratch> appenders = Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    /** For what isn't a record; different in each file. */
    @GuardedBy("this")
    private final SplittableRandom numbers;

    @GuardedBy("this")
    private boolean closed;

    private Activity(@Nullable SegmentMapping mapping, int slots, long generation) {
        this.mapping = mapping;
        this.slots = slots;
        this.numbers = new SplittableRandom(generation);
    }

    /**
     * Makes the file anew, so that it has a block for each of its pages, and a name once it is whole.
     *
     * @return {@link #NONE} where the storage doesn't map
     */
    public static Activity create(SegmentStorage storage, Path root, long generation) throws IOException {
        int slots = ActivityLayout.DEFAULT_SLOTS;
        int bytes = ActivityLayout.bytes(slots);
        Path temporary = root.resolve(TEMPORARY_NAME);
        boolean unused = storage.delete(temporary);
        SegmentFile file = storage.create(temporary);
        SegmentMapping mapping = null;
        try {
            file.write(0, ActivityLayout.encodeHeader(generation, slots));
            file.zero(ActivityLayout.HEADER_BYTES, bytes);
            mapping = file.map(bytes);
            if (mapping != null) {
                mapping.touch(0, bytes);
                storage.replace(temporary, root.resolve(ActivityLayout.FILE_NAME));
                return new Activity(mapping, slots, generation);
            }
            unused = storage.delete(temporary);
            return none(storage, root);
        } catch (IOException | RuntimeException | Error e) {
            discard(storage, temporary, mapping, e);
            throw e;
        } finally {
            file.close();
        }
    }

    /** Of a log without that file. One that an earlier writer has left would say that nothing happens any more. */
    public static Activity none(SegmentStorage storage, Path root) {
        Path file = root.resolve(ActivityLayout.FILE_NAME);
        try {
            boolean unused = Files.exists(file) && storage.delete(file);
        } catch (IOException e) {
            // a directory has the name: no reader takes that for the file
        }
        return NONE;
    }

    private static void discard(SegmentStorage storage, Path temporary, @Nullable SegmentMapping mapping, Throwable cause) {
        if (mapping != null) {
            mapping.unmap();
        }
        try {
            boolean unused = storage.delete(temporary);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    void register(AppendScratch appender) {
        if (mapping != null) {
            appenders.add(appender);
        }
    }

    /** By a thread that is {@link AppendScratch#enter publishing}, or holds the lock of its segment, which isn't closed. */
    void published(long hash, long end) {
        SegmentMapping current = mapping;
        if (current != null) {
            current.setRelease(offset(hash), ActivityLayout.value(hash, end));
        }
    }

    /** Something was changed at a stream's end that isn't a record that was appended. */
    void changed(long hash) {
        SegmentMapping current = mapping;
        if (current != null) {
            synchronized (this) {
                if (!closed) {
                    current.setRelease(offset(hash), numbers.nextLong());
                }
            }
        }
    }

    private int offset(long hash) {
        return ActivityLayout.offset(ActivityLayout.slot(hash, slots));
    }

    /**
     * When every segment is closed.
     *
     * @return false where a thread was still publishing: the mapping stays to the end of the process
     */
    public boolean close() {
        SegmentMapping current = mapping;
        if (current == null) {
            return true;
        }
        synchronized (this) {
            closed = true;
        }
        long start = System.nanoTime();
        List<AppendScratch> all;
        synchronized (appenders) {
            all = List.copyOf(appenders);
        }
        for (AppendScratch appender : all) {
            while (appender.isPublishing()) {
                if (System.nanoTime() - start > PUBLISH_WAIT_NANOS) {
                    return false;
                }
                LockSupport.parkNanos(PUBLISH_LOOK_NANOS);
            }
        }
        current.unmap();
        return true;
    }
}
