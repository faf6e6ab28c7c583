package dev.streamwal.ratis.repair;

import dev.streamwal.error.DiskFullException;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Path;

/** Reads all of a log. */
public final class LogCheck {

    private LogCheck() {}

    /**
     * @throws IOException if a record can't be read, or isn't what was appended
     * @throws WalException if that is no damage
     */
    public static void check(Path log) throws IOException {
        try (WalReader reader = WalReader.open(log)) {
            for (String key : reader.keys()) {
                if (!reader.verify(key).damage().isEmpty()) {
                    throw new IOException("log is damaged: stream=" + key + ", folder=" + log);
                }
            }
        } catch (WalException e) {
            if (!isDamage(e)) {
                throw e;
            }
            throw new IOException("log can't be read: folder=" + log + ", because: " + e.getMessage(), e);
        }
    }

    /** What the machine lacks, a file that it can open or room on the disk, is none, nor is a file of a later version. A read that fails is. */
    public static boolean isDamage(WalException failure) {
        return !(failure instanceof DiskFullException || failure instanceof TooManyOpenFilesException || failure instanceof UnsupportedFormatException);
    }
}
