package dev.streamwal;

import dev.streamwal.append.DeletionLog;
import dev.streamwal.commit.Deletion;
import dev.streamwal.commit.GroupCommitter;
import dev.streamwal.format.StreamKey;
import dev.streamwal.source.IoFailure;
import java.io.IOException;
import java.util.List;

/** Writes deletions down in the commit journal. */
final class JournalledDeletions implements DeletionLog {

    private final GroupCommitter commits;

    JournalledDeletions(GroupCommitter commits) {
        this.commits = commits;
    }

    /**
     * Where there is no room for the journal, deletions are carried out all the same, since they are what makes room. Then a crash may
     * leave some of the files.
     */
    @Override
    public Kept deletedBelow(List<DeletedBelow> streams) throws IOException {
        List<Deletion.Below> deletions = streams.stream()
                .map(stream -> new Deletion.Below(stream.key(), stream.position()))
                .toList();
        try {
            return commits.delete(deletions)::close;
        } catch (IOException e) {
            if (IoFailure.isDiskFull(e)) {
                commits.forget(deletions);
                return () -> {};
            }
            throw e;
        }
    }

    @Override
    public Kept truncated(StreamKey key, long from, long to) throws IOException {
        return commits.delete(List.of(new Deletion.Cut(key, from, to)))::close;
    }
}
