package dev.streamwal.bench.compare;

/** What is measured of a cell. */
enum Metric {
    /** Records, refs or questions a second. */
    RATE,
    /** Processor time of all threads for each of them, in ns. */
    CPU_NANOS,
    /** Resident memory behind the work, in MB: all, and what isn't a file's. */
    RSS_MB, ANONYMOUS_MB,
    /** Heap in use after a collection, in MB. */
    HEAP_MB,
    /** The first append to each stream, per second. */
    FIRST_RATE,
    /** Blocks of the file system for each record. */
    DISK_BYTES,
    /** Milliseconds until a log that is there is open and has given its first record: in a new process, and again in the same. */
    OPEN_FIRST_MILLIS, OPEN_AGAIN_MILLIS,
    /** How late, in µs. */
    P50_MICROS, P99_MICROS, P999_MICROS, MAX_MICROS,
    /** The most files at a time. */
    FILES,
    /** The part of a processor in use. */
    CORES
}
