package dev.streamwal.events;

import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;

/** A pass over all streams that deletes what has expired. */
@Name("dev.streamwal.Sweep")
@Label("Sweep")
@Description("A pass over all streams and packs that deletes what has expired, or exceeds a limit of bytes")
public final class SweepEvent extends TimedEvent {

    @Label("Deleted")
    @Description("Segments")
    long deleted;

    @Label("Failed")
    @Description("Deletions that failed; the next pass tries again")
    long failed;

    @Label("Held")
    @Description("Segments that have expired and stay for consumers")
    long held;

    @Label("Live")
    @Description("Segments that are left")
    long live;

    @Label("Bytes Reclaimed")
    @DataAmount
    long bytesReclaimed;

    /** The pass has ended. */
    public void swept(long newDeleted, long newFailed, long newHeld, long newLive, long newBytesReclaimed) {
        end();
        if (shouldCommit()) {
            deleted = newDeleted;
            failed = newFailed;
            held = newHeld;
            live = newLive;
            bytesReclaimed = newBytesReclaimed;
            commit();
        }
    }
}
