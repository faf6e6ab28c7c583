package dev.streamwal.io;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A small file of a log that is there twice. Each change {@link LogFile#replace replaces} the file, then the copy, and counts when both have it. So the file
 * has all changes that count, and perhaps more, and the copy is read where the file can't be: as it is damaged, or as the disk, or its owner, refuses
 * {@link IoFailure#isOfFile the file itself}.
 *
 * <p><b>Why nothing is lost where only the copy is read,</b> also if the file could be read a moment later, and is written over with what the copy had: where
 * there is a copy, it has all changes that count. What only the file has was never acknowledged, and what is to follow from it wasn't done: no pack or segment
 * is deleted, and no session key used, before both have it. Where there is no copy, as the disk was full, what can't be read stays a failure.
 *
 * <p>What concerns the process and not the file, as too many open files, is thrown at once: the next attempt may read it.
 *
 * @param what it is, for messages
 * @param remedy what to do where neither can be read, for messages
 * @param maxBytes that it may have
 * @param <T> what is in it
 */
public record TwinFile<T>(String what, String remedy, Path file, Path copy, int maxBytes, Decoder<T> decoder) {

    /** Turns the file's bytes into what they mean. */
    @FunctionalInterface
    public interface Decoder<T> {
        T decode(byte[] bytes) throws FormatException;
    }

    /**
     * Reads the file, or else its copy; empty where there is neither.
     *
     * @throws CorruptSegmentException if neither can be read, and one is damaged
     * @throws UnsupportedFormatException if a newer version wrote it
     * @throws IOException if neither can be read, and the disk refuses one
     */
    public Optional<T> read() throws IOException {
        FormatException damage = null;
        IOException refusal = null;
        for (Path each : new Path[] {file, copy}) {
            try {
                Optional<byte[]> bytes = LogFile.readSmall(each, maxBytes);
                if (bytes.isPresent()) {
                    return Optional.of(decoder.decode(bytes.get()));
                }
            } catch (FormatException e) {
                if (e.isUnsupported()) {
                    throw new UnsupportedFormatException(e.at("file=" + each), each, null, WalException.NO_POSITION, e);
                }
                damage = damage == null ? e : damage;
            } catch (IOException e) {
                if (!IoFailure.isOfFile(e)) {
                    throw e;
                }
                refusal = refusal == null ? e : refusal;
            }
        }
        if (refusal != null) {
            throw refusal;
        }
        if (damage == null) {
            return Optional.empty();
        }
        throw damaged("is damaged: " + damage.getMessage(), damage);
    }

    /** One of the two by itself; empty where it is missing, or can't be read. */
    public Optional<T> readOnly(Path one) throws IOException {
        try {
            Optional<byte[]> bytes = LogFile.readSmall(one, maxBytes);
            return bytes.isPresent() ? Optional.of(decoder.decode(bytes.get())) : Optional.empty();
        } catch (FormatException e) {
            return Optional.empty();
        } catch (IOException e) {
            if (!IoFailure.isOfFile(e)) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** For the caller to throw. */
    public CorruptSegmentException damaged(String how, @Nullable FormatException why) {
        return new CorruptSegmentException(what + ' ' + how + ", file=" + file + ", copy=" + copy + "; " + remedy, file, null, WalException.NO_POSITION, 0, 0, why);
    }
}
