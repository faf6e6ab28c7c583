package dev.streamwal.reader;

import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.io.OpenFileLimit;
import dev.streamwal.segment.ReadSettings;
import java.time.InstantSource;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * How a {@link WalReader} reads. Immutable.
 *
 * @see #builder()
 * @since 1.0
 */
public final class ReaderOptions {

    private final int maxBatchRefs;
    private final long maxBatchBytes;
    private final int maxOpenFiles;
    private final int mergeGapBytes;
    private final int scanBufferBytes;
    private final boolean mappedReads;
    private final InstantSource clock;

    private ReaderOptions(Builder builder) {
        this.maxBatchRefs = builder.maxBatchRefs;
        this.maxBatchBytes = builder.maxBatchBytes;
        this.maxOpenFiles = builder.maxOpenFiles.orElseGet(Builder::defaultOpenFiles);
        this.mergeGapBytes = builder.mergeGapBytes;
        this.scanBufferBytes = builder.scanBufferBytes;
        this.mappedReads = builder.mappedReads;
        this.clock = builder.clock;
    }

    /** {@return a builder with the defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return how many refs one {@link WalReader#readBatch} takes at most} */
    public int maxBatchRefs() {
        return maxBatchRefs;
    }

    /** {@return how many bytes the records of one {@link WalReader#readBatch} take together at most} */
    public long maxBatchBytes() {
        return maxBatchBytes;
    }

    /** {@return how many files are open, unless there are more cursors in the middle of a segment than that} */
    public int maxOpenFiles() {
        return maxOpenFiles;
    }

    /** {@return how many bytes between two records are read, rather than a second read made} */
    public int mergeGapBytes() {
        return mergeGapBytes;
    }

    /** {@return how many bytes a scan reads at a time, at most} */
    public int scanBufferBytes() {
        return scanBufferBytes;
    }

    /** {@return whether sealed files are mapped into memory, where this Java can} */
    public boolean mappedReads() {
        return mappedReads;
    }

    /** {@return what says when a consumer commits} */
    public InstantSource clock() {
        return clock;
    }

    ReadSettings settings() {
        return new ReadSettings(maxBatchBytes, maxOpenFiles, mergeGapBytes, scanBufferBytes, mappedReads, clock);
    }

    /** Starts with the defaults. Not thread-safe. */
    public static final class Builder {

        /** As many as a merge-sorted key of 64 bits has room for, next to an offset. */
        private static final int MAX_BATCH_REFS = 65_536;

        /** What a JVM of 1 GiB can spare, of direct memory, for a batch or two. */
        private static final long DEFAULT_BATCH_BYTES = 256 << 20;

        private static final int MAX_MERGE_GAP_BYTES = 1 << 20;
        private static final int MIN_SCAN_BUFFER_BYTES = 4 << 10;
        private static final int MAX_SCAN_BUFFER_BYTES = 16 << 20;
        private static final int DEFAULT_OPEN_FILES = 512;
        /** The program wants most of what its process may open: in it, perhaps, the writer, which takes a half. */
        private static final int SHARE_OF_PROCESS = 8;

        private int maxBatchRefs = MAX_BATCH_REFS;
        private long maxBatchBytes = DEFAULT_BATCH_BYTES;
        private OptionalInt maxOpenFiles = OptionalInt.empty();
        private int mergeGapBytes = 4 << 10;
        private int scanBufferBytes = 1 << 20;
        private boolean mappedReads;
        private InstantSource clock = systemClock();

        private Builder() {}

        @SuppressForbidden("the default, which a program replaces; nothing else asks the system")
        private static InstantSource systemClock() {
            return InstantSource.system();
        }

        /**
         * How many refs one {@link WalReader#readBatch} takes.
         *
         * @param refs 1 to 65,536; 65,536 by default
         * @return this
         */
        public Builder maxBatchRefs(int refs) {
            this.maxBatchRefs = checked("maxBatchRefs", refs, 1, MAX_BATCH_REFS);
            return this;
        }

        /**
         * How much the records of one {@link WalReader#readBatch} take together, by the sizes of its refs, which are known before anything is
         * read; a ref that is there twice counts once. A batch holds all of its records in direct memory until it is closed, and what is
         * retained of it holds a buffer of up to 16 MiB. A batch of one record is read whatever it takes.
         *
         * @param bytes 1 or more; 256 MiB by default
         * @return this
         */
        public Builder maxBatchBytes(long bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("maxBatchBytes is less than 1: maxBatchBytes=" + bytes);
            }
            this.maxBatchBytes = bytes;
            return this;
        }

        /**
         * How many files are open, of this reader and all its cursors. While every one of them is in the middle of being read, a cursor that
         * has none opens one more nevertheless; no cursor has more than one then, of however many streams it is.
         *
         * @param files 1 or more; 512 by default, at most an eighth of what the process may open
         * @return this
         */
        public Builder maxOpenFiles(int files) {
            this.maxOpenFiles = OptionalInt.of(checked("maxOpenFiles", files, 1, Integer.MAX_VALUE));
            return this;
        }

        private static int defaultOpenFiles() {
            long limit = OpenFileLimit.ofThisProcess().orElse(Long.MAX_VALUE);
            return (int) Math.max(1, Math.min(DEFAULT_OPEN_FILES, limit / SHARE_OF_PROCESS));
        }

        /**
         * How large a gap between two records is rather read than skipped with a second read.
         *
         * @param bytes 0 to 1 MiB; 4 KiB by default, about what a read call costs
         * @return this
         */
        public Builder mergeGapBytes(int bytes) {
            this.mergeGapBytes = checked("mergeGapBytes", bytes, 0, MAX_MERGE_GAP_BYTES);
            return this;
        }

        /**
         * How much a scan reads at a time. It starts with less, and reads a larger record whole.
         *
         * @param bytes 4 KiB to 16 MiB; 1 MiB by default
         * @return this
         */
        public Builder scanBufferBytes(int bytes) {
            this.scanBufferBytes = checked("scanBufferBytes", bytes, MIN_SCAN_BUFFER_BYTES, MAX_SCAN_BUFFER_BYTES);
            return this;
        }

        /**
         * Whether packs and sealed segments are mapped into memory, and records copied out of there rather than read by calls of the system.
         * Worth it for records here and there of what fits into memory. Each record is verified where it was copied to, and a file that
         * another process shortens meanwhile is damage, as without this. A mapping goes with its file: at most {@link #maxOpenFiles} are open.
         *
         * <p>Has no effect before Java 22, where a read of a file that was shortened can't be told from others, nor on file systems in memory.
         *
         * @param mapped false by default
         * @return this
         */
        public Builder mappedReads(boolean mapped) {
            this.mappedReads = mapped;
            return this;
        }

        /**
         * What says when a consumer commits, for people who ask about it; nothing else depends on it.
         *
         * @param clock the system's by default
         * @return this
         */
        public Builder clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /** {@return the options as they stand} */
        public ReaderOptions build() {
            return new ReaderOptions(this);
        }

        private static int checked(String name, int value, int min, int max) {
            if (value < min || value > max) {
                throw new IllegalArgumentException(name + " is not from " + min + " to " + max + ": " + name + "=" + value);
            }
            return value;
        }
    }
}
