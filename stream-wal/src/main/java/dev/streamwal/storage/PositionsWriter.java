package dev.streamwal.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Positions;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.io.BadSectors;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The file {@code positions}, as its writer keeps it. When a method returns, its change survives power loss. Thread-safe.
 *
 * <p>A change is written to one slot and forced, then to the other and forced: so one slot is whole at every moment, and once a change is
 * acknowledged, losing either slot loses nothing, even if the disk can't read it. (If only one were changed, a byte that rots there would bring the
 * older state back, and positions would be given twice.)
 *
 * <p>A write that fails leaves {@link #current()} at the last state that both slots held: so the failed change is requested, and written, again. But
 * the next write continues from the newest state that one slot holds, and so with the other slot: the failed write may have torn the other slot, and
 * then the first is the only whole one.
 */
public final class PositionsWriter {

    /**
     * Enough for a thousand segments of the usual size between two writes, and a small part of all 2^63 positions. The first raise after an opening
     * is by this much, too: replicas, which open their logs again and again, allow for it.
     */
    public static final long CEILING_STEP_BYTES = 64L << 30;

    /**
     * By how much the ceiling is first raised after the start was raised to it without an opening. Each cut, and each deletion of a stream that is in
     * packs, raises the start, and leaves out the positions between the last one given and the ceiling. With the whole step, ten of them a second
     * would use up all positions in 155 days; with this step it takes 27 years. Appends without such a call in between have the whole step again
     * after six raises.
     */
    static final long FIRST_STEP_BYTES = 1L << 30;

    private final Path root;
    private final Path file;
    /** The state in both slots. */
    private volatile Positions current;
    /** The newest state in at least one slot: {@link #current}, or what the last write put into its first slot before it failed. */
    @GuardedBy("this")
    private Positions newest;
    /** The ceiling is raised next to a multiple of this. */
    @GuardedBy("this")
    private long stepBytes = CEILING_STEP_BYTES;
    /** Whether the file's name is durable. */
    @GuardedBy("this")
    private boolean named;
    @GuardedBy("this")
    private boolean isEnded;
    private volatile WriterFence fence = WriterFence.NONE;

    private PositionsWriter(Path root, Positions current, boolean named) {
        this.root = root;
        this.file = root.resolve(PositionsLayout.FILE_NAME);
        this.current = current;
        this.newest = current;
        this.named = named;
    }

    /**
     * Reads the file; writes nothing.
     *
     * @param root the log's directory
     * @param hasStreams whether the log has a segment; asked only if the file has no valid slot: then a log without segments is a new one (or one
     *     whose first writer was killed before it had written the file); may throw an {@link UncheckedIOException}
     * @throws CorruptSegmentException if there are segments, and no valid slot
     */
    public static PositionsWriter load(Path root, BooleanSupplier hasStreams) throws IOException {
        Path file = root.resolve(PositionsLayout.FILE_NAME);
        // without a valid slot the disk's failure stays a failure: a log that lost its segments must not count as a new one, which would give
        // positions again
        Optional<byte[]> bytes = BadSectors.readSmall(file, PositionsLayout.FILE_BYTES, left -> PositionsLayout.decode(left).isPresent());
        if (bytes.isPresent()) {
            Optional<Positions> valid = PositionsLayout.decode(bytes.get());
            if (valid.isPresent()) {
                // the second slot was written when the name was durable; before, the writer may have been killed, or have failed, in between
                return new PositionsWriter(root, valid.get(), areTwins(bytes.get()));
            }
        }
        try {
            if (hasStreams.getAsBoolean()) {
                throw unreadable(file, bytes);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return new PositionsWriter(root, Positions.NEW, false);
    }

    private static CorruptSegmentException unreadable(Path file, Optional<byte[]> bytes) {
        String found = bytes.map(b -> "is damaged: bytes=" + b.length + ", ").orElse("is missing: ");
        return new CorruptSegmentException(
                "file of the positions that the log has given " + found + "file=" + file
                        + "; put it back from a copy made since the log was last written (an older one has positions given twice), restore the log from a"
                        + " backup, or read the log with WalReader, which doesn't need it, and append the records to a new log",
                file, null, WalException.NO_POSITION, 0, bytes.map(b -> b.length).orElse(0), null);
    }

    /** Whether the two slots are the same except for their sequences, which follow each other. */
    private static boolean areTwins(byte[] bytes) {
        byte[] first = Arrays.copyOf(bytes, PositionsLayout.SLOT_BYTES);
        byte[] second = bytes.clone();
        Arrays.fill(second, 0, Math.min(bytes.length, PositionsLayout.SLOT_BYTES), (byte) 0);
        Optional<Positions> one = PositionsLayout.decode(first);
        Optional<Positions> other = PositionsLayout.decode(second);
        return one.isPresent() && other.isPresent() && Math.abs(one.get().sequence() - other.get().sequence()) == 1
                && one.get().withSequence(0).equals(other.get().withSequence(0));
    }

    /** Without this, a slot of the next writer may be replaced by one of this writer's. */
    public void fence(WriterFence newFence) {
        fence = newFence;
    }

    /** The log's directory. */
    public Path root() {
        return root;
    }

    /** The last state that survives the loss of either slot. */
    public Positions current() {
        return current;
    }

    /**
     * What a writer finds when it opens the log.
     *
     * @param now with the new incarnation; what it says of earlier ones is what they left
     */
    public record Opened(Positions now) {

        /** Whether the machine is known to be up since the last writer opened the log. */
        public boolean isSameBoot() {
            return now.bootIncarnation() < now.incarnation();
        }

        /**
         * Whether what the page cache holds is on the disk, or will be. Not after a writer that didn't close the log, even if the machine has stayed
         * up: one of its flushes may have failed, and then the cache takes for written what the disk doesn't have. That writer couldn't note it on a
         * dead disk.
         */
        public boolean isCacheTrusted() {
            return isSameBoot() && wasClosed();
        }

        /** Whether everything was durable when the last writer closed the log. */
        public boolean wasClosed() {
            return now.isClosed(now.incarnation() - 1);
        }

        /** Whether all writers before closed the log, as far as that is known: see {@link Positions#CLOSED_KNOWN}. */
        public boolean wereAllClosed() {
            return now.wasClosedAsFarAsKnownSince(0);
        }
    }

    /**
     * Begins a new incarnation, before anything else is written; its {@code start} is at the ceiling.
     *
     * @param bootId of the machine; empty if unknown
     */
    public synchronized Opened open(Supplier<Optional<String>> bootId) throws IOException {
        write(newest.withNextIncarnation(bootId.get().orElse("")));
        return new Opened(current);
    }

    /** A writer's last call, when everything that it has written is durable, and nothing more will be written. */
    public synchronized void close() throws IOException {
        write(newest.withClosed());
    }

    /**
     * From now on every change throws: the file may be the next writer's, whose incarnation and positions a slot of this one would replace. Call it before the
     * log's lock is released.
     */
    public synchronized void end() {
        isEnded = true;
    }

    /**
     * Makes sure, before a segment is created, that the ceiling is at or above {@code position}, the segment's base position + capacity.
     *
     * @throws IllegalArgumentException if the position is negative: all 2^63 have been given
     */
    public void raiseCeiling(long position) throws IOException {
        if (position < 0) {
            throw new IllegalArgumentException("no positions are left, all 2^63 have been given: position=" + position);
        }
        if (position <= current.ceiling()) {
            return;
        }
        synchronized (this) {
            if (position > current.ceiling()) {
                write(newest.withCeiling(Math.max(newest.ceiling(), stepAtOrAbove(position, stepBytes))));
                stepBytes = Math.min(2 * stepBytes, CEILING_STEP_BYTES);
            }
        }
    }

    private static long stepAtOrAbove(long position, long stepBytes) {
        long steps = (position - 1) / stepBytes + 1;
        return steps > Long.MAX_VALUE / stepBytes ? Long.MAX_VALUE : steps * stepBytes;
    }

    /** Makes sure, before a stream's last segment is deleted, that no stream that begins later gets a position that was given before. */
    public synchronized void startAtCeiling() throws IOException {
        if (current.start() != current.ceiling()) {
            write(newest.withStartAtCeiling());
            stepBytes = FIRST_STEP_BYTES;
        }
    }

    /**
     * Notes that something is damaged of what earlier writers left in shared segments, before any of that is packed: see
     * {@link Positions#isEndBelieved}.
     */
    public synchronized void doubt() throws IOException {
        write(newest.withDoubt());
    }

    /** As {@link #doubt}, for damage that has come since the log was opened. */
    public synchronized void doubtNow() throws IOException {
        write(newest.withDoubtNow());
    }

    /** Writes both slots, or throws, and the next call writes again: one slot alone could be lost with its sector. */
    @GuardedBy("this")
    private void write(Positions next) throws IOException {
        if (isEnded) {
            throw new WalClosedException("the log is closed: file=" + file, file, null, WalException.NO_POSITION, null);
        }
        fence.check();
        writeSlot(next);
        writeSlot(next.withSequence(next.sequence() + 1));
        current = newest;
    }

    @GuardedBy("this")
    private void writeSlot(Positions next) throws IOException {
        long offset = PositionsLayout.offset(next);
        // the whole page: a part of a page with a bad sector can't be written, because the rest would have to be read; writing the whole page mends
        // it
        ByteBuffer slot = ByteBuffer.allocate(PositionsLayout.SLOT_BYTES).put(PositionsLayout.encode(next)).rewind();
        try (LogFile positions = new LogFile(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            positions.together(open -> {
                open.write(offset, slot.rewind());
                open.force();
            });
        }
        if (!named) {
            DirectoryForce.force(root);
            named = true;
        }
        newest = next;
    }
}
