package dev.streamwal.ratis.repair;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.io.LogFile;
import dev.streamwal.ratis.repair.HeldImages.Held;
import dev.streamwal.ratis.wire.ImagePiece;
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
 * Images that peers fetch. At most {@value #MAX_OPEN} at a time, as each keeps files that would be deleted meanwhile; one that nobody reads for
 * {@value #IDLE_MINUTES} minutes gives way to the next, and after {@value #FORGOTTEN_MINUTES} it is let go.
 *
 * <p>Thread-safe.
 */
public final class ImageExports {

    static final int MAX_OPEN = 2;
    private static final int IDLE_MINUTES = 2;
    /** Longer than a piece takes at the slowest pace that may be set. */
    private static final int FORGOTTEN_MINUTES = 60;

    /**
     * An image that can be read.
     *
     * @param index of the last entry that was applied to it
     * @param files how many files and folders it has
     */
    public record Opened(long number, long index, int files) {}

    private static final class Export {
        private final Held image;
        private final List<Path> files;
        private long lastReadNanos;

        Export(Held image, List<Path> files) {
            this.image = image;
            this.files = files;
            this.lastReadNanos = System.nanoTime();
        }
    }

    private final HeldImages images;
    private final SecureRandom numbers = new SecureRandom();

    @GuardedBy("this")
    private final Map<Long, Export> open = new HashMap<>();

    public ImageExports(HeldImages images) {
        this.images = images;
    }

    /** @throws IOException if there is no image, or as many are open as may be: the peer asks again later */
    public synchronized Opened open() throws IOException {
        releaseIdle(IDLE_MINUTES);
        if (open.size() >= MAX_OPEN) {
            throw new IOException("too many images are being fetched: open=" + open.size() + "; ask another replica, or later");
        }
        Held image = images.hold();
        try (Stream<Path> all = Files.walk(image.folder())) {
            List<Path> files = all.filter(path -> !path.equals(image.folder())).sorted().toList();
            // random, so that who reads on after a restart of this replica meets no other image under its number
            long number = numbers.nextLong();
            open.put(number, new Export(image, files));
            return new Opened(number, image.index(), files.size());
        } catch (IOException e) {
            images.release(image);
            throw e;
        } catch (UncheckedIOException e) {
            images.release(image);
            throw e.getCause();
        }
    }

    public ImagePiece read(long number, int file, long offset) throws IOException {
        Path path;
        String name;
        synchronized (this) {
            Export export = open.get(number);
            if (export == null || file < 0 || file >= export.files.size() || offset < 0) {
                throw new IOException("no such piece of an image: file=" + file + ", offset=" + offset + "; begin anew");
            }
            export.lastReadNanos = System.nanoTime();
            path = export.files.get(file);
            name = export.image.folder().relativize(path).toString().replace(path.getFileSystem().getSeparator(), "/");
        }
        if (Files.isDirectory(path)) {
            return ImagePiece.ofFolder(name);
        }
        try (LogFile source = LogFile.reading(path)) {
            long length = source.size();
            ByteBuffer piece = ByteBuffer.allocate((int) Math.max(0, Math.min(ImagePiece.MAX_BYTES, length - offset)));
            while (piece.hasRemaining()) {
                if (source.read(piece, offset + piece.position()) <= 0) {
                    throw new IOException("file of an image became shorter: file=" + name + ", length=" + length);
                }
            }
            return new ImagePiece(name, length, piece.array());
        }
    }

    public synchronized void release(long number) {
        Export export = open.remove(number);
        if (export != null) {
            images.release(export.image);
        }
    }

    /** Gives up what nobody has read for long, so that its files can be deleted. */
    public synchronized void releaseForgotten() {
        releaseIdle(FORGOTTEN_MINUTES);
    }

    @GuardedBy("this")
    private void releaseIdle(int minutes) {
        long nowNanos = System.nanoTime();
        for (Map.Entry<Long, Export> each : List.copyOf(open.entrySet())) {
            if (nowNanos - each.getValue().lastReadNanos > TimeUnit.MINUTES.toNanos(minutes)) {
                release(each.getKey());
            }
        }
    }

    /** Nobody reads any more. */
    public synchronized void close() {
        List.copyOf(open.keySet()).forEach(this::release);
    }
}
