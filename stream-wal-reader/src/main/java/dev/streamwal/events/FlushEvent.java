package dev.streamwal.events;

import java.nio.file.Path;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import org.jspecify.annotations.Nullable;

/** A segment, a directory, or a block of the commit journal was forced to the disk. */
@Name("dev.streamwal.Flush")
@Label("Flush")
@Description("A segment, a directory, or a block of the commit journal was forced to the disk")
public final class FlushEvent extends TimedEvent {

    @Label("Cause")
    @Nullable String cause;

    @Label("File")
    @Nullable String file;

    @Label("Bytes")
    @Description("What was known to be new in the file: 0 for a directory, and for a file that was perhaps flushed before")
    @DataAmount
    long bytes;

    /** The disk has answered. */
    public void flushed(String newCause, Path newFile, long newBytes) {
        end();
        if (shouldCommit()) {
            cause = newCause;
            file = text(newFile);
            bytes = newBytes;
            commit();
        }
    }
}
