package dev.streamwal.events;

import java.nio.file.Path;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import org.jspecify.annotations.Nullable;

/** A segment was cut, forced, and got its footer. */
@Name("dev.streamwal.SegmentSeal")
@Label("Segment Seal")
@Description("A segment was cut behind its last record, forced, and got its footer")
public final class SegmentSealEvent extends TimedEvent {

    @Label("Stream")
    @Nullable String stream;

    @Label("File")
    @Nullable String file;

    @Label("Bytes")
    @DataAmount
    long bytes;

    /** The footer is written. */
    public void sealed(String newStream, Path newFile, long newBytes) {
        end();
        if (shouldCommit()) {
            stream = newStream;
            file = text(newFile);
            bytes = newBytes;
            commit();
        }
    }
}
