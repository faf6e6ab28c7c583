package dev.streamwal.events;

import jdk.jfr.FlightRecorder;

/**
 * Whether anything may be recorded. Where nothing is, no class of an event may be loaded: with the first one the JDK reads the descriptions of all of its own,
 * which takes 0.15 s of a program that has just started. So it is asked outside of these classes.
 */
public final class FlightRecording {

    private FlightRecording() {}

    /** Whether a recording was ever made in this JVM, which may have ended. */
    public static boolean isOn() {
        return FlightRecorder.isInitialized();
    }
}
