package dev.streamwal.io;

/** What a call leaves open when it fails. */
public final class LeftOpen {

    private LeftOpen() {}

    /** Closes it. If that fails, too, the failure gets the exception as a suppressed one, so that the caller still hears why the call failed. */
    public static void close(AutoCloseable open, Throwable failure) {
        try {
            open.close();
        } catch (Exception e) {
            failure.addSuppressed(e);
        }
    }
}
