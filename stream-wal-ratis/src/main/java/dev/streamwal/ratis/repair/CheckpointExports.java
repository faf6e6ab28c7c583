package dev.streamwal.ratis.repair;

import dev.streamwal.ratis.wire.CheckpointPiece;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Checkpoints that peers fetch. At most {@value #MAX_OPEN} at a time, as each may keep files that are deleted meanwhile; one that nobody reads for
 * {@value #IDLE_MINUTES} minutes gives way to the next. What a restart leaves is deleted with the folder.
 *
 * <p>Thread-safe.
 */
public final class CheckpointExports {

    static final int MAX_OPEN = 2;
    private static final int IDLE_MINUTES = 2;

    /** Makes a checkpoint in a folder that doesn't exist yet. */
    public interface Making {
        void into(Path target) throws IOException;
    }

    /** A checkpoint that can be read. */
    public record Opened(long number, int files) {}

    private static final class Export {
        private final Path folder;
        private final List<Path> files;
        private long lastReadNanos;

        Export(Path folder, List<Path> files) {
            this.folder = folder;
            this.files = files;
            this.lastReadNanos = System.nanoTime();
        }
    }

    private final Path outgoing;
    private final SecureRandom numbers = new SecureRandom();
    private final Map<Long, Export> open = new HashMap<>();

    /** @param outgoing a folder of its own on the log's file system, so that files can be linked; what is in it is deleted */
    public CheckpointExports(Path outgoing) throws IOException {
        this.outgoing = outgoing;
        Folders.delete(outgoing);
    }

    /** @throws IOException where it can't be made, or as many are open as may be: the peer asks again later */
    public synchronized Opened open(Making making) throws IOException {
        dropIdle();
        if (open.size() >= MAX_OPEN) {
            throw new IOException("too many checkpoints are being fetched: open=" + open.size() + "; ask another replica, or later");
        }
        // random, so that who reads on after a restart of this replica meets no other checkpoint under its number
        long number = numbers.nextLong();
        Path folder = outgoing.resolve(Long.toHexString(number));
        Files.createDirectories(outgoing);
        making.into(folder);
        try (Stream<Path> all = Files.walk(folder)) {
            List<Path> files = all.filter(Files::isRegularFile).sorted().toList();
            open.put(number, new Export(folder, files));
            return new Opened(number, files.size());
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    public CheckpointPiece read(long number, int file, long offset) throws IOException {
        Path path;
        String name;
        synchronized (this) {
            Export export = open.get(number);
            if (export == null || file < 0 || file >= export.files.size() || offset < 0) {
                throw new IOException("no such piece of a checkpoint: file=" + file + ", offset=" + offset + "; begin anew");
            }
            export.lastReadNanos = System.nanoTime();
            path = export.files.get(file);
            name = export.folder.relativize(path).toString().replace(path.getFileSystem().getSeparator(), "/");
        }
        try (LogFile source = LogFile.reading(path)) {
            long length = source.size();
            ByteBuffer piece = ByteBuffer.allocate((int) Math.max(0, Math.min(CheckpointPiece.MAX_BYTES, length - offset)));
            while (piece.hasRemaining()) {
                if (source.read(piece, offset + piece.position()) <= 0) {
                    throw new IOException("file of a checkpoint became shorter: file=" + name + ", length=" + length);
                }
            }
            return new CheckpointPiece(name, length, piece.array());
        }
    }

    public synchronized void drop(long number) throws IOException {
        Export export = open.remove(number);
        if (export != null) {
            Folders.delete(export.folder);
        }
    }

    private void dropIdle() throws IOException {
        long nowNanos = System.nanoTime();
        for (Long number : List.copyOf(open.keySet())) {
            Export export = open.get(number);
            if (export != null && nowNanos - export.lastReadNanos > TimeUnit.MINUTES.toNanos(IDLE_MINUTES)) {
                drop(number);
            }
        }
    }

    /** Nobody reads any more. */
    public synchronized void close() throws IOException {
        open.clear();
        Folders.delete(outgoing);
    }
}
