package dev.streamwal.events;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;

/** The program's listener is too slow. */
@Name("dev.streamwal.ListenerOverflow")
@Label("Listener Overflow")
@Description("The program's listener is too slow: events are dropped from now on, until it has taken one")
public final class ListenerOverflowEvent extends LogEvent {

    @Label("Waiting")
    @Description("Events that wait for the listener")
    int waiting;

    /** The first event was dropped. */
    public static void began(int waiting) {
        ListenerOverflowEvent event = new ListenerOverflowEvent();
        if (event.shouldCommit()) {
            event.waiting = waiting;
            event.commit();
        }
    }
}
