package dev.streamwal.events;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import org.jspecify.annotations.Nullable;

/** A consumer committed. */
@Name("dev.streamwal.ConsumerCommit")
@Label("Consumer Commit")
@Description("A consumer of this process committed")
public final class ConsumerCommitEvent extends TimedEvent {

    @Label("Consumer")
    @Nullable String consumer;

    @Label("Streams")
    @Description("Streams of which a position was committed")
    int streams;

    @Label("Rewritten")
    @Description("Whether the commits were written with a new file, which takes as long as a flush")
    boolean rewritten;

    /** The commit counts. */
    public void committed(String newConsumer, int newStreams, boolean isRewritten) {
        end();
        if (shouldCommit()) {
            consumer = newConsumer;
            streams = newStreams;
            rewritten = isRewritten;
            commit();
        }
    }
}
