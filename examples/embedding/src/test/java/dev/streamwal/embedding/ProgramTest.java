package dev.streamwal.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@link Program} runs with the two libraries and Netty's buffers alone, in a JVM of its own, without a flag, and prints nothing. */
class ProgramTest {

    private static final int PATIENCE_SECONDS = 60;
    private static final String MODULE = "dev.streamwal.embedding";

    @TempDir
    Path folder;

    @Test
    void classPath_ofLogAndBuffers_isEnough() throws Exception {
        run(java(Path.of(System.getProperty("java.home"))), "-cp", libraries(), Program.class.getName());
    }

    @Test
    void modulePath_ofLogAndBuffers_isEnough() throws Exception {
        run(java(Path.of(System.getProperty("java.home"))), "-p", libraries(), "-m", MODULE + '/' + Program.class.getName());
    }

    @Test
    void image_linkedOfThem_runs() throws Exception {
        Path image = folder.resolve("image");
        link("--module-path", libraries(), "--add-modules", MODULE, "--output", image.toString());
        run(java(image), "-m", MODULE + '/' + Program.class.getName());
    }

    private static Path java(Path home) {
        return home.resolve("bin").resolve("java");
    }

    /** The jars, or folders of classes, of what a program can't do without; each is found by a class in it. */
    private static String libraries() {
        return Stream.of(Program.class, StreamWal.class, WalReader.class, ByteBuf.class, ReferenceCounted.class)
                .map(ProgramTest::place).collect(Collectors.joining(File.pathSeparator));
    }

    private static String place(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static void link(String... arguments) {
        StringWriter said = new StringWriter();
        PrintWriter out = new PrintWriter(said);
        int exit = ToolProvider.findFirst("jlink").orElseThrow().run(out, out, arguments);
        assertThat(exit).as(said::toString).isZero();
    }

    private void run(Path java, String... arguments) throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        List<String> command = new ArrayList<>(List.of(java.toString()));
        command.addAll(List.of(arguments));
        command.add(folder.resolve("log").toString());
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        // what they add to a JVM's flags it also announces on standard error
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH"));
        Process process = builder.start();
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("it ends by itself").isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(err).isEmptyFile();
        assertThat(out).isEmptyFile();
        assertThat(process.exitValue()).isZero();
    }
}
