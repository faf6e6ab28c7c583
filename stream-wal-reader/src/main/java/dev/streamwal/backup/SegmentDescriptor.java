package dev.streamwal.backup;

import dev.streamwal.error.WalException;
import dev.streamwal.format.SegmentName;
import dev.streamwal.io.IoFailure;
import dev.streamwal.pack.PackFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A file of a log, as a backup names it: where it stands in the log, how long it is, and the checksum of its content. Immutable and thread-safe; equal to
 * another one with the same values.
 *
 * @since 1.0
 */
public final class SegmentDescriptor {

    private static final int CHECKSUM_DIGITS = 64;
    private static final int MAX_NAME_LENGTH = 4_096;

    private final String name;
    private final long bytes;
    private final String checksum;

    private SegmentDescriptor(String name, long bytes, String checksum) {
        this.name = name;
        this.bytes = bytes;
        this.checksum = checksum;
    }

    /**
     * Describes a file.
     *
     * @param name its path in the log's directory, with slashes, such as {@code segments/cpu/0000000000000000_1700000000000.seg}
     * @param bytes its length
     * @param checksum SHA-256 of its content, as 64 lower-case hex digits
     * @return the descriptor
     * @throws IllegalArgumentException if no file of a log has such a name, the length is negative, or the checksum isn't one
     */
    public static SegmentDescriptor of(String name, long bytes, String checksum) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(checksum, "checksum");
        if (Kind.find(name).isEmpty()) {
            throw new IllegalArgumentException("no file of a log has this name: name=" + name + "; give a path in the log's directory, with slashes");
        }
        if (bytes < 0) {
            throw new IllegalArgumentException("length of a file is negative: bytes=" + bytes + ", name=" + name);
        }
        if (checksum.length() != CHECKSUM_DIGITS || !checksum.chars().allMatch(digit -> "0123456789abcdef".indexOf(digit) >= 0)) {
            throw new IllegalArgumentException("checksum hasn't 64 lower-case hex digits: checksum=" + checksum + ", name=" + name
                    + "; give the SHA-256 of the content");
        }
        return new SegmentDescriptor(name, bytes, checksum);
    }

    /** What a file of a log is for. */
    public enum Kind {
        /** A segment: of one stream, or shared by many. */
        SEGMENT,
        /** A pack, with segments of many streams. */
        PACK,
        /** What a consumer has committed. */
        CURSOR,
        /** Anything else: the list of packs, the file of positions, the session keys. */
        LIST;

        private static final List<String> LISTS =
                List.of("positions", "streams", "keys", "keys.copy", "packs/manifest", "packs/manifest.copy");

        /** The kind of the file with this name; empty if a copy of a log has no such file, so that no name leads out of it. */
        static Optional<Kind> find(String name) {
            if (LISTS.contains(name)) {
                return Optional.of(LIST);
            }
            List<String> parts = Arrays.asList(name.split("/", -1));
            boolean isPlain = name.length() <= MAX_NAME_LENGTH && name.indexOf('\\') < 0 && name.chars().noneMatch(Character::isISOControl)
                    && parts.stream().noneMatch(part -> part.isEmpty() || part.startsWith("."));
            String last = parts.get(parts.size() - 1);
            if (!isPlain) {
                return Optional.empty();
            } else if (parts.size() == 3 && parts.get(0).equals("segments") && SegmentName.parse(last).isPresent()) {
                return Optional.of(SEGMENT);
            } else if (parts.size() == 2 && parts.get(0).equals(PackFiles.DIRECTORY) && PackFiles.parse(last).isPresent()) {
                return Optional.of(PACK);
            }
            return parts.size() == 2 && parts.get(0).equals("cursors") && last.endsWith(".cursor") ? Optional.of(CURSOR) : Optional.empty();
        }
    }

    /** {@return its path in the log's directory, with slashes} */
    public String name() {
        return name;
    }

    /** {@return what it is for, by its name} */
    public Kind kind() {
        return Kind.find(name).orElseThrow();
    }

    /** {@return its length, in bytes} */
    public long bytes() {
        return bytes;
    }

    /** {@return SHA-256 of its content, as 64 lower-case hex digits} */
    public String checksum() {
        return checksum;
    }

    /**
     * Compares a file's content with this one, every byte of it if the lengths are the same.
     *
     * @param file of any name
     * @return whether it has this length and checksum; false if there is no such file
     * @throws WalException if the file can't be read
     */
    public boolean isContentOf(Path file) {
        try {
            return Files.size(file) == bytes && ContentChecksum.of(file).finish().equals(checksum);
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw IoFailure.of("comparing a file with its checksum", e, file, null, WalException.NO_POSITION);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SegmentDescriptor that && name.equals(that.name) && bytes == that.bytes && checksum.equals(that.checksum);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, bytes, checksum);
    }

    @Override
    public String toString() {
        return name + " (" + bytes + " bytes, sha256=" + checksum + ')';
    }
}
