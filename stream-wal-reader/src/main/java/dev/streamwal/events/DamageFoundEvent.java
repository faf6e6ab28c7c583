package dev.streamwal.events;

import java.nio.file.Path;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import org.jspecify.annotations.Nullable;

/** Opening the log, recovering a stream, or packing found bytes that differ from what was written. */
@Name("dev.streamwal.DamageFound")
@Label("Damage Found")
@Description("Opening the log, recovering a stream, or packing found what is not as it was written")
public final class DamageFoundEvent extends LogEvent {

    /** The value of an unknown offset. */
    public static final long UNKNOWN = -1;

    @Label("Stream")
    @Description("null for the commit journal, and for shared segments that are packed")
    @Nullable String stream;

    @Label("File")
    @Nullable String file;

    @Label("Offset")
    @Description("Where in the file; -1 if unknown")
    long offset;

    @Label("Length")
    @Description("From there on; 0 if unknown")
    @DataAmount
    long length;

    @Label("Decision")
    @Description("What was done about it")
    @Nullable String decision;

    /** Damage was found. */
    public static void found(@Nullable String stream, @Nullable Path file, long offset, long length, String decision) {
        DamageFoundEvent event = new DamageFoundEvent();
        if (event.shouldCommit()) {
            event.stream = stream;
            event.file = text(file);
            event.offset = offset;
            event.length = length;
            event.decision = decision;
            event.commit();
        }
    }
}
