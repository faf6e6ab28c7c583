package dev.streamwal.events;

import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import org.jspecify.annotations.Nullable;

/** A stream was recovered, or the commit journal was redone. */
@Name("dev.streamwal.Recovery")
@Label("Recovery")
@Description("A stream was recovered, or the commit journal was redone")
public final class RecoveryEvent extends TimedEvent {

    @Label("Stream")
    @Description("null for the commit journal, which is redone when the log is opened")
    @Nullable String stream;

    @Label("Records")
    @Description("Records that the segments have which had to be read, or that the journal brought back")
    long records;

    @Label("Bytes")
    @Description("Size of these records")
    @DataAmount
    long bytes;

    @Label("Bytes Cut")
    @Description("What was not promised to survive: slots that a killed process left, torn ends")
    @DataAmount
    long bytesCut;

    @Label("Bytes Damaged")
    @Description("What was passed over, or is missing")
    @DataAmount
    long bytesDamaged;

    @Label("Refusal")
    @Description("Why the stream can't be opened for writing; null if it can")
    @Nullable String refusal;

    /** The stream can be appended to, or was refused. */
    public void recovered(@Nullable String newStream, long newRecords, long newBytes, long newBytesCut, long newBytesDamaged,
            @Nullable String newRefusal) {
        end();
        if (shouldCommit()) {
            stream = newStream;
            records = newRecords;
            bytes = newBytes;
            bytesCut = newBytesCut;
            bytesDamaged = newBytesDamaged;
            refusal = newRefusal;
            commit();
        }
    }
}
