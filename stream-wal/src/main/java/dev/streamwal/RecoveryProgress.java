package dev.streamwal;

import dev.streamwal.engine.RecoverAll;
import java.util.Optional;

/**
 * How far {@link StreamWal#recoverAll} is. Immutable.
 *
 * @since 1.0
 */
public final class RecoveryProgress extends Snapshot<RecoveryProgress.Fields> {

    record Fields(int streamsDone, int streamsTotal, long bytesRead, Optional<String> key) {}

    RecoveryProgress(Fields fields) {
        super(fields);
    }

    /** {@return how many streams were recovered, or refused} */
    public int streamsDone() {
        return fields().streamsDone();
    }

    /** {@return how many streams are to be recovered} Those that were recovered before count as done at once. */
    public int streamsTotal() {
        return fields().streamsTotal();
    }

    /** {@return how many bytes of segments were read so far} The number grows while a long segment is read. */
    public long bytesRead() {
        return fields().bytesRead();
    }

    /** {@return the key of a stream that is being recovered; empty before the first stream and after the last} */
    public Optional<String> key() {
        return fields().key();
    }

    static RecoveryProgress of(RecoverAll.Progress progress) {
        return new RecoveryProgress(new Fields(progress.done(), progress.total(), progress.bytesRead(), progress.stream()));
    }
}
