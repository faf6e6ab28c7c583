package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a native image is told of the libraries' reflection is what they do, and what the JDK has. */
class NativeImageTest {

    private static final Path BASE = Path.of(System.getProperty("basedir", "."), "..");
    private static final Pattern LOOKED_UP = Pattern.compile("Class\\.forName\\(\"([^\"]+)\"");
    private static final int FIRST_WITH_ARENAS = 22;

    private static JsonNode metadata(String library) throws IOException {
        return new ObjectMapper().readTree(BASE.resolve(library + "/src/main/resources/META-INF/native-image/dev.streamwal/" + library
                + "/reflect-config.json").toFile());
    }

    private static Stream<JsonNode> each(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    private static String source(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(file.toString(), e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stream-wal-reader", "stream-wal"})
    void classesLookedUpByName_areListed(String library) throws IOException {
        Set<String> listed = each(metadata(library)).map(entry -> entry.get("name").asText()).collect(Collectors.toSet());
        try (Stream<Path> files = Files.walk(BASE.resolve(library).resolve("src/main/java"))) {
            Set<String> lookedUp = files.filter(file -> file.toString().endsWith(".java"))
                    .flatMap(file -> LOOKED_UP.matcher(source(file)).results().map(match -> match.group(1)))
                    .collect(Collectors.toCollection(TreeSet::new));
            assertThat(lookedUp).isNotEmpty();
            assertThat(listed).containsAll(lookedUp);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stream-wal-reader", "stream-wal"})
    void membersListed_areThere(String library) throws IOException, ClassNotFoundException {
        for (JsonNode entry : metadata(library)) {
            String name = entry.get("name").asText();
            if (library.equals("stream-wal-reader") && Runtime.version().feature() < FIRST_WITH_ARENAS) {
                assertThat(name).matches("java\\.(lang\\.foreign|nio\\.channels)\\..*");
                continue;
            }
            Class<?> type = Class.forName(name);
            for (JsonNode method : entry.path("methods")) {
                List<String> parameters = each(method.get("parameterTypes")).map(JsonNode::asText).toList();
                assertThat(type.getMethods()).as("%s.%s%s", name, method.get("name").asText(), parameters)
                        .anyMatch(found -> found.getName().equals(method.get("name").asText()) && parameters(found).equals(parameters));
            }
            for (JsonNode field : entry.path("fields")) {
                assertThat(type.getDeclaredFields()).anyMatch(found -> found.getName().equals(field.get("name").asText()));
            }
        }
    }

    private static List<String> parameters(Method method) {
        return Arrays.stream(method.getParameterTypes()).map(Class::getName).toList();
    }
}
