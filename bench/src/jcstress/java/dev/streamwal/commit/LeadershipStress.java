package dev.streamwal.commit;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.streamwal.storage.ChannelStorage;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * Leadership: two threads wait, and one asks for something besides that nobody waits for; all of it is answered, whoever leads, and nothing
 * is left. One that is not hangs the test. There is nothing to write, since the streams' segments are finished: all of it is handing over.
 */
@JCStressTest
@Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "all are answered")
@Outcome(expect = FORBIDDEN, desc = "somebody was answered before he was durable, or is not answered though nobody leads")
@State
public class LeadershipStress {

    private static final Path ROOT = Path.of("a-folder-that-is-not-there");
    /** It has a buffer of its own. */
    private static final ChannelStorage STORAGE = new ChannelStorage();

    private final GroupCommitter committer = new GroupCommitter(new CommitSettings(ROOT, ROOT, STORAGE, WriterFence.NONE, JournalSizes.DEFAULT,
            () -> 1, (task, stream, failure) -> {
                throw new AssertionError(task, failure);
            }, false, 1));
    private final CommitCursor first = new FinishedStream().cursor();
    private final CommitCursor second = new FinishedStream().cursor();
    private int completions;

    @Actor
    public void first(III_Result r) {
        r.r1 = await(first, 8);
    }

    @Actor
    public void second(III_Result r) {
        boolean unused = committer.later(first, 16, failure -> completions++);
        r.r2 = await(second, 8);
    }

    @Arbiter
    public void end(III_Result r) {
        // where the last leader had looked before it was added, a log's thread would have been woken
        committer.commitPending();
        r.r3 = committer.hasWork() ? 0 : completions;
    }

    private int await(CommitCursor cursor, long end) {
        try {
            committer.await(cursor, end);
            return cursor.isDurable(end) ? 1 : 0;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static final class FinishedStream implements CommitStream {

        private final CommitCursor cursor = new CommitCursor(this);

        @Override
        public CommitCursor cursor() {
            return cursor;
        }

        @Override
        public @Nullable CommitSegment activeSegment() {
            return null;
        }

        @Override
        public long appendedEnd() {
            return 0;
        }

        @Override
        public List<? extends CommitSegment> openSegments() {
            return List.of();
        }

        @Override
        public List<? extends CommitSegment> unfinishedSegments() {
            return List.of();
        }
    }
}
