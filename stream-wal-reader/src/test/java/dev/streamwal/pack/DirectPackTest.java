package dev.streamwal.pack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.io.DirectWrites;
import dev.streamwal.io.LogFile;
import dev.streamwal.pack.PacksForTests.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A pack that is written past the page cache has the bytes of one that is written through it. */
class DirectPackTest {

    @TempDir
    private Path folder;

    /** Around a block, and around what is written at once. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 5, 250, 1_000, 2_000})
    void finish_direct_hasTheSameBytes(int segments) throws IOException {
        String content = "x".repeat(1_000);
        List<Sample> samples = IntStream.range(0, segments).mapToObj(i -> Sample.of(String.format("k%05d", i), 0, i, content + i)).toList();
        DirectWrites direct = new DirectWrites();
        byte[] bytes = write("direct", samples, direct);
        assertThat(Arrays.mismatch(bytes, write("buffered", samples, null))).isEqualTo(-1);
        assertThat(direct.bytes()).isIn(0L, bytes.length - bytes.length % 4_096L);
    }

    private byte[] write(String name, List<Sample> samples, @Nullable DirectWrites direct) throws IOException {
        Path path = folder.resolve(name);
        LogFile temporary = new LogFile(folder.resolve(name + ".tmp"), StandardOpenOption.READ, StandardOpenOption.WRITE);
        try (PackWriter writer = PackWriter.create(temporary, path, PacksForTests.packHeader(1), direct)) {
            for (Sample sample : samples) {
                writer.add(sample.header(), sample.footer(), sample.bytes());
            }
            PackFooter unused = writer.finish();
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(Path::getFileName).map(Path::toString)).doesNotContain(name + ".tmp");
        }
        return Files.readAllBytes(path);
    }
}
