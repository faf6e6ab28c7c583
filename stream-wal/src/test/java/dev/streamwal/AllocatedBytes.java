package dev.streamwal;

import java.lang.reflect.Method;

/** What a thread has allocated; by reflection, as the module under test doesn't read the one that tells. */
public final class AllocatedBytes {

    private final Object threads;
    private final Method allocatedByCurrentThread;

    public AllocatedBytes() throws ReflectiveOperationException {
        threads = Class.forName("java.lang.management.ManagementFactory").getMethod("getThreadMXBean").invoke(null);
        allocatedByCurrentThread = Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
    }

    public long now() throws ReflectiveOperationException {
        return (long) allocatedByCurrentThread.invoke(threads);
    }
}
