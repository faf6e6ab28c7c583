package dev.streamwal.bench;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What this process holds at one moment, on Linux.
 *
 * @param second since the beginning
 * @param heapBytes used after a collection
 * @param directBytes of direct buffers
 * @param anonymousBytes of memory that isn't a file's, as the kernel counts it; the heap's free part is in it
 * @param descriptors open files
 * @param mappings of files of the log
 * @param threads that live
 * @param logFiles in the log's folder
 * @param logBytes of these
 */
record ResourceSample(double second, long heapBytes, long directBytes, long anonymousBytes, long descriptors, long mappings, int threads, long logFiles,
        long logBytes) {

    static ResourceSample take(double second, Path root) throws IOException {
        System.gc();
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream().filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed).sum();
        long[] files = filesBelow(root);
        return new ResourceSample(second, heap, direct, anonymous(),
                ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getOpenFileDescriptorCount(), mappingsOf(root),
                ManagementFactory.getThreadMXBean().getThreadCount(), files[0], files[1]);
    }

    static long mappingsOf(Path root) throws IOException {
        String path = root.toAbsolutePath().normalize().toString();
        try (Stream<String> mappings = Files.lines(Path.of("/proc/self/maps"))) {
            return mappings.filter(line -> line.contains(path)).count();
        }
    }

    private static long anonymous() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("RssAnon:")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10).findFirst().orElse(0);
        }
    }

    /** Their number, and their bytes; files that go meanwhile don't count. */
    private static long[] filesBelow(Path root) throws IOException {
        long[] found = new long[2];
        for (Path folder : new Path[] {root.resolve("segments"), root.resolve("packs"), root.resolve("commit"), root.resolve("cursors")}) {
            addFiles(folder, found);
        }
        return found;
    }

    private static void addFiles(Path path, long[] found) throws IOException {
        try {
            if (Files.isDirectory(path)) {
                try (Stream<Path> each = Files.list(path)) {
                    for (Path inside : each.toList()) {
                        addFiles(inside, found);
                    }
                }
            } else {
                found[1] += Files.size(path);
                found[0]++;
            }
        } catch (NoSuchFileException gone) {
            // deleted by a sweep since it was listed
        }
    }
}
