package dev.streamwal.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What arrives with stream-wal, as Maven resolves it from its pom. */
class DependenciesTest {

    /** Folders of a Maven repository that have what this test needs itself. */
    private static final List<String> OF_TESTS =
            List.of("/org/junit/", "/org/assertj/", "/net/bytebuddy/", "/org/opentest4j/", "/org/apiguardian/");

    @Test
    void classPath_ofAUser_theLibrariesAndNettysBuffers() {
        assertThat(artifacts()).isEqualTo(Set.of("stream-wal", "stream-wal-reader", "netty-buffer", "netty-common", "jspecify"));
    }

    private static Set<String> artifacts() {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Path here = Path.of("target").toAbsolutePath();
        return Stream.of(classPath.split(File.pathSeparator))
                .map(Path::of)
                .filter(entry -> !entry.startsWith(here))
                .filter(entry -> OF_TESTS.stream().noneMatch(entry.toUri().getPath()::contains))
                .map(DependenciesTest::artifact)
                .collect(Collectors.toSet());
    }

    /** Of a jar, or of a module that was compiled in the same build and not packaged. */
    private static String artifact(Path entry) {
        String name = entry.getFileName().toString();
        return name.equals("classes") ? entry.getParent().getParent().getFileName().toString() : name.replaceFirst("-\\d.*", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "picocli.CommandLine", "de.siegmar.fastcsv.reader.CsvReader", "com.fasterxml.jackson.core.JsonFactory", "com.fasterxml.jackson.databind.ObjectMapper",
        "me.tongfei.progressbar.ProgressBar", "net.openhft.chronicle.bytes.Bytes", "org.slf4j.LoggerFactory"
    })
    void classes_ofWhatIsOptional_areNotThere(String name) {
        assertThatThrownBy(() -> Class.forName(name)).isInstanceOf(ClassNotFoundException.class);
    }
}
