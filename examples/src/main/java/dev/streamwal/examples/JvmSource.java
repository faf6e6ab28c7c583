package dev.streamwal.examples;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import dev.streamwal.examples.TelemetrySource.Sink;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ClassLoadingMXBean;
import java.lang.management.CompilationMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryUsage;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The JVM's figures of itself, and of the machine as it sees it: in a container, the container. */
final class JvmSource implements TelemetrySource {
    private final MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final ClassLoadingMXBean classes = ManagementFactory.getClassLoadingMXBean();
    private final @Nullable CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
    private final List<GarbageCollectorMXBean> collectors = ManagementFactory.getGarbageCollectorMXBeans();
    private final List<BufferPoolMXBean> bufferPools = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class);
    private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    private final CounterRates rates = new CounterRates();

    @Override
    public void sample(Sink sink) {
        memory(sink);
        threads(sink);
        classes(sink);
        collectors(sink);
        process(sink);
        machine(sink);
    }

    private void memory(Sink sink) {
        MemoryUsage heap = memory.getHeapMemoryUsage();
        sink.put("jvm/heap/used", heap.getUsed());
        sink.put("jvm/heap/committed", heap.getCommitted());
        sink.put("jvm/non-heap/used", memory.getNonHeapMemoryUsage().getUsed());
        for (BufferPoolMXBean pool : bufferPools) {
            sink.put("jvm/buffers/" + keyPart(pool.getName()) + "/used", pool.getMemoryUsed());
        }
    }

    private void threads(Sink sink) {
        sink.put("jvm/threads/live", threads.getThreadCount());
        sink.put("jvm/threads/daemon", threads.getDaemonThreadCount());
        rates.put("jvm/threads/started", threads.getTotalStartedThreadCount(), sink);
    }

    private void classes(Sink sink) {
        sink.put("jvm/classes/loaded", classes.getLoadedClassCount());
        if (compiler != null && compiler.isCompilationTimeMonitoringSupported()) {
            rates.put("jvm/compiler/millis", compiler.getTotalCompilationTime(), sink);
        }
    }

    private void collectors(Sink sink) {
        for (GarbageCollectorMXBean collector : collectors) {
            String key = "jvm/gc/" + keyPart(collector.getName());
            sink.put(key + "/collections", collector.getCollectionCount());
            sink.put(key + "/millis", collector.getCollectionTime());
        }
    }

    private void process(Sink sink) {
        known("jvm/process/cpu", 100 * system.getProcessCpuLoad(), sink);
        known("jvm/process/virtual-memory", system.getCommittedVirtualMemorySize(), sink);
        if (system instanceof UnixOperatingSystemMXBean unix) {
            known("jvm/process/open-files", unix.getOpenFileDescriptorCount(), sink);
        }
    }

    private void machine(Sink sink) {
        known("jvm/machine/cpu", 100 * system.getCpuLoad(), sink);
        known("jvm/machine/free-memory", system.getFreeMemorySize(), sink);
    }

    /** The beans report an unknown value as a negative number. */
    private static void known(String key, double value, Sink sink) {
        if (value >= 0) {
            sink.put(key, value);
        }
    }

    private static void known(String key, long value, Sink sink) {
        if (value >= 0) {
            sink.put(key, value);
        }
    }

    private static String keyPart(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    }
}
