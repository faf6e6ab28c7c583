package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Documents link to files that are there. */
class DocumentLinksTest {

    /** {@code [text](target)} or {@code [name]: target}, without the part of the target behind a number sign. */
    private static final Pattern LINK = Pattern.compile("(?m)]\\(([^)#\\s]+)(?:#[^)]*)?\\)|^\\[[^]]+]:\\s*([^#\\s]+)");
    private static final Pattern ELSEWHERE = Pattern.compile("[a-z]+:.*");

    private static List<Path> documents() throws IOException {
        Path repository = Path.of(System.getProperty("basedir", ".")).resolve("..").normalize();
        try (Stream<Path> files = Files.walk(repository)) {
            return files.filter(file -> file.toString().endsWith(".md"))
                    .filter(file -> !repository.relativize(file).toString().matches("(.*/)?(target|\\..*)/.*")).toList();
        }
    }

    @Test
    void links_allDocuments_leadToFiles() throws IOException {
        List<String> broken = new ArrayList<>();
        int links = 0;
        for (Path document : documents()) {
            Matcher link = LINK.matcher(Files.readString(document));
            while (link.find()) {
                String target = link.group(1) == null ? link.group(2) : link.group(1);
                if (!ELSEWHERE.matcher(target).matches()) {
                    links++;
                    if (!Files.exists(document.resolveSibling(target))) {
                        broken.add(document + ": " + target);
                    }
                }
            }
        }
        assertThat(broken).isEmpty();
        assertThat(links).as("links that were followed").isGreaterThan(100);
    }
}
