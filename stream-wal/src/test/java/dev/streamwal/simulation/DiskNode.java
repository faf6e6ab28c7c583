package dev.streamwal.simulation;

import java.util.Map;
import java.util.TreeMap;

/** A file or directory of a {@link SimulatedDisk}, whatever its names are. Guarded by the disk. */
abstract class DiskNode {

    private final int number;
    private long modified;

    /** @param number different for every node of a disk */
    DiskNode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }

    /** The number of the operation that changed it last. */
    long modified() {
        return modified;
    }

    void modified(long operation) {
        modified = operation;
    }

    /** A directory: names and what they stand for, as processes see it. */
    static final class Directory extends DiskNode {

        final Map<String, DiskNode> entries = new TreeMap<>();
        /** What was durable when the disk's history began. */
        final Map<String, DiskNode> base;

        Directory(int number, Map<String, DiskNode> base) {
            super(number);
            this.base = base;
            this.entries.putAll(base);
        }
    }
}
