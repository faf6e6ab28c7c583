package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which packages the libraries have and what each depends on: by their sources, which ARCHITECTURE.md's table has to agree with. */
class ArchitectureTest {

    private static final String ROOT = "dev.streamwal";
    private static final List<String> MODULES = List.of("stream-wal-reader", "stream-wal");

    private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([\\w.]+);");
    /** An import, or a class with its package before it; also {@code import static} and {@code .*}. */
    private static final Pattern NAMED = Pattern.compile("\\b(dev\\.streamwal(?:\\.[a-z]\\w*)*)\\.(?=[A-Z*])");
    /** Whichever begins first ends where its own kind ends: so a quote in a comment begins no text. */
    private static final Pattern COMMENT_OR_TEXT = Pattern.compile(
            "(?s)/\\*.*?\\*/|//[^\\n]*|\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])*'");
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `(…[\\w.]+|dev\\.streamwal|stream-wal|stream-wal-reader)` \\|[^|\\n]*\\|([^|\\n]*)\\|$");

    /** A package: its module, and the packages of both modules that it names. */
    private record Place(String module, Set<String> dependencies) {}

    private static Path repository() {
        return Path.of(System.getProperty("basedir", ".")).resolve("..");
    }

    private static Map<String, Place> bySources() throws IOException {
        Map<String, Place> places = new TreeMap<>();
        for (String module : MODULES) {
            try (Stream<Path> files = Files.walk(repository().resolve(module).resolve("src/main/java"))) {
                for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    String code = COMMENT_OR_TEXT.matcher(Files.readString(file)).replaceAll(" ");
                    Matcher declared = PACKAGE.matcher(code);
                    if (declared.find()) {
                        String name = declared.group(1);
                        Place place = places.computeIfAbsent(name, any -> new Place(module, new TreeSet<>()));
                        NAMED.matcher(code).results().map(named -> named.group(1)).filter(named -> !named.equals(name))
                                .forEach(place.dependencies()::add);
                    }
                }
            }
        }
        return places;
    }

    private static Map<String, Place> byTable() throws IOException {
        Map<String, Place> places = new TreeMap<>();
        String module = "";
        for (MatchResult row : ROW.matcher(Files.readString(repository().resolve("ARCHITECTURE.md"))).results().toList()) {
            if (MODULES.contains(row.group(1))) {
                module = row.group(1);
            } else {
                Set<String> dependencies = new TreeSet<>();
                for (String name : row.group(2).strip().split(", ")) {
                    if (!name.isEmpty()) {
                        dependencies.add(name.equals(ROOT) ? ROOT : ROOT + "." + name);
                    }
                }
                places.put(row.group(1).replace("…", ROOT + "."), new Place(module, dependencies));
            }
        }
        return places;
    }

    private static List<String> lines(Map<String, Place> places) {
        return places.entrySet().stream().map(each -> each.getValue().module() + ": " + each.getKey() + " depends on "
                + String.join(", ", each.getValue().dependencies())).toList();
    }

    /** What is left when what depends on nothing that is left is taken away: circles, and what depends on them. */
    private static Set<String> inCircles(Map<String, ? extends Collection<String>> dependencies) {
        Set<String> left = new TreeSet<>(dependencies.keySet());
        boolean shrinks = true;
        while (shrinks) {
            shrinks = left.removeIf(each -> dependencies.get(each).stream().noneMatch(left::contains));
        }
        return left;
    }

    @Test
    void everyPackage_isInTheTable_withWhatItDependsOn() throws IOException {
        assertThat(lines(byTable())).containsExactlyInAnyOrderElementsOf(lines(bySources()));
    }

    @Test
    void packages_dependOnEachOther_withoutCircles() throws IOException {
        Map<String, Set<String>> dependencies = new TreeMap<>();
        bySources().forEach((name, place) -> dependencies.put(name, place.dependencies()));
        assertThat(inCircles(dependencies)).isEmpty();
    }

    @Test
    void theReadersPackages_dependOnNoneOfTheWriters() throws IOException {
        Map<String, Place> all = bySources();
        all.forEach((name, place) -> {
            if (place.module().equals("stream-wal-reader")) {
                assertThat(place.dependencies()).as(name).allMatch(each -> all.get(each).module().equals("stream-wal-reader"));
            }
        });
    }

    @Test
    void inCircles_aCircleAndItsUser_areFound() {
        assertThat(inCircles(Map.of("a", List.of("b", "d"), "b", List.of("c"), "c", List.of("a", "d"), "d", List.of("x"), "e", List.of("a"))))
                .containsExactlyInAnyOrder("a", "b", "c", "e");
        assertThat(inCircles(Map.of("a", List.of("b"), "b", List.of()))).isEmpty();
    }
}
