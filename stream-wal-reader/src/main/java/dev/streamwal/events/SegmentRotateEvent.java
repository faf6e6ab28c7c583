package dev.streamwal.events;

import java.nio.file.Path;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import org.jspecify.annotations.Nullable;

/** A stream got its next segment. */
@Name("dev.streamwal.SegmentRotate")
@Label("Segment Rotate")
@Description("A stream got its next segment; the one before takes no more records")
public final class SegmentRotateEvent extends TimedEvent {

    @Label("Stream")
    @Nullable String stream;

    @Label("Previous File")
    @Description("null for the stream's first segment since the log was opened")
    @Nullable String previousFile;

    @Label("File")
    @Nullable String file;

    /** The new segment takes records. */
    public void rotated(String newStream, @Nullable Path newPreviousFile, Path newFile) {
        end();
        if (shouldCommit()) {
            stream = newStream;
            previousFile = text(newPreviousFile);
            file = text(newFile);
            commit();
        }
    }
}
