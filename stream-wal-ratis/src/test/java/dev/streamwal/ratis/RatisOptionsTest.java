package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can't be replicated is refused when options are built. */
class RatisOptionsTest {

    @TempDir
    private Path folder;

    @Test
    void build_withATier_isRefused() {
        RatisOptions.Builder options = RatisOptions.builder().replicas(Replicas.of("n1=127.0.0.1:7101")).wal(wal -> wal.tier(folder));
        assertThatThrownBy(options::build).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("a log with a tier can't be replicated")
                .hasMessageContaining("tier=" + folder);
    }
}
