package dev.streamwal.events;

/** An event that takes time: it begins when it is created, before the work. The method that ends it sets its fields and commits it, if it is recorded. */
abstract class TimedEvent extends LogEvent {

    TimedEvent() {
        begin();
    }
}
