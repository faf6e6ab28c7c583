package dev.streamwal.image;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.io.FileConsumer;
import dev.streamwal.io.FileFunction;
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

    private final String name;
    private final @Nullable Path linkable;
    private final FileConsumer<FileConsumer<ByteBuffer>> content;

    private ImageFile(String name, @Nullable Path linkable, FileConsumer<FileConsumer<ByteBuffer>> content) {
        this.name = name;
        this.linkable = linkable;
        this.content = content;
    }

    /**
     * A file that is written once, and never changed, and is read from the log's tier.
     *
     * @param isStillThere tells whether the pack is still in the log's tier, by the manifest
     */
    static ImageFile ofTier(String name, SegmentBytes source, long bytes, FileOperation<Boolean> isStillThere) {
        return new ImageFile(name, null, sink -> {
            try {
                source.copy(0, bytes, ByteBuffer.allocate(TIER_PIECE_BYTES), (offset, piece) -> sink.accept(piece));
            } catch (TierFailure e) {
                if (!isStillThere.run()) {
                    throw new ImageChangedException("pack was deleted from the log's tier, or fetched, while it was copied: file=" + name, e);
                }
                throw e;
            }
        });
    }

    /** A small file. */
    static ImageFile of(String name, byte[] content) {
        return new ImageFile(name, null, sink -> sink.accept(ByteBuffer.wrap(content).asReadOnlyBuffer()));
    }

    /** A file that is written once, and never changed. */
    static ImageFile ofPack(String name, Path source, long bytes) {
        return new ImageFile(name, source, sink -> read(source, NOTHING, bytes, NOTHING, file -> true, sink));
    }

    /** A segment with a footer. A cut changes it in place, and an erasure replaces it: both change its time. */
    static ImageFile ofSealed(String name, Path source, BasicFileAttributes before) {
        return new ImageFile(name, null, sink -> read(source, NOTHING, before.size(), NOTHING, file -> {
            BasicFileAttributes now = Files.readAttributes(source, BasicFileAttributes.class);
            return now.size() == before.size() && now.lastModifiedTime().equals(before.lastModifiedTime())
                    && Objects.equals(now.fileKey(), before.fileKey());
        }, sink));
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
        return new ImageFile(name, null, sink -> read(source, first, end, footer, file -> isStill(file, header)
                && Objects.equals(Files.readAttributes(source, BasicFileAttributes.class).fileKey(), identity), sink));
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
        return linkable;
    }

    /** Hands out its bytes, in order, piece by piece; each buffer is valid during the call. */
    public void read(FileConsumer<ByteBuffer> sink) throws IOException {
        content.accept(sink);
    }

    /** @param isUnchanged asked after the last byte was read: whether all bytes read are as of the image's moment */
    private static void read(Path source, byte[] head, long end, byte[] tail, FileFunction<LogFile, Boolean> isUnchanged, FileConsumer<ByteBuffer> sink)
            throws IOException {
        sink.accept(ByteBuffer.wrap(head).asReadOnlyBuffer());
        try (LogFile file = LogFile.reading(source)) {
            readRange(file, head.length, end, sink);
            sink.accept(ByteBuffer.wrap(tail).asReadOnlyBuffer());
            if (!ifThere(file, () -> isUnchanged.apply(file))) {
                throw changed(file, null);
            }
        }
    }

    private static void readRange(LogFile file, long from, long end, FileConsumer<ByteBuffer> sink) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(LogFile.CHUNK_BYTES);
        for (long offset = from; offset < end; offset += piece.capacity()) {
            int wanted = (int) Math.min(piece.capacity(), end - offset);
            long at = offset;
            if (ifThere(file, () -> file.read(piece.clear().limit(wanted), at)) < wanted) {
                throw changed(file, null);
            }
            sink.accept(piece.flip());
        }
    }

    private static <T> T ifThere(LogFile file, FileOperation<T> operation) throws IOException {
        try {
            return operation.run();
        } catch (NoSuchFileException e) {
            throw changed(file, e);
        }
    }

    private static ImageChangedException changed(LogFile file, @Nullable Throwable cause) {
        return new ImageChangedException("file of the log was changed or deleted while it was copied: file=" + file.path(), cause);
    }

    @Override
    public String toString() {
        return name;
    }
}
