package dev.streamwal;

import dev.streamwal.engine.RecoverAll;
import java.util.Optional;

/**
 * How far {@link StreamWal#recoverAll} is. Immutable.
 *
 * @param streamsDone in order, or refused
 * @param streamsTotal to be looked at; those that are in order already are done at once
 * @param bytesRead of segments so far; it grows while a long segment is read
 * @param stream the key of a stream that is being recovered; empty before the first one and behind the last
 */
public record RecoveryProgress(int streamsDone, int streamsTotal, long bytesRead, Optional<String> stream) {

    static RecoveryProgress of(RecoverAll.Progress progress) {
        return new RecoveryProgress(progress.done(), progress.total(), progress.bytesRead(), progress.stream());
    }
}
