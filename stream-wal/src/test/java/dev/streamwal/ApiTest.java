package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What programs compile against, and what modules they get, is listed in {@code docs/api.txt}: a change of it is seen in a diff, and isn't made by accident.
 * {@code -Dapi.write=true} writes the list anew.
 */
class ApiTest {

    private static final Path BASE = Path.of(System.getProperty("basedir", "."));
    private static final Path LIST = BASE.resolve("../docs/api.txt");
    private static final Pattern DIRECTIVE = Pattern.compile("^    ((requires|exports|opens|uses|provides) [^;]+);", Pattern.MULTILINE);
    private static final int API = Modifier.PUBLIC | Modifier.PROTECTED;
    private static final int SHOWN = API | Modifier.STATIC | Modifier.ABSTRACT | Modifier.FINAL;

    @Test
    void api_isWhatIsListed() throws IOException, ClassNotFoundException {
        List<String> api = new ArrayList<>(List.of("What programs compile against, written by ApiTest: see compatibility.md for what may change."));
        for (String library : List.of("stream-wal-reader", "stream-wal")) {
            addLibrary(library, BASE.resolve("..").resolve(library).resolve("src/main/java"), api);
        }
        if (Boolean.getBoolean("api.write")) {
            Files.write(LIST, api);
        }
        assertThat(api).hasSizeGreaterThan(500);
        assertThat(String.join("\n", api)).as("what programs compile against: see docs/compatibility.md for what may change, and list it with"
                + " mvn -q test -pl stream-wal -am -Dtest=ApiTest -Dapi.write=true -Dsurefire.failIfNoSpecifiedTests=false")
                .isEqualTo(String.join("\n", Files.readAllLines(LIST)));
    }

    private static void addLibrary(String library, Path folder, List<String> api) throws IOException, ClassNotFoundException {
        List<String> directives = DIRECTIVE.matcher(Files.readString(folder.resolve("module-info.java"))).results().map(match -> match.group(1))
                .filter(directive -> !directive.contains(" to ")).sorted().toList();
        api.add("");
        directives.forEach(directive -> api.add(library + ' ' + directive));
        for (String directive : directives) {
            if (directive.startsWith("exports ")) {
                addPackage(folder, directive.substring("exports ".length()), api);
            }
        }
    }

    private static void addPackage(Path folder, String name, List<String> api) throws IOException, ClassNotFoundException {
        try (Stream<Path> files = Files.list(folder.resolve(name.replace('.', '/')))) {
            for (String file : files.map(file -> file.getFileName().toString()).filter(file -> file.endsWith(".java") && !file.equals("package-info.java"))
                    .sorted().toList()) {
                addTypes(Class.forName(name + '.' + file.replace(".java", ""), false, ApiTest.class.getClassLoader()), api);
            }
        }
    }

    private static String classFile(Class<?> type) {
        try (InputStream in = type.getResourceAsStream(type.getName().substring(type.getPackageName().length() + 1) + ".class")) {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A type that programs can name, and those in it. */
    private static void addTypes(Class<?> type, List<String> api) {
        if ((type.getModifiers() & API) != 0) {
            assertThat(classFile(type)).as("javac warns programs about annotations that it doesn't find: " + type).doesNotContain("com/google/errorprone");
            addType(type, api);
            Arrays.stream(type.getDeclaredClasses()).sorted(Comparator.comparing(Class::getName)).forEach(inner -> addTypes(inner, api));
        }
    }

    private static void addType(Class<?> type, List<String> api) {
        api.add("");
        api.add(Modifier.toString(type.getModifiers() & SHOWN & ~(type.isInterface() ? Modifier.ABSTRACT : 0)) + ' ' + kind(type) + ' ' + type.getName()
                + parameters(type) + listed(" extends ", superclass(type)) + listed(type.isInterface() ? " extends " : " implements ",
                type.getGenericInterfaces()));
        TreeSet<String> members = new TreeSet<>();
        members(type).filter(member -> (member.getModifiers() & API) != 0 && !member.isSynthetic()).forEach(member -> members.add("    " + signature(member)));
        api.addAll(members);
    }

    private static Stream<Member> members(Class<?> type) {
        return Stream.of(type.getDeclaredFields(), type.getDeclaredConstructors(), type.getDeclaredMethods()).flatMap(Arrays::stream);
    }

    private static String kind(Class<?> type) {
        return type.isAnnotation() ? "annotation" : type.isInterface() ? "interface" : type.isEnum() ? "enum" : type.isRecord() ? "record" : "class";
    }

    private static Type[] superclass(Class<?> type) {
        Class<?> parent = type.getSuperclass();
        boolean isPlain = parent == null || parent == Object.class || parent == Record.class || type.isEnum();
        return isPlain ? new Type[0] : new Type[] {type.getGenericSuperclass()};
    }

    private static String parameters(Class<?> type) {
        TypeVariable<?>[] variables = type.getTypeParameters();
        return variables.length == 0 ? "" : Arrays.stream(variables).map(variable -> variable.getName() + bounds(variable))
                .collect(Collectors.joining(", ", "<", ">"));
    }

    private static String bounds(TypeVariable<?> variable) {
        Type[] bounds = variable.getBounds();
        return bounds.length == 1 && bounds[0] == Object.class ? "" : listed(" extends ", bounds);
    }

    private static String listed(String before, Type[] types) {
        return types.length == 0 ? "" : Arrays.stream(types).sorted(Comparator.comparing(Type::getTypeName)).map(Type::getTypeName)
                .collect(Collectors.joining(", ", before, ""));
    }

    /** Without what says how it is made: {@code synchronized}, {@code native}. */
    private static String signature(Member member) {
        String text = member instanceof Executable executable ? executable.toGenericString() : ((Field) member).toGenericString();
        String owner = member.getDeclaringClass().getName();
        String name = member instanceof Constructor<?> ? owner : owner + '.' + member.getName();
        String shortName = member instanceof Constructor<?> ? member.getDeclaringClass().getSimpleName() : member.getName();
        String value = member instanceof Method method && method.getDefaultValue() != null ? " default " + method.getDefaultValue() : "";
        return text.replace("synchronized ", "").replace("native ", "").replace("volatile ", "").replace("transient ", "")
                .replace(' ' + name + '(', ' ' + shortName + '(').replaceAll(Pattern.quote(' ' + name) + "$", ' ' + Matcher.quoteReplacement(shortName)) + value;
    }
}
