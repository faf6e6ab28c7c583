package dev.streamwal.image;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.io.FileOperation;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.TierFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file of a log as it was at one moment: bytes of its own, then a range of a file of the log, then bytes of its own again. Reading it throws an
 * {@link ImageChangedException} if the file of the log isn't as it was then.
 */
public final class ImageFile {

    private static final byte[] NOTHING = {};

    /** Large, to make few requests. */
    private static final int TIER_PIECE_BYTES = 1 << 20;

    /** Takes the content, piece by piece; each buffer is valid during the call. */
    @FunctionalInterface
    public interface Sink {
        void take(ByteBuffer piece) throws IOException;
    }

    /** Checks, after the last byte was read, whether all bytes read are as of the image's moment. */
    @FunctionalInterface
    private interface Check {
        boolean isUnchanged(LogFile file) throws IOException;
    }

    private final String name;
    private final @Nullable Path source;
    private final byte[] head;
    private final long end;
    private final byte[] tail;
    private final boolean isLinkable;
    private final Check check;
    /** Set for a file in the log's tier. */
    private final @Nullable Remote remote;

    /** @param isStillThere tells whether the pack is still in the log's tier, by the manifest */
    private record Remote(SegmentBytes bytes, FileOperation<Boolean> isStillThere) {}

    private ImageFile(String name, Remote remote, long end) {
        this.name = name;
        this.source = null;
        this.head = NOTHING;
        this.end = end;
        this.tail = NOTHING;
        this.isLinkable = false;
        this.check = file -> true;
        this.remote = remote;
    }

    private ImageFile(String name, @Nullable Path source, byte[] head, long end, byte[] tail, boolean isLinkable, Check check) {
        this.name = name;
        this.source = source;
        this.head = head;
        this.end = end;
        this.tail = tail;
        this.isLinkable = isLinkable;
        this.check = check;
        this.remote = null;
    }

    /** A file that is written once, and never changed, and is read from the log's tier. */
    static ImageFile ofTier(String name, SegmentBytes source, long bytes, FileOperation<Boolean> isStillThere) {
        return new ImageFile(name, new Remote(source, isStillThere), bytes);
    }

    /** A small file. */
    static ImageFile of(String name, byte[] content) {
        return new ImageFile(name, null, content, 0, NOTHING, false, file -> true);
    }

    /** A file that is written once, and never changed. */
    static ImageFile ofPack(String name, Path source, long bytes) {
        return new ImageFile(name, source, NOTHING, bytes, NOTHING, true, file -> true);
    }

    /** A segment with a footer. A cut changes it in place, and an erasure replaces it: both change its time. */
    static ImageFile ofSealed(String name, Path source, BasicFileAttributes before) {
        return new ImageFile(name, source, NOTHING, before.size(), NOTHING, false, file -> {
            BasicFileAttributes now = Files.readAttributes(source, BasicFileAttributes.class);
            return now.size() == before.size() && now.lastModifiedTime().equals(before.lastModifiedTime())
                    && Objects.equals(now.fileKey(), before.fileKey());
        });
    }

    /**
     * A segment that is appended to, up to where its records ended. The bytes before that end change only by a cut, which leaves a flag in the
     * header, or by an erasure, which replaces the file.
     *
     * @param header in place of the file's header, whose mark moves on
     * @param footer in place of what follows
     */
    static ImageFile ofUnsealed(String name, Path source, SegmentHeader header, long end, byte[] footer) throws IOException {
        byte[] first = new byte[header.headerLength()];
        SegmentHeaderLayout.encode(header).get(0, first);
        Object identity = Files.readAttributes(source, BasicFileAttributes.class).fileKey();
        return new ImageFile(name, source, first, end, footer, false, file -> isStill(file, header)
                && Objects.equals(Files.readAttributes(source, BasicFileAttributes.class).fileKey(), identity));
    }

    private static boolean isStill(LogFile file, SegmentHeader header) throws IOException {
        try {
            SegmentHeader now = SegmentBytes.readHeader(file);
            return now.salt() == header.salt() && now.isCut() == header.isCut();
        } catch (FormatException e) {
            return false;
        }
    }

    /** Its path in the log's directory, with slashes. */
    public String name() {
        return name;
    }

    /** The file of the log that never changes, and has exactly this content; null if there is none. */
    @Nullable Path linkable() {
        return isLinkable ? source : null;
    }

    /** Hands out its bytes, in order. */
    public void read(Sink sink) throws IOException {
        Remote far = remote;
        if (far != null) {
            readFar(far, sink);
            return;
        }
        sink.take(ByteBuffer.wrap(head).asReadOnlyBuffer());
        if (source != null) {
            try (LogFile file = LogFile.reading(source)) {
                readRange(file, sink);
                sink.take(ByteBuffer.wrap(tail).asReadOnlyBuffer());
                if (!isUnchanged(file)) {
                    throw changed(null);
                }
            }
        }
    }

    private void readFar(Remote far, Sink sink) throws IOException {
        try {
            far.bytes.copy(0, end, ByteBuffer.allocate(TIER_PIECE_BYTES), (offset, piece) -> sink.take(piece));
        } catch (TierFailure e) {
            if (!far.isStillThere.run()) {
                throw new ImageChangedException("pack was deleted from the log's tier, or fetched, while it was copied: file=" + name, e);
            }
            throw e;
        }
    }

    private void readRange(LogFile file, Sink sink) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(LogFile.CHUNK_BYTES);
        for (long offset = head.length; offset < end; offset += piece.capacity()) {
            int wanted = (int) Math.min(piece.capacity(), end - offset);
            if (readPiece(file, piece.clear().limit(wanted), offset) < wanted) {
                throw changed(null);
            }
            sink.take(piece.flip());
        }
    }

    private int readPiece(LogFile file, ByteBuffer piece, long offset) throws IOException {
        try {
            return file.read(piece, offset);
        } catch (NoSuchFileException e) {
            throw changed(e);
        }
    }

    private boolean isUnchanged(LogFile file) throws IOException {
        try {
            return check.isUnchanged(file);
        } catch (NoSuchFileException e) {
            throw changed(e);
        }
    }

    private ImageChangedException changed(@Nullable Throwable cause) {
        return new ImageChangedException("file of the log was changed or deleted while it was copied: file=" + source, cause);
    }

    @Override
    public String toString() {
        return name;
    }
}
