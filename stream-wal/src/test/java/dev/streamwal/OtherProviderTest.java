package dev.streamwal;

import static dev.streamwal.OtherProviderProgram.CONTENTS;
import static dev.streamwal.OtherProviderProgram.KEY;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.SealLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.crypto.Cipher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A log that is written by a process with another provider of ciphers, Bouncy Castle, before the JDK's is the same log. The order of providers is the whole
 * JVM's, so it is changed in a second one.
 */
class OtherProviderTest {

    @TempDir
    Path directory;

    @Test
    void log_writtenByTurnsWithTwoProviders_isReadByBoth() throws Exception {
        assertThat(Cipher.getInstance("AES/GCM/NoPadding").getProvider().getName()).isNotEqualTo("BC");
        Path root = directory.resolve("log");
        try (StreamWal wal = StreamWal.open(root, OtherProviderProgram.options("old"))) {
            wal.stream(KEY).append(CONTENTS.get(0).getBytes(UTF_8));
        }
        Path output = directory.resolve("output");
        Path errors = directory.resolve("errors");
        int exit = ChildJvm.run(ChildJvm.of(List.of(), OtherProviderProgram.class, root.toString(), directory.resolve("other").toString()), output, errors);
        assertThat(errors).isEmptyFile();
        assertThat(exit).isZero();
        int plain = CONTENTS.get(0).length();
        int keyId = Integer.BYTES;
        assertThat(Files.readAllLines(output)).containsExactly("AES by BC", CONTENTS.toString(), "KeyUnavailableException new",
                "{CorruptSegmentException=" + (plain + SealLayout.BYTES - keyId) + ", KeyUnavailableException=" + keyId + "}");
        assertThat(OtherProviderProgram.read(root, MasterKeysForTests.ring("new"))).isEqualTo(CONTENTS.toString());
        NonceLedger nonces = new NonceLedger().add(root);
        assertThat(nonces.size()).isEqualTo(CONTENTS.size());
        assertThat(nonces.keys()).isEqualTo(CONTENTS.size());
    }
}
