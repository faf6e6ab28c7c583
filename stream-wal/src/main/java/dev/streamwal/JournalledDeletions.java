package dev.streamwal;

import dev.streamwal.append.DeletionLog;
import dev.streamwal.commit.Deletion;
import dev.streamwal.commit.GroupCommitter;
import dev.streamwal.format.StreamKey;
import dev.streamwal.source.IoFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** Writes deletions down in the commit journal. */
final class JournalledDeletions implements DeletionLog {

    private final GroupCommitter commits;
    private final Function<StreamKey, Path> directoryOf;

    JournalledDeletions(GroupCommitter commits, Function<StreamKey, Path> directoryOf) {
        this.commits = commits;
        this.directoryOf = directoryOf;
    }

    /**
     * Where there is no room for the journal, deletions are carried out all the same, since they are what makes room. Then a crash may leave
     * some of the files.
     */
    @Override
    public Kept deletedBelow(List<DeletedBelow> streams) throws IOException {
        List<Deletion.Below> deletions = streams.stream()
                .map(stream -> new Deletion.Below(stream.key(), directoryOf.apply(stream.key()), stream.position()))
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
        return commits.delete(List.of(new Deletion.Cut(key, directoryOf.apply(key), from, to)))::close;
    }
}
