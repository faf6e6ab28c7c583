package dev.streamwal.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Positions;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.Uninterrupted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The file {@code positions}, as its writer keeps it. When a method returns, what it changed survives power loss.
 * Thread-safe.
 *
 * <p>A change is written to one slot and forced, then to the other and forced: so one slot is whole at every moment,
 * and once a change is acknowledged the loss of either slot loses nothing. (With only one of them changed, a byte that
 * rots there would bring the older state back, and positions would be given twice.)
 *
 * <p>A write that fails leaves this object at the last state that is durable; the next one writes the whole slot again.
 */
public final class PositionsFile {

    /**
     * Enough for a thousand segments of the usual size between two writes, and a small part of the 2^63 that there are.
     */
    public static final long CEILING_STEP_BYTES = 64L << 30;

    private final Path root;
    private final Path file;
    /** Replaced by {@link #writeSlot} only. */
    private volatile Positions current;
    /** Whether both slots hold {@link #current}. */
    @GuardedBy("this")
    private boolean twins;
    /** Whether the file's name is durable. */
    @GuardedBy("this")
    private boolean named;

    private PositionsFile(Path root, Positions current, boolean twins, boolean named) {
        this.root = root;
        this.file = root.resolve(PositionsLayout.FILE_NAME);
        this.current = current;
        this.twins = twins;
        this.named = named;
    }

    /**
     * Reads the file; writes nothing.
     *
     * @param root the log's directory
     * @param hasStreams whether the log has a segment; asked only where the file doesn't say anything valid: then a log
     *     without segments is a new one (or one whose first writer was killed before it had written the file); may throw
     *     an {@link UncheckedIOException}
     * @throws CorruptSegmentException where there are segments, and no valid slot
     */
    public static PositionsFile load(Path root, BooleanSupplier hasStreams) throws IOException {
        Path file = root.resolve(PositionsLayout.FILE_NAME);
        Optional<byte[]> bytes = Uninterrupted.run(() -> read(file));
        if (bytes.isPresent()) {
            Optional<Positions> valid = PositionsLayout.decode(bytes.get());
            if (valid.isPresent()) {
                // the second slot was written when the name was durable; before, somebody may have been killed, or have failed, in between
                boolean twins = areTwins(bytes.get());
                return new PositionsFile(root, valid.get(), twins, twins);
            }
        }
        try {
            if (hasStreams.getAsBoolean()) {
                throw unreadable(file, bytes);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return new PositionsFile(root, Positions.NEW, false, false);
    }

    private static CorruptSegmentException unreadable(Path file, Optional<byte[]> bytes) {
        String found = bytes.map(b -> "it holds none, bytes=" + b.length).orElse("it is missing");
        return new CorruptSegmentException(
                "a log with segments has a valid slot in its file positions, or could give a position twice: "
                        + found + ", file=" + file
                        + "; put the file back from a copy or checkpoint of this log, or read the log with WalReader,"
                        + " which doesn't need the file, and append what it holds to a new log",
                file, null, WalException.NO_POSITION, 0, bytes.map(b -> b.length).orElse(0), null);
    }

    private static Optional<byte[]> read(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(PositionsLayout.SLOTS * PositionsLayout.SLOT_BYTES);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) > 0) {
                // a read may be short
            }
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        return Optional.of(Arrays.copyOf(bytes.array(), bytes.position()));
    }

    /** Whether the two slots hold the same but for their sequences, which follow each other. */
    private static boolean areTwins(byte[] bytes) {
        byte[] first = Arrays.copyOf(bytes, PositionsLayout.SLOT_BYTES);
        byte[] second = bytes.clone();
        Arrays.fill(second, 0, Math.min(bytes.length, PositionsLayout.SLOT_BYTES), (byte) 0);
        Optional<Positions> one = PositionsLayout.decode(first);
        Optional<Positions> other = PositionsLayout.decode(second);
        return one.isPresent() && other.isPresent() && Math.abs(one.get().sequence() - other.get().sequence()) == 1
                && one.get().withSequence(0).equals(other.get().withSequence(0));
    }

    /** The last durable state. */
    public Positions current() {
        return current;
    }

    /**
     * What a writer finds when it opens the log.
     *
     * @param left as the last writer left it
     * @param incarnation that begins now
     * @param bootIncarnation the first one since the machine was started
     */
    public record Opened(Positions left, long incarnation, long bootIncarnation) {

        /** Of a log that has no writer before, in tests of what is part of one. */
        public static final Opened NEW = new Opened(Positions.NEW, 1, 1);

        /** Whether the machine is known to be up since the last writer opened the log. */
        public boolean isSameBoot() {
            return bootIncarnation < incarnation;
        }

        /**
         * Whether what the page cache holds is on the disk, or will be. Not behind a writer that didn't close the log, even where the machine
         * is up since: one of his flushes may have failed, and then the cache takes for written what the disk doesn't have. He couldn't say so
         * on a disk that was dead.
         */
        public boolean isCacheTrusted() {
            return isSameBoot() && wasClosed();
        }

        /** Whether everything was durable when the last writer closed the log. */
        public boolean wasClosed() {
            return left.isClosed(left.incarnation());
        }
    }

    /**
     * A new incarnation begins, before anything else is written; its {@code start} is at the ceiling.
     *
     * @param bootId of the machine; empty where nobody knows
     */
    public synchronized Opened open(Supplier<Optional<String>> bootId) throws IOException {
        Positions left = current;
        write(left.withNextIncarnation(bootId.get().orElse("")));
        return new Opened(left, current.incarnation(), current.bootIncarnation());
    }

    /** The last that a writer says, when all that it has written is durable, and nothing will be written any more. */
    public synchronized void close() throws IOException {
        write(current.withClosed());
    }

    /** Whoever opens the log next doesn't trust what the page cache holds. */
    public synchronized void forgetBootId() throws IOException {
        if (!twins || !current.bootId().isEmpty()) {
            write(current.withoutBootId());
        }
    }

    /**
     * Before a segment is created: makes sure that the ceiling is at or above {@code position}, the segment's base
     * position + capacity.
     *
     * @throws IllegalArgumentException where the position is negative: the 2^63 there are have been given
     */
    public void raiseCeiling(long position) throws IOException {
        if (position < 0) {
            throw new IllegalArgumentException("positions are below 2^63: position=" + position);
        }
        if (position <= current.ceiling()) {
            return;
        }
        synchronized (this) {
            if (position > current.ceiling()) {
                write(current.withCeiling(stepAtOrAbove(position)));
            }
        }
    }

    private static long stepAtOrAbove(long position) {
        long steps = (position - 1) / CEILING_STEP_BYTES + 1;
        return steps > Long.MAX_VALUE / CEILING_STEP_BYTES ? Long.MAX_VALUE : steps * CEILING_STEP_BYTES;
    }

    /**
     * Before a stream's last segment is deleted: no stream that begins after this gets a position that was given
     * before.
     */
    public synchronized void startAtCeiling() throws IOException {
        if (current.start() != current.ceiling()) {
            write(current.withStartAtCeiling());
        }
    }

    @GuardedBy("this")
    private void write(Positions next) throws IOException {
        twins = false;
        writeSlot(next);
        writeSlot(next.withSequence(next.sequence() + 1));
        twins = true;
    }

    @GuardedBy("this")
    private void writeSlot(Positions next) throws IOException {
        long offset = PositionsLayout.offset(next);
        Uninterrupted.run(() -> {
            ByteBuffer slot = PositionsLayout.encode(next);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                while (slot.hasRemaining()) {
                    channel.write(slot, offset + slot.position());
                }
                channel.force(true);
            }
            return next;
        });
        if (!named) {
            DirectoryForce.force(root);
            named = true;
        }
        current = next;
    }
}
