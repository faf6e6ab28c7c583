package dev.streamwal.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchFolderTest {

    private static final String SETTING = "bench.dir";

    @TempDir
    private Path named;

    @BeforeEach
    void nameFolder() {
        System.setProperty(SETTING, named.toString());
    }

    @AfterEach
    void forgetFolder() {
        System.clearProperty(SETTING);
    }

    /** The folders have names that a benchmark's have, too. */
    @Test
    void leftovers_areDeleted_andNothingOfSomebodyElse() throws IOException {
        for (String name : new String[] {"metrics-2025", "month-06", "reads-of-others", "stream-wal"}) {
            Files.writeString(Files.createDirectories(named.resolve(name)).resolve("file"), "of somebody else");
        }
        for (String name : new String[] {"reads", "iot"}) {
            Files.writeString(Files.createDirectories(BenchFolder.fresh(name)).resolve("file"), "left over");
        }
        assertThat(BenchFolder.files(named)).isEqualTo(6);

        BenchFolder.deleteLeftovers();

        assertThat(BenchFolder.files(BenchFolder.root())).as("files of benchmarks").isZero();
        assertThat(BenchFolder.files(named)).as("files of somebody else").isEqualTo(4);
    }

    @Test
    void anotherJvm_hasTheSameFolder() {
        Path before = BenchFolder.root();
        String option = BenchFolder.jvmOption();
        System.setProperty(SETTING, option.substring(option.indexOf('=') + 1));
        assertThat(BenchFolder.root()).isEqualTo(before);
    }
}
