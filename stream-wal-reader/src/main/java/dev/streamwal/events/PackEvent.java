package dev.streamwal.events;

import java.nio.file.Path;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import org.jspecify.annotations.Nullable;

/** A pack was written and listed. */
@Name("dev.streamwal.Pack")
@Label("Pack")
@Description("A pack was written and listed. Shared segments may become several at once: then the first event has the time of all of them")
public final class PackEvent extends TimedEvent {

    @Label("Task")
    @Description("own: of streams' own segments; shared: of shared segments; merge: of other packs")
    @Nullable String task;

    @Label("File")
    @Nullable String file;

    @Label("Segments")
    long segments;

    @Label("Bytes")
    @Description("Of the pack")
    @DataAmount
    long bytes;

    /** The pack counts. */
    public void packed(String newTask, Path newFile, long newSegments, long newBytes) {
        end();
        if (shouldCommit()) {
            task = newTask;
            file = text(newFile);
            segments = newSegments;
            bytes = newBytes;
            commit();
        }
    }
}
