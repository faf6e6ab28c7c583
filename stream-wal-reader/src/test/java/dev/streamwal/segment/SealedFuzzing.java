package dev.streamwal.segment;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.encryption.KeysFile;
import dev.streamwal.encryption.LogKeys;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.format.SealLayout;
import dev.streamwal.keys.MasterKeys;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/** What must hold of an encrypted record of any bytes: it is opened, or refused in one of two ways. */
final class SealedFuzzing {

    /** Of the log that the inputs with encrypted records are of. */
    private static final LogKeys KEYS = keys();

    private SealedFuzzing() {}

    private static LogKeys keys() {
        Path root = Jimfs.newFileSystem(Configuration.unix()).getPath("/keys");
        try (InputStream in = Objects.requireNonNull(SealedFuzzing.class.getResourceAsStream("fuzz.keys"))) {
            Files.createDirectories(root);
            Files.write(KeysFile.path(root), in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new LogKeys(root, MasterKeys.ring("fuzz", Map.of("fuzz", new byte[32])));
    }

    /** @return whether the record, on which the scan stands, is what was sealed */
    static boolean opens(SegmentScan scan) {
        byte[] sealed = scan.copyBody();
        try {
            byte[] plain = KEYS.open(sealed, scan.header().key().text(), scan.position(), scan.timestampMillis(), scan.headerLength());
            if (plain.length != sealed.length - SealLayout.BYTES || plain.length < scan.headerLength()) {
                throw new AssertionError("a record that opens has the lengths that it says");
            }
            return true;
        } catch (CorruptSegmentException | KeyUnavailableException e) {
            return false;
        }
    }
}
