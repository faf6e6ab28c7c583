package dev.streamwal.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** That the examples compile shows that the libraries export enough; this, that they see no more than that. */
class NamedModuleTest {
    @Test
    void theExamplesRunAgainstTheLibrariesAsModules() {
        Module examples = MachineTelemetry.class.getModule();

        assertThat(examples.getName()).isEqualTo("dev.streamwal.examples");
        Module writer = examples.getLayer().findModule("dev.streamwal").orElseThrow();
        Module reader = examples.getLayer().findModule("dev.streamwal.reader").orElseThrow();
        assertThat(examples.canRead(writer)).isTrue();
        assertThat(examples.canRead(reader)).isTrue();
        assertThat(reader.isExported("dev.streamwal.reader", examples)).isTrue();
        assertThat(reader.isExported("dev.streamwal.format", examples)).isFalse();
        assertThat(reader.isExported("dev.streamwal.format", writer)).isTrue();
    }
}
