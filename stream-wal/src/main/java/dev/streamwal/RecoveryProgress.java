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

    /**
     * How many streams were recovered, or refused.
     *
     * @return their number
     */
    public int streamsDone() {
        return fields().streamsDone();
    }

    /**
     * How many streams are to be recovered. Those that were recovered before count as done at once.
     *
     * @return their number
     */
    public int streamsTotal() {
        return fields().streamsTotal();
    }

    /**
     * How many bytes of segments were read so far. The number grows while a long segment is read.
     *
     * @return bytes
     */
    public long bytesRead() {
        return fields().bytesRead();
    }

    /**
     * A stream that is being recovered.
     *
     * @return its key; empty before the first stream and after the last
     */
    public Optional<String> key() {
        return fields().key();
    }

    static RecoveryProgress of(RecoverAll.Progress progress) {
        return new RecoveryProgress(new Fields(progress.done(), progress.total(), progress.bytesRead(), progress.stream()));
    }
}
