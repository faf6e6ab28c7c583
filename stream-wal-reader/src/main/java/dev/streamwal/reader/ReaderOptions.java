package dev.streamwal.reader;

import dev.streamwal.format.AllowedRange;
import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.io.OpenFileLimit;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.segment.ReadSettings;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link WalReader} reads. Immutable.
 *
 * @see #builder()
 * @since 1.0
 */
public final class ReaderOptions {

    /** A copy of the builder's values, which nothing changes any more. */
    private final Builder given;

    private ReaderOptions(Builder builder) {
        this.given = builder.copy();
        given.maxOpenFiles = OptionalInt.of(given.maxOpenFiles.orElseGet(Builder::defaultOpenFiles));
    }

    /** {@return a builder with the defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return a builder that starts with these} */
    public Builder toBuilder() {
        return given.copy();
    }

    /** {@return how many refs one {@link WalReader#readBatch} takes at most} */
    public int maxBatchRefs() {
        return given.maxBatchRefs;
    }

    /** {@return how many bytes the records of one {@link WalReader#readBatch} take together at most} */
    public long maxBatchBytes() {
        return given.maxBatchBytes;
    }

    /** {@return how many files are open at most, unless more cursors than that are in the middle of a segment} */
    public int maxOpenFiles() {
        return given.maxOpenFiles.orElseThrow();
    }

    /** {@return the largest gap between two records, in bytes, over which one call reads both} */
    public int mergeGapBytes() {
        return given.mergeGapBytes;
    }

    /** {@return how many bytes a scan reads at a time, at most} */
    public int scanBufferBytes() {
        return given.scanBufferBytes;
    }

    /** {@return the maximum memory for unpacked blocks of packs, in bytes} */
    public long blockCacheBytes() {
        return given.blockCacheBytes;
    }

    /** {@return whether sealed files are mapped into memory, if this version of Java can do that} */
    public boolean mappedReads() {
        return given.mappedReads;
    }

    /** {@return whether scans of sealed files leave the page cache as it was, if the file system can do that} */
    public boolean directScans() {
        return given.directScans;
    }

    /** {@return how many reads one {@link WalReader#readBatch} makes at a time at most} */
    public int parallelReads() {
        return given.parallelReads;
    }

    /** {@return the clock for the times of commits} */
    public InstantSource clock() {
        return given.clock;
    }

    /** {@return the master keys for encrypted records; empty if there are none} */
    public Optional<MasterKeys> keys() {
        return Optional.ofNullable(given.keys);
    }

    /** {@return where the log's tier is; empty for the place that the log's manifest names} */
    public Optional<Path> tier() {
        return Optional.ofNullable(given.tier);
    }

    /** {@return the maximum memory for data that was read from the tier, in bytes} */
    public long tierCacheBytes() {
        return given.tierCacheBytes;
    }

    ReadSettings settings() {
        return new ReadSettings(given.maxBatchBytes, maxOpenFiles(), given.mergeGapBytes, given.scanBufferBytes, given.blockCacheBytes,
                given.mappedReads, given.directScans, given.clock, given.tier, given.tierCacheBytes);
    }

    /**
     * Builds options; starts with the defaults. Each method returns this builder, and throws an {@link IllegalArgumentException} for a number out of its
     * range, and a {@link NullPointerException} for null. Not thread-safe.
     */
    public static final class Builder {

        /** As many as a sort key of 64 bits has room for, next to an offset. */
        private static final int MAX_BATCH_REFS = 65_536;

        /** A JVM of 1 GiB has direct memory for one or two batches of this size. */
        private static final long DEFAULT_BATCH_BYTES = 256 << 20;

        private static final int MAX_MERGE_GAP_BYTES = 1 << 20;
        private static final int MIN_SCAN_BUFFER_BYTES = 4 << 10;
        private static final int MAX_SCAN_BUFFER_BYTES = 16 << 20;
        /** More reads than a solid-state disk does at a time only wait for each other. */
        private static final int MAX_PARALLEL_READS = 64;
        private static final int DEFAULT_OPEN_FILES = 512;
        /** The rest is for the program, and for a writer in the same process, which takes a half. */
        private static final int SHARE_OF_PROCESS = 8;

        private int maxBatchRefs = MAX_BATCH_REFS;
        private long maxBatchBytes = DEFAULT_BATCH_BYTES;
        private OptionalInt maxOpenFiles = OptionalInt.empty();
        private int mergeGapBytes = 4 << 10;
        private int scanBufferBytes = 1 << 20;
        private long blockCacheBytes = 16 << 20;
        private boolean mappedReads;
        private boolean directScans;
        private int parallelReads = 1;
        private InstantSource clock = systemClock();
        private @Nullable MasterKeys keys;
        private @Nullable Path tier;
        private long tierCacheBytes = ReadSettings.TIER_CACHE_BYTES;

        private Builder() {}

        private Builder copy() {
            Builder copy = new Builder();
            copy.maxBatchRefs = maxBatchRefs;
            copy.maxBatchBytes = maxBatchBytes;
            copy.maxOpenFiles = maxOpenFiles;
            copy.mergeGapBytes = mergeGapBytes;
            copy.scanBufferBytes = scanBufferBytes;
            copy.blockCacheBytes = blockCacheBytes;
            copy.mappedReads = mappedReads;
            copy.directScans = directScans;
            copy.parallelReads = parallelReads;
            copy.clock = clock;
            copy.keys = keys;
            copy.tier = tier;
            copy.tierCacheBytes = tierCacheBytes;
            return copy;
        }

        @SuppressForbidden("the default, which a program replaces; nothing else asks the system")
        private static InstantSource systemClock() {
            return InstantSource.system();
        }

        /**
         * Maximum number of refs for one {@link WalReader#readBatch}.
         *
         * @param refs 1 to 65,536; 65,536 by default
         * @return this
         */
        public Builder maxBatchRefs(int refs) {
            this.maxBatchRefs = AllowedRange.check("maxBatchRefs", refs, 1, MAX_BATCH_REFS);
            return this;
        }

        /**
         * Maximum size of all records of one {@link WalReader#readBatch}. It is checked by the refs' sizes, before anything is read; duplicates
         * count once. A batch holds all its records in direct memory until it is closed, and a retained part of it holds a buffer of up to 16 MiB.
         * A batch of a single record is read whatever its size.
         *
         * @param bytes 1 or more; 256 MiB by default
         * @return this
         */
        public Builder maxBatchBytes(long bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("maxBatchBytes is too small: maxBatchBytes=" + bytes + ", min=1; give 1 or more");
            }
            this.maxBatchBytes = bytes;
            return this;
        }

        /**
         * Maximum number of open files of this reader and all its cursors. If a cursor is in the middle of each open file, a cursor that has no file
         * opens one more nevertheless. In that state no cursor has more than one, however many streams it reads.
         *
         * @param files 1 or more; 512 by default, at most an eighth of what the process may open
         * @return this
         */
        public Builder maxOpenFiles(int files) {
            this.maxOpenFiles = OptionalInt.of(AllowedRange.check("maxOpenFiles", files, 1, Integer.MAX_VALUE));
            return this;
        }

        private static int defaultOpenFiles() {
            long limit = OpenFileLimit.ofThisProcess().orElse(Long.MAX_VALUE);
            return (int) Math.max(1, Math.min(DEFAULT_OPEN_FILES, limit / SHARE_OF_PROCESS));
        }

        /**
         * Largest gap between two records over which one call reads both. A larger gap is skipped by a second read call.
         *
         * @param bytes 0 to 1 MiB; 4 KiB by default, about what a read call costs
         * @return this
         */
        public Builder mergeGapBytes(int bytes) {
            this.mergeGapBytes = AllowedRange.check("mergeGapBytes", bytes, 0, MAX_MERGE_GAP_BYTES);
            return this;
        }

        /**
         * Maximum size of a scan's reads. A scan starts with smaller ones, and reads a larger record whole. Reads of a merged scan, and with a small heap
         * those of a tail of many streams, are smaller, because all their streams share a limit.
         *
         * @param bytes 4 KiB to 16 MiB; 1 MiB by default
         * @return this
         */
        public Builder scanBufferBytes(int bytes) {
            this.scanBufferBytes = AllowedRange.check("scanBufferBytes", bytes, MIN_SCAN_BUFFER_BYTES, MAX_SCAN_BUFFER_BYTES);
            return this;
        }

        /**
         * Maximum memory for unpacked blocks of packs. A block is 16 KiB of records, of which a compressed pack stores a tenth or so. A block that is
         * kept needn't be inflated again, which is most of the work of reading a single record. The blocks are on the heap, and are allocated as they
         * are read. Blocks that were asked for often stay longer than those that were asked for once, and long scans leave most of them alone.
         * {@link WalReader#verify} reads the files instead. A record that was erased after its block was kept is not read from the block.
         *
         * @param bytes 0 or more; 16 MiB by default; 0 for none
         * @return this
         */
        public Builder blockCacheBytes(long bytes) {
            if (bytes < 0) {
                throw new IllegalArgumentException("blockCacheBytes is negative: blockCacheBytes=" + bytes + "; give 0 or more");
            }
            this.blockCacheBytes = bytes;
            return this;
        }

        /**
         * Whether packs and sealed segments are mapped into memory, and records copied from there, instead of read by system calls. This option pays
         * off for random reads from a log that fits into memory. Each record is verified after it was copied. A mapped file that another process
         * shortens is reported as damage, as without this option. A mapping counts as an open file: see {@link #maxOpenFiles}.
         *
         * <p>Has no effect on file systems in memory, nor before Java 22, where a read of a mapped file that was shortened can't be told from other
         * failures.
         *
         * @param mapped false by default
         * @return this
         */
        public Builder mappedReads(boolean mapped) {
            this.mappedReads = mapped;
            return this;
        }

        /**
         * Whether cursors, tails and {@code verify} read the records of packs and sealed segments without the system's page cache, so that the pages
         * of other programs and other readers stay in it. Use it to go through much data that isn't read again soon: data that is in the page cache
         * already is read from the disk all the same, which takes ten times as long or more. Records by reference, the last records of streams, and
         * what is needed to find records (headers, footers and tables) are read as without this option, and so are segments that are still appended
         * to.
         *
         * <p>If the file system can't do that, scans are as without this option; {@link WalReader#directReadBytes} tells. Each read passes through up
         * to 1 MiB of direct memory, which is held during that read only. A file has a second descriptor while it is scanned.
         *
         * @param direct false by default
         * @return this
         */
        public Builder directScans(boolean direct) {
            this.directScans = direct;
            return this;
        }

        /**
         * Maximum number of reads that one {@link WalReader#readBatch} makes at a time. A batch begins with one read at a time; if its first reads
         * turn out to wait for the disk, the rest is read by the calling thread and up to {@code reads - 1} threads of the reader. All its batches
         * share these threads. They are daemons named {@code stream-wal-read-}<i>n</i>, are started when they are first needed, and end after 10 s
         * without work, and when the reader is closed. What a batch contains and throws doesn't depend on this.
         *
         * <p>Has no effect on nano-wal files.
         *
         * @param reads 1 to 64; 1 by default: the calling thread alone, and no other threads
         * @return this
         */
        public Builder parallelReads(int reads) {
            this.parallelReads = AllowedRange.check("parallelReads", reads, 1, MAX_PARALLEL_READS);
            return this;
        }

        /**
         * The clock for the times of commits. These are for information only; nothing depends on them.
         *
         * @param clock the system's by default
         * @return this
         */
        public Builder clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /**
         * The master keys for encrypted records. They are asked once for each session key that a record needs, and never if nothing is encrypted.
         *
         * @param keys by default none: then encrypted records can't be read
         * @return this
         */
        public Builder keys(MasterKeys keys) {
            this.keys = Objects.requireNonNull(keys, "keys");
            return this;
        }

        /**
         * Where the log's tier is, if it has one: see the writer's {@code WalOptions.tier}. Packs in the tier are read from there, in ranges of 256
         * KiB.
         *
         * @param folder by default the place that the log's manifest names, if that is in a file system of the same kind as the log's directory;
         *     otherwise packs in the tier can't be read
         * @return this
         */
        public Builder tier(Path folder) {
            this.tier = Objects.requireNonNull(folder, "folder");
            return this;
        }

        /**
         * Maximum memory, on the heap, for data that was read from the log's tier and may be read again. Nothing is taken by logs without a tier.
         *
         * @param bytes 0 or more; 32 MiB by default
         * @return this
         */
        public Builder tierCacheBytes(long bytes) {
            if (bytes < 0) {
                throw new IllegalArgumentException("tierCacheBytes is negative: tierCacheBytes=" + bytes + "; give 0 or more");
            }
            this.tierCacheBytes = bytes;
            return this;
        }

        /** {@return the options} */
        public ReaderOptions build() {
            return new ReaderOptions(this);
        }
    }
}
