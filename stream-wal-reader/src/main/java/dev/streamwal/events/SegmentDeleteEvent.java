package dev.streamwal.events;

import java.nio.file.Path;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import org.jspecify.annotations.Nullable;

/** A segment's records were deleted. */
@Name("dev.streamwal.SegmentDelete")
@Label("Segment Delete")
@Description("A segment's records were deleted")
public final class SegmentDeleteEvent extends LogEvent {

    @Label("Reason")
    @Nullable String reason;

    @Label("Stream")
    @Nullable String stream;

    @Label("File")
    @Description("The segment's file, or the pack that had it")
    @Nullable String file;

    @Label("Bytes")
    @DataAmount
    long bytes;

    /** The segment has gone. */
    public static void deleted(String reason, String stream, Path file, long bytes) {
        SegmentDeleteEvent event = new SegmentDeleteEvent();
        if (event.shouldCommit()) {
            event.reason = reason;
            event.stream = stream;
            event.file = text(file);
            event.bytes = bytes;
            event.commit();
        }
    }
}
