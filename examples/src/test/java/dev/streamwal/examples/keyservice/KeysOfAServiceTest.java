package dev.streamwal.examples.keyservice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.examples.ExampleProcess;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysOfAServiceTest {
    @TempDir
    Path folder;

    @Test
    void example_theServiceIsAskedTwice_andRotationOutlivesTheFormerKey() throws Exception {
        String printed = ExampleProcess.output(folder, KeysOfAService.class, folder);

        assertThat(printed)
                .containsPattern("appended +10,000 records; the service was asked: \\[wrap telemetry-1]")
                .containsPattern("log +10,000 records read")
                .containsPattern("copy +can't be read: key service refuses: asked=unwrap")
                .containsPattern("service +is away: key service doesn't answer: asked=unwrap, attempts=3");
    }

    @Test
    void unwrap_anotherContextOrKey_isRefused() throws Exception {
        try (KeyService service = new KeyService()) {
            ServiceKeys keys = new ServiceKeys(service.address());
            byte[] wrapped = keys.wrap(keys.currentId(), new byte[32], new byte[] {1});
            assertThat(keys.unwrap(keys.currentId(), wrapped, new byte[] {1})).isEqualTo(new byte[32]);
            assertThatThrownBy(() -> keys.unwrap(keys.currentId(), wrapped, new byte[] {2})).isInstanceOf(KeyUnavailableException.class);
            assertThatThrownBy(() -> keys.unwrap("unknown", wrapped, new byte[] {1})).isInstanceOf(KeyUnavailableException.class)
                    .hasMessageContaining("key was destroyed, or never was: id=unknown");
            wrapped[20]++;
            assertThatThrownBy(() -> keys.unwrap(keys.currentId(), wrapped, new byte[] {1})).isInstanceOf(KeyUnavailableException.class);
        }
    }
}
