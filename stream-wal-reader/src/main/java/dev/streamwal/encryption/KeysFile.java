package dev.streamwal.encryption;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FormatException;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.TwinFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The file with a log's session keys, and its copy: {@code keys} and {@code keys.copy}.
 *
 * <p>{@link TwinFile} says why either may be read. A session key is used only when both have it, so records that can be read with the file can be read with
 * the copy.
 */
public final class KeysFile {

    private static final String NAME = "keys";
    private static final String COPY_NAME = "keys.copy";
    private static final String TEMPORARY_NAME = ".keys.tmp";

    private KeysFile() {}

    public static Path path(Path root) {
        return root.resolve(NAME);
    }

    public static Path copy(Path root) {
        return root.resolve(COPY_NAME);
    }

    /** Whether the log has session keys: it encrypts, or did so once. */
    public static boolean isPresent(Path root) {
        return Files.exists(path(root)) || Files.exists(copy(root));
    }

    /**
     * Reads the file, or else its copy; no keys if there is neither.
     *
     * @throws CorruptSegmentException if neither can be read, and one is there
     * @throws UnsupportedFormatException if a newer version wrote it
     */
    public static List<WrappedKey> read(Path root) throws IOException {
        return twin(root, KeysLayout::decode).read().orElse(List.of());
    }

    /**
     * Why the file and its copy can't be read, checked one by one: other methods don't notice damage to one while the other can be read. Throws if a
     * newer version wrote one.
     */
    public static List<WalException> damage(Path root) throws IOException {
        return twin(root, KeysLayout::decode).damage();
    }

    /** The content of the file, or else of its copy, as {@link #read}; empty if there is neither. */
    public static Optional<byte[]> bytes(Path root) throws IOException {
        return twin(root, bytes -> {
            List<WrappedKey> unused = KeysLayout.decode(bytes);
            return bytes;
        }).read();
    }

    /**
     * The keys in the file's content; none if that is empty.
     *
     * @param file that has the content, for messages
     * @throws CorruptSegmentException if it can't be read
     * @throws UnsupportedFormatException if a newer version wrote it
     */
    public static List<WrappedKey> keys(byte[] content, Path file) {
        return content.length == 0 ? List.of() : decoded(content, file);
    }

    private static List<WrappedKey> decoded(byte[] content, Path file) {
        try {
            return KeysLayout.decode(content);
        } catch (FormatException e) {
            if (e.isUnsupported()) {
                throw new UnsupportedFormatException(e.at("file=" + file), file, null, WalException.NO_POSITION, e);
            }
            throw new CorruptSegmentException(e.at("file=" + file), file, null, WalException.NO_POSITION, 0, content.length, e);
        }
    }

    private static <T> TwinFile<T> twin(Path root, TwinFile.Decoder<T> decoder) {
        return new TwinFile<>("file of session keys", "put one of the two back from a copy of this log", path(root), copy(root), KeysLayout.MAX_BYTES, decoder);
    }

    /**
     * Replaces the keys, durably, in the file and its copy. If this method throws, each of the two files has either these keys or the former ones.
     *
     * @throws WalException if they are more than the file may have
     */
    public static void write(Path root, List<WrappedKey> keys) throws IOException {
        for (WrappedKey key : keys) {
            if (!UTF_8.newEncoder().canEncode(key.masterId())) {
                throw new IllegalArgumentException("id of a master key has a lone surrogate, which UTF-8 can't encode: chars=" + key.masterId().length()
                        + "; look at what the program's MasterKeys give");
            }
            check("id of a master key", key.masterId().getBytes(UTF_8).length, KeysLayout.MAX_MASTER_ID_BYTES);
            check("key wrapped by a master key", key.wrapped().length, KeysLayout.MAX_WRAPPED_BYTES);
        }
        ByteBuffer bytes = KeysLayout.encode(keys);
        if (bytes.limit() > KeysLayout.MAX_BYTES) {
            throw new WalException("file of session keys is full: keys=" + keys.size() + ", bytes=" + bytes.limit() + ", max=" + KeysLayout.MAX_BYTES
                    + ", file=" + path(root) + "; go on in another log, or have the program's MasterKeys wrap keys in fewer bytes, and call rotateKeys()",
                    path(root), null, WalException.NO_POSITION);
        }
        LogFile.replace(root.resolve(TEMPORARY_NAME), path(root), file -> file.write(0, bytes.duplicate()));
        LogFile.replace(root.resolve(TEMPORARY_NAME), copy(root), file -> file.write(0, bytes.duplicate()));
    }

    private static void check(String what, int bytes, int most) {
        if (bytes < 1 || bytes > most) {
            throw new IllegalArgumentException(what + " is " + (bytes < 1 ? "empty" : "too long") + ": bytes=" + bytes + ", max=" + most
                    + "; look at what the program's MasterKeys give");
        }
    }
}
