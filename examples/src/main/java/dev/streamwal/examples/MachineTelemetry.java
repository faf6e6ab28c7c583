package dev.streamwal.examples;

/** Collects telemetry of the machine it runs on, and reads it back. */
public final class MachineTelemetry {
    private MachineTelemetry() {}

    public static void main(String[] args) {
        System.out.println("MachineTelemetry: nothing here yet");
    }
}
