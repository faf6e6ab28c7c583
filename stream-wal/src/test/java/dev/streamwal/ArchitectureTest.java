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
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which packages the modules have and what each depends on: by their sources, which ARCHITECTURE.md's tables have to agree with. */
class ArchitectureTest {

    private static final String ROOT = "dev.streamwal";
    /** Each depends on those before it only. */
    private static final List<String> MODULES = List.of("stream-wal-reader", "stream-wal", "stream-wal-cli", "stream-wal-ratis");
    private static final String COMMAND_LINE = "dev.streamwal.cli";

    private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([\\w.]+);");
    /** An import, or a class with its package before it; also {@code import static} and {@code .*}. */
    private static final Pattern NAMED = Pattern.compile("\\b(dev\\.streamwal(?:\\.[a-z]\\w*)*)\\.(?=[A-Z*])");
    /** Whichever begins first ends where its own kind ends: so a quote in a comment begins no text. */
    private static final Pattern COMMENT_OR_TEXT = Pattern.compile(
            "(?s)/\\*.*?\\*/|//[^\\n]*|\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])*'");
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `(…[\\w.]+|dev\\.streamwal|stream-wal[a-z-]*)` \\|[^|\\n]*\\|([^|\\n]*)\\|$");

    private static final Pattern NODE = Pattern.compile("(?m)^ {4}(\\w+)\\[\"([\\w.]+)\"]$");
    private static final Pattern ARROW = Pattern.compile("(?m)^ {2}(\\w+) --> (\\w+)$");

    private static final Pattern EXPORTED = Pattern.compile("exports (dev\\.streamwal[.\\w]*)(?: to ([^;]+))?;");
    private static final Pattern AUTOMATIC_NAME = Pattern.compile("<Automatic-Module-Name>(\\S+)</Automatic-Module-Name>");
    private static final Pattern EXPORTED_ROW = Pattern.compile("(?m)^\\| `(…\\w+)` \\|[^|\\n]*\\|$");

    /** A package: its module, and the packages of all modules that it names. */
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
    void picture_hasEveryPackage_andTheArrowsThatFollowFromNoOthers() throws IOException {
        Map<String, Set<String>> dependencies = new TreeMap<>();
        bySources().forEach((name, place) -> dependencies.put(shortName(name), place.dependencies().stream().map(ArchitectureTest::shortName)
                .collect(Collectors.toCollection(TreeSet::new))));
        Map<String, Set<String>> drawn = new TreeMap<>();
        Map<String, String> names = new TreeMap<>();
        String picture = Files.readString(repository().resolve("ARCHITECTURE.md"));
        NODE.matcher(picture).results().forEach(node -> names.put(node.group(1), node.group(2)));
        names.values().forEach(name -> drawn.put(name, new TreeSet<>()));
        ARROW.matcher(picture).results().forEach(arrow -> drawn.get(names.get(arrow.group(1))).add(names.get(arrow.group(2))));
        assertThat(drawn).isEqualTo(withoutWhatFollows(dependencies));
    }

    private static String shortName(String name) {
        return name.equals(ROOT) ? ROOT : name.substring(ROOT.length() + 1);
    }

    private static Map<String, Set<String>> withoutWhatFollows(Map<String, Set<String>> dependencies) {
        Map<String, Set<String>> left = new TreeMap<>();
        dependencies.forEach((name, all) -> left.put(name, all.stream()
                .filter(each -> all.stream().noneMatch(other -> !other.equals(each) && leadsTo(dependencies, other, each)))
                .collect(Collectors.toCollection(TreeSet::new))));
        return left;
    }

    private static boolean leadsTo(Map<String, Set<String>> dependencies, String from, String to) {
        return dependencies.get(from).stream().anyMatch(each -> each.equals(to) || leadsTo(dependencies, each, to));
    }

    @Test
    void withoutWhatFollows_aShortCut_isLeftOut() {
        assertThat(withoutWhatFollows(Map.of("a", Set.of("b", "c"), "b", Set.of("c"), "c", Set.of())))
                .isEqualTo(Map.of("a", Set.of("b"), "b", Set.of("c"), "c", Set.of()));
    }

    @Test
    void packages_dependOnEachOther_withoutCircles() throws IOException {
        Map<String, Set<String>> dependencies = new TreeMap<>();
        bySources().forEach((name, place) -> dependencies.put(name, place.dependencies()));
        assertThat(inCircles(dependencies)).isEmpty();
    }

    @Test
    void packages_dependOnNoModuleBehindTheirOwn() throws IOException {
        Map<String, Place> all = bySources();
        all.forEach((name, place) -> {
            List<String> upToItsOwn = MODULES.subList(0, MODULES.indexOf(place.module()) + 1);
            assertThat(place.dependencies()).as(name).allMatch(each -> upToItsOwn.contains(all.get(each).module()));
        });
    }

    @Test
    void packages_areExportedToTheModulesThatNameThem_andToNoOther() throws IOException {
        assertThat(exported()).isEqualTo(usedElsewhere(exportedToAll()));
    }

    @Test
    void packagesExportedToTheCommandLine_areInTheTable() throws IOException {
        Set<String> rows = new TreeSet<>();
        EXPORTED_ROW.matcher(Files.readString(repository().resolve("ARCHITECTURE.md"))).results()
                .forEach(row -> rows.add(row.group(1).replace("…", ROOT + ".")));
        Set<String> exported = new TreeSet<>();
        exported().forEach((name, modules) -> {
            if (modules.contains(COMMAND_LINE)) {
                exported.add(name);
            }
        });
        assertThat(rows).isEqualTo(exported);
    }

    /** By package, the names of the modules that it is exported to by name. */
    private static Map<String, Set<String>> exported() throws IOException {
        Map<String, Set<String>> exported = new TreeMap<>();
        for (String module : MODULES) {
            EXPORTED.matcher(descriptor(module)).results().filter(each -> each.group(2) != null)
                    .forEach(each -> exported.put(each.group(1), new TreeSet<>(List.of(each.group(2).split(",\\s*")))));
        }
        return exported;
    }

    private static Set<String> exportedToAll() throws IOException {
        Set<String> exported = new TreeSet<>();
        for (String module : MODULES) {
            EXPORTED.matcher(descriptor(module)).results().filter(each -> each.group(2) == null).forEach(each -> exported.add(each.group(1)));
        }
        return exported;
    }

    /** By package that isn't exported to all, the names of the other modules whose packages name it. */
    private static Map<String, Set<String>> usedElsewhere(Set<String> exportedToAll) throws IOException {
        Map<String, Place> all = bySources();
        Map<String, Set<String>> used = new TreeMap<>();
        for (Place user : all.values()) {
            String name = moduleName(user.module());
            user.dependencies().stream().filter(each -> !exportedToAll.contains(each) && !all.get(each).module().equals(user.module()))
                    .forEach(each -> used.computeIfAbsent(each, any -> new TreeSet<>()).add(name));
        }
        return used;
    }

    private static String moduleName(String module) throws IOException {
        Matcher declared = Pattern.compile("(?m)^module (\\S+) \\{").matcher(descriptor(module));
        assertThat(declared.find()).as(module).isTrue();
        return declared.group(1);
    }

    /** A module that depends on jars which no module path takes has a name only, in its manifest. */
    private static String descriptor(String module) throws IOException {
        Path descriptor = repository().resolve(module).resolve("src/main/java/module-info.java");
        if (Files.exists(descriptor)) {
            return Files.readString(descriptor);
        }
        Matcher named = AUTOMATIC_NAME.matcher(Files.readString(repository().resolve(module).resolve("pom.xml")));
        assertThat(named.find()).as(module).isTrue();
        return "module " + named.group(1) + " {";
    }

    @Test
    void inCircles_aCircleAndItsUser_areFound() {
        assertThat(inCircles(Map.of("a", List.of("b", "d"), "b", List.of("c"), "c", List.of("a", "d"), "d", List.of("x"), "e", List.of("a"))))
                .containsExactlyInAnyOrder("a", "b", "c", "e");
        assertThat(inCircles(Map.of("a", List.of("b"), "b", List.of()))).isEmpty();
    }
}
