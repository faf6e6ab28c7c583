package dev.streamwal.engine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.append.DeletionLog;
import dev.streamwal.commit.Deletion;
import dev.streamwal.commit.GroupCommitter;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.IoFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Records deletions in the commit journal. */
public final class JournalledDeletions implements DeletionLog {

    /** Limit of the streams whose unrecorded deletions are remembered. */
    private static final int MAX_OUTSTANDING = 100_000;

    private final GroupCommitter commits;

    /** Deletions carried out but not recorded: by stream, the position below which everything was deleted. */
    @GuardedBy("this")
    private final Map<StreamKey, Long> outstanding = new HashMap<>();

    public JournalledDeletions(GroupCommitter commits) {
        this.commits = commits;
    }

    /**
     * If the journal has no room, deletions are carried out nevertheless, since they make room, and are recorded later: right after they have made room, or
     * with the next ones that fit, or when the log is closed. A crash before that may leave some of the files, or bring them back.
     */
    @Override
    public Deletion.Kept deletedBelow(List<Deletion.Below> streams) throws IOException {
        try {
            Deletion.Kept written = commits.delete(streams);
            try {
                writeOutstanding();
            } catch (IOException | RuntimeException | Error e) {
                // a caller that gets no record can't let go of it
                written.close();
                throw e;
            }
            return written;
        } catch (IOException e) {
            if (IoFailure.isDiskFull(e)) {
                commits.forget(streams);
                // only once the files are gone: a record may be dropped as soon as it is written
                return () -> {
                    remember(streams);
                    writeOutstandingIfPossible();
                };
            }
            throw e;
        }
    }

    private void writeOutstandingIfPossible() {
        try {
            writeOutstanding();
        } catch (IOException | WalException e) {
            // the next deletion tries again, or closing the log; if the log has failed, all that is done next says so
        }
    }

    private synchronized void remember(List<Deletion.Below> streams) {
        for (Deletion.Below stream : streams) {
            if (outstanding.size() < MAX_OUTSTANDING || outstanding.containsKey(stream.key())) {
                outstanding.merge(stream.key(), stream.position(), Math::max);
            }
        }
    }

    @Override
    public void writeOutstanding() throws IOException {
        for (List<Deletion.Below> some = takeSome(); !some.isEmpty(); some = takeSome()) {
            try {
                commits.delete(some).close();
            } catch (IOException | RuntimeException e) {
                remember(some);
                if (e instanceof IOException failure && IoFailure.isDiskFull(failure)) {
                    return;
                }
                throw e;
            }
        }
    }

    private synchronized List<Deletion.Below> takeSome() {
        List<Deletion.Below> some = new ArrayList<>();
        for (Iterator<Map.Entry<StreamKey, Long>> each = outstanding.entrySet().iterator(); each.hasNext() && some.size() < MAX_STREAMS; ) {
            Map.Entry<StreamKey, Long> next = each.next();
            some.add(new Deletion.Below(next.getKey(), next.getValue()));
            each.remove();
        }
        return some;
    }

    @Override
    public Deletion.Kept truncated(StreamKey key, long from, long to) throws IOException {
        return commits.delete(List.of(new Deletion.Cut(key, from, to)));
    }
}
