package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a program compiles against: the package begins with an example that works, and what the log hands out can gain a field. */
class PublicTypesTest {

    private static final Path SOURCES = Path.of(System.getProperty("basedir", "."), "src");
    private static final Path MAIN = SOURCES.resolve("main/java/dev/streamwal");

    /** What programs make. */
    private static final Set<Class<?>> MADE_BY_PROGRAMS = Set.of(WriteBatch.class, WriteEntry.class);

    @TempDir
    private Path directory;

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.list(MAIN)) {
            return files.filter(file -> file.toString().endsWith(".java") && !file.endsWith("package-info.java")).sorted().toList();
        }
    }

    private static List<Class<?>> publicTypes() throws IOException, ClassNotFoundException {
        List<Class<?>> types = new ArrayList<>();
        for (Path source : sources()) {
            Class<?> type = Class.forName("dev.streamwal." + source.getFileName().toString().replace(".java", ""));
            if (Modifier.isPublic(type.getModifiers())) {
                types.add(type);
                types.addAll(List.of(type.getClasses()));
            }
        }
        return types;
    }

    private static String between(String text, String start, String end) {
        int from = text.indexOf(start) + start.length();
        int to = text.indexOf(end, from);
        assertThat(to).as("%s, and %s behind it", start.strip(), end.strip()).isGreaterThan(from).isGreaterThan(start.length());
        return text.substring(from, to);
    }

    @Test
    void packageInfo_beginsWithWhatCompiles() throws IOException {
        String shown = between(Files.readString(MAIN.resolve("package-info.java")), " * <pre>{@code\n", " * }</pre>");
        String compiled = between(Files.readString(SOURCES.resolve("test/java/dev/streamwal/PackageExample.java")),
                "        // example\n", "        // example\n");
        assertThat(shown.lines().map(line -> line.substring(Math.min(line.length(), 3))).collect(Collectors.joining("\n")))
                .isEqualTo(compiled.stripTrailing().stripIndent());
    }

    @Test
    void packageExample_isWrittenAndRead() {
        PackageExample.run(directory);
        try (WalReader reader = WalReader.open(directory)) {
            assertThat(Written.drain(reader.scan("audit/logins"))).hasSize(1);
            assertThat(Written.drain(reader.scan("meter/2/power"))).hasSize(1);
        }
    }

    @Test
    void publicTypes_sayInWhichVersionTheyCame() throws IOException {
        for (Path source : sources()) {
            String text = Files.readString(source);
            if (text.contains("\npublic ")) {
                assertThat(text.substring(0, text.indexOf("\npublic "))).as(source.getFileName().toString()).contains(" * @since ");
            }
        }
    }

    @Test
    void publicTypes_areMadeByTheLogAlone() throws Exception {
        List<Class<?>> types = publicTypes();
        assertThat(types).contains(StreamWal.class, WalStats.class, RecoveryReport.Sums.class, WalOptions.Builder.class);
        for (Class<?> type : types) {
            assertThat(type.isRecord()).as("%s is a record", type).isEqualTo(type.equals(WriteEntry.class));
            if (!MADE_BY_PROGRAMS.contains(type)) {
                assertThat(type.getConstructors()).as("public constructors of %s", type).isEqualTo(new Constructor<?>[0]);
            }
        }
    }
}
