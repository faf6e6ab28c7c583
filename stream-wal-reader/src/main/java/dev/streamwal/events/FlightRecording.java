package dev.streamwal.events;

import jdk.jfr.FlightRecorder;

/**
 * Whether anything may be recorded. While nothing is, no caller may load the class of an event: with the first such class the JDK reads the
 * descriptions of all of its own events, which takes 0.15 s of a program that has just started. So callers ask here before they use such a class.
 */
public final class FlightRecording {

    private FlightRecording() {}

    /** Whether a recording was ever started in this JVM; it may have ended. */
    public static boolean isOn() {
        return FlightRecorder.isInitialized();
    }
}
