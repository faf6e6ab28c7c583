package dev.streamwal.recovery;

import dev.streamwal.events.FlightRecording;
import dev.streamwal.events.RecoveryEvent;
import dev.streamwal.format.StreamKey;
import dev.streamwal.journal.JournalDamage;
import dev.streamwal.measure.Measurements;
import org.jspecify.annotations.Nullable;

/** A recovery, from its beginning. */
public final class Recovering {

    private final @Nullable RecoveryEvent event = FlightRecording.isOn() ? new RecoveryEvent() : null;
    private final long begun = System.nanoTime();

    /**
     * A stream was recovered.
     *
     * @param refusal why it can't be opened for writing; null if it can
     */
    void end(StreamKey key, Findings found, @Nullable Exception refusal, Measurements measured) {
        measured.recoveryTook(System.nanoTime() - begun);
        if (event != null) {
            event.recovered(key.text(), found.recordsKept(), found.bytesKept(), found.bytesCut(), found.bytesSkipped() + found.bytesMissing(),
                    refusal == null ? null : String.valueOf(refusal.getMessage()));
        }
    }

    /** The commit journal was redone. */
    public void end(RedoResult redo, Measurements measured) {
        measured.recoveryTook(System.nanoTime() - begun);
        if (event != null) {
            event.recovered(null, redo.records(), redo.bytes(), 0, redo.damages().stream().mapToLong(JournalDamage::length).sum(), null);
        }
    }
}
