package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a process sees of a {@link SimulatedDisk} is what it would see of a real one: the same random calls, and the same answers. */
class SameAsRealDiskTest {

    private static final int STEPS = 3_000;
    private static final int MAX_OFFSET = 2_000;
    private static final List<String> DIRECTORIES = List.of("d", "e", "d/f");
    private static final List<String> FILES = List.of("a", "b", "d/a", "d/b", "e/c", "d/f/a", "a/b");

    @TempDir
    Path real;

    /** A call, its arguments drawn already, on one of the two. */
    private interface Step {
        Object on(Path root) throws IOException;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void randomCalls_haveTheSameAnswers(long seed) throws IOException {
        Random random = new Random(seed);
        Path simulated = new SimulatedDisk().path("/root");
        Files.createDirectory(simulated);
        for (int i = 0; i < STEPS; i++) {
            long ofStep = random.nextLong();
            String[] what = new String[1];
            Object expected = outcome(step(new Random(ofStep), what), real);
            Object found = outcome(step(new Random(ofStep), what), simulated);
            assertThat(found).as("seed=" + seed + ", step " + i + ": " + what[0]).isEqualTo(expected);
        }
        assertThat(tree(simulated)).isEqualTo(tree(real));
    }

    private static Object outcome(Step step, Path root) {
        try {
            return step.on(root);
        } catch (NoSuchFileException e) {
            return "no such file";
        } catch (FileAlreadyExistsException e) {
            return "already exists";
        } catch (DirectoryNotEmptyException e) {
            return "not empty";
        } catch (NotDirectoryException e) {
            return "not a directory";
        } catch (FileSystemException e) {
            // below a file there is no file: later JDKs say it in these words
            return "Not a directory".equals(e.getReason()) ? "no such file" : "can't: " + e.getReason();
        } catch (IOException e) {
            return "failed: " + e.getMessage();
        }
    }

    private static Step step(Random random, String[] what) {
        String file = FILES.get(random.nextInt(FILES.size()));
        String other = FILES.get(random.nextInt(FILES.size()));
        String directory = DIRECTORIES.get(random.nextInt(DIRECTORIES.size()));
        long offset = random.nextInt(MAX_OFFSET);
        byte[] bytes = new byte[random.nextInt(1_200)];
        random.nextBytes(bytes);
        int call = random.nextInt(22);
        what[0] = "call " + call + ", file=" + file + ", other=" + other + ", directory=" + directory + ", offset=" + offset + ", bytes="
                + bytes.length;
        return switch (call) {
            case 0, 1 -> root -> open(root.resolve(file), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            case 2 -> root -> open(root.resolve(file), StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING);
            case 3, 4, 5, 6 -> root -> write(root.resolve(file), offset, bytes);
            case 7 -> root -> gather(root.resolve(file), offset, bytes);
            case 8, 9 -> root -> read(root.resolve(file), offset, bytes.length);
            case 10 -> root -> truncate(root.resolve(file), offset);
            case 11 -> root -> Files.size(Files.isDirectory(root.resolve(file)) ? root.resolve("none") : root.resolve(file));
            case 12 -> root -> move(root.resolve(file), root.resolve(other));
            case 13 -> root -> Files.isDirectory(root.resolve(file)) || Files.isDirectory(root.resolve(other))
                    ? "files only"
                    : move(root.resolve(file), root.resolve(other), StandardCopyOption.ATOMIC_MOVE);
            case 14 -> root -> Files.deleteIfExists(root.resolve(file));
            case 15 -> root -> {
                Files.delete(root.resolve(directory));
                return "deleted";
            };
            case 16, 17 -> root -> {
                Files.createDirectory(root.resolve(directory));
                return "made";
            };
            case 18 -> root -> {
                Files.createDirectories(root.resolve(directory));
                return "made";
            };
            case 19 -> root -> list(root.resolve(random.nextBoolean() ? directory : file));
            case 20 -> root -> link(root.resolve(file), root.resolve(other));
            default -> root -> force(root.resolve(random.nextBoolean() ? directory : file));
        };
    }

    private static Object open(Path path, StandardOpenOption... options) throws IOException {
        try (FileChannel channel = FileChannel.open(path, options)) {
            return channel.size();
        }
    }

    private static FileChannel existing(Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private static Object write(Path path, long offset, byte[] bytes) throws IOException {
        try (FileChannel channel = existing(path)) {
            return channel.write(ByteBuffer.wrap(bytes), offset) + channel.size();
        }
    }

    private static Object gather(Path path, long offset, byte[] bytes) throws IOException {
        int middle = bytes.length / 3;
        ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length - middle).put(bytes, middle, bytes.length - middle).flip();
        try (FileChannel channel = existing(path)) {
            return channel.position(offset).write(new ByteBuffer[] {ByteBuffer.wrap(bytes, 0, middle), direct}) + channel.position()
                    + direct.remaining();
        }
    }

    private static Object read(Path path, long offset, int bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            ByteBuffer target = ByteBuffer.allocate(bytes + 1);
            int read = channel.read(target, offset);
            return read + " " + Arrays.hashCode(Arrays.copyOf(target.array(), Math.max(0, read)));
        }
    }

    private static Object truncate(Path path, long length) throws IOException {
        try (FileChannel channel = existing(path)) {
            return channel.truncate(length).size();
        }
    }

    private static Object move(Path from, Path to, CopyOption... how) throws IOException {
        Files.move(from, to, how);
        return "moved";
    }

    private static Object list(Path directory) throws IOException {
        Set<String> names = new TreeSet<>();
        try (DirectoryStream<Path> paths = Files.newDirectoryStream(directory)) {
            paths.forEach(path -> names.add(path.getFileName().toString()));
        }
        return names;
    }

    private static Object link(Path existing, Path link) throws IOException {
        Files.createLink(link, existing);
        return Files.isSameFile(link, existing);
    }

    private static Object force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
            return "forced";
        }
    }

    /** Everything there is, with its attributes. */
    private static Set<String> tree(Path root) throws IOException {
        Set<String> lines = new TreeSet<>();
        try (Stream<Path> paths = Files.walk(root)) {
            for (Path path : paths.toList()) {
                BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
                String name = root.relativize(path).toString();
                lines.add(attributes.isDirectory() ? name + "/" : name + " " + Arrays.hashCode(Files.readAllBytes(path)));
            }
        }
        return lines;
    }

    @Test
    void paths_resolveRelativizeAndCompareAsRealOnes() {
        Path simulated = new SimulatedDisk().path("/x");
        for (String text : List.of("/x/y/z", "y/z", "y", "/", "", "../a", "/x/./y/../z")) {
            Path ours = simulated.getFileSystem().getPath(text);
            Path theirs = Path.of(text);
            assertThat(ours).hasToString(theirs.toString());
            assertThat(ours.getNameCount()).isEqualTo(theirs.getNameCount());
            assertThat(String.valueOf(ours.getParent())).isEqualTo(String.valueOf(theirs.getParent()));
            assertThat(String.valueOf(ours.getFileName())).isEqualTo(String.valueOf(theirs.getFileName()));
            assertThat(ours.normalize()).hasToString(theirs.normalize().toString());
            assertThat(ours.resolve("k")).hasToString(theirs.resolve("k").toString());
            assertThat(ours.resolveSibling("k")).hasToString(theirs.resolveSibling("k").toString());
            assertThat(ours.isAbsolute()).isEqualTo(theirs.isAbsolute());
            assertThat(ours.startsWith("/x")).isEqualTo(theirs.startsWith("/x"));
            assertThat(ours.endsWith("z")).isEqualTo(theirs.endsWith("z"));
            assertThat(ours.resolve("p/q")).isEqualTo(ours.resolve("p").resolve("q")).hasSameHashCodeAs(ours.resolve("p").resolve("q"));
        }
        assertThat(simulated.relativize(simulated.resolve("a/b"))).hasToString("a/b");
        assertThat(simulated.resolve("a").relativize(simulated.resolve("b/c"))).hasToString("../b/c");
    }
}
