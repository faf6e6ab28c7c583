package dev.streamwal.io;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A small file of a log that is there twice. Each change {@link LogFile#replace replaces} the file, then the copy, and counts when both have it. So the file
 * has all changes that count, and perhaps more. The copy is read if the file can't be: because it is damaged, or because the disk, or its owner, refuses
 * {@link IoFailure#isOfFile the file itself}.
 *
 * <p><b>Why nothing is lost if only the copy is read,</b> even if the file could be read a moment later, and is written over with what the copy had: a copy
 * that is there has all changes that count. A change that only the file has was never acknowledged, and nothing was done that follows from it: no pack or
 * segment is deleted, and no session key used, before both have the change. If there is no copy, because the disk was full, a file that can't be read stays a
 * failure.
 *
 * <p>A failure of the process and not of the file, such as too many open files, is thrown at once: the next attempt may read the file.
 *
 * @param what it is, for messages
 * @param remedy what to do if neither can be read, for messages
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
     * Reads the file, or else its copy; empty if there is neither.
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
                Optional<T> found = decoded(each);
                if (found.isPresent()) {
                    return found;
                }
            } catch (FormatException e) {
                damage = damage == null ? e : damage;
            } catch (IOException e) {
                IoFailure.checkOfFile(e);
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

    /** @throws UnsupportedFormatException if a newer version wrote it */
    private Optional<T> decoded(Path one) throws IOException, FormatException {
        Optional<byte[]> bytes = LogFile.readSmall(one, maxBytes);
        try {
            return bytes.isEmpty() ? Optional.empty() : Optional.of(decoder.decode(bytes.get()));
        } catch (FormatException e) {
            if (e.isUnsupported()) {
                throw new UnsupportedFormatException(e.at("file=" + one), one, null, WalException.NO_POSITION, e);
            }
            throw e;
        }
    }

    /**
     * Why the file and its copy can't be read, one by one: nothing else tells of damage to one of them while the other can be read. One that is missing is
     * none.
     *
     * @throws UnsupportedFormatException if a newer version wrote one
     */
    public List<WalException> damage() throws IOException {
        List<WalException> damage = new ArrayList<>();
        for (Path each : new Path[] {file, copy}) {
            try {
                Optional<T> unused = decoded(each);
            } catch (FormatException e) {
                damage.add(new CorruptSegmentException(what + " is damaged: " + e.at("file=" + each), each, null, WalException.NO_POSITION, 0, 0, e));
            } catch (IOException e) {
                IoFailure.checkOfFile(e);
                damage.add(IoFailure.of("reading the " + what, e, each, null, WalException.NO_POSITION));
            }
        }
        return damage;
    }

    /** One of the two by itself; empty if it is missing, or can't be read. */
    public Optional<T> readOnly(Path one) throws IOException {
        try {
            return decoded(one);
        } catch (FormatException | UnsupportedFormatException e) {
            return Optional.empty();
        } catch (IOException e) {
            IoFailure.checkOfFile(e);
            return Optional.empty();
        }
    }

    /** Makes the exception; the caller throws it. */
    public CorruptSegmentException damaged(String how, @Nullable FormatException why) {
        return new CorruptSegmentException(what + ' ' + how + ", file=" + file + ", copy=" + copy + "; " + remedy, file, null, WalException.NO_POSITION, 0, 0,
                why);
    }
}
