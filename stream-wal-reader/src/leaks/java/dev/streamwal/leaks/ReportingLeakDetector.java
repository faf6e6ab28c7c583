package dev.streamwal.leaks;

import io.netty.util.ResourceLeakDetector;
import java.util.ArrayList;
import java.util.List;

/** Keeps what Netty's leak detection finds, for {@link LeakWatch}: by default it is logged, and nobody reads the log of a test that passed. */
public final class ReportingLeakDetector<T> extends ResourceLeakDetector<T> {

    /** Of all detectors of the process: Netty makes one for each kind of buffer. Each place that leaks is reported once. */
    private static final List<String> LEAKS = new ArrayList<>();

    /** Called by Netty, which looks for this constructor. */
    public ReportingLeakDetector(Class<?> resourceType, int samplingInterval) {
        super(resourceType, samplingInterval);
    }

    /** Called by Netty, which looks for this constructor too. */
    public ReportingLeakDetector(Class<?> resourceType, int samplingInterval, long maxActive) {
        this(resourceType, samplingInterval);
    }

    /** Else it depends on a logger's level. */
    @Override
    protected boolean needReport() {
        return true;
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
        add(resourceType + " was collected and not released:" + records);
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
        add(resourceType + " was collected and not released");
    }

    private static void add(String leak) {
        synchronized (LEAKS) {
            LEAKS.add(leak);
        }
    }

    /** What was found since this was asked last. */
    static List<String> takeLeaks() {
        synchronized (LEAKS) {
            List<String> taken = List.copyOf(LEAKS);
            LEAKS.clear();
            return taken;
        }
    }
}
