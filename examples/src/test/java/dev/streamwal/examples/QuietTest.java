package dev.streamwal.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.examples.gateway.Gateway;
import dev.streamwal.examples.tcp.ServeOverTcp;
import dev.streamwal.examples.typed.TypedStreams;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples as modules, in a JVM of their own, without a flag: they end by themselves, and no library talks. */
class QuietTest {
    @TempDir
    Path folder;

    @Test
    void machineTelemetry_printsWhatItDidAndNothingElse() throws Exception {
        assertThat(run(MachineTelemetry.class, "--seconds=1", "--directory=" + folder)).isEmpty();
    }

    @Test
    void csvImport_printsWhatItDidAndNothingElse() throws Exception {
        Path file = Files.writeString(folder.resolve("one.csv"), "timestamp,value\n2014-01-01 00:00:00,1\n");

        assertThat(run(CsvImport.class, "--verify", folder.resolve("log").toString(), file.toString())).isEmpty();
    }

    @Test
    void retentionPerKey_printsWhatItDidAndNothingElse() throws Exception {
        assertThat(run(RetentionPerKey.class, folder.resolve("log").toString())).isEmpty();
    }

    @Test
    void gateway_printsWhatItDidAndNothingElse() throws Exception {
        assertThat(run(Gateway.class, "--seconds=1", "--sensors=100", "--directory=" + folder)).isEmpty();
    }

    @Test
    void serveOverTcp_printsWhatItDidAndNothingElse() throws Exception {
        assertThat(run(ServeOverTcp.class, folder.resolve("log").toString())).isEmpty();
    }

    /** From JDK 24 on the JDK itself says once that Chronicle Bytes calls sun.misc.Unsafe. */
    @Test
    void typedRecords_onlyTheJdkSaysSomething() throws Exception {
        assertThat(run(TypedRecords.class, folder.resolve("log").toString()))
                .allMatch(line -> Runtime.version().feature() >= 24)
                .allMatch(line -> line.matches("WARNING: .*(sun.misc.Unsafe|chronicle.core.UnsafeMemory).*"));
    }

    /** As above, of Protobuf. */
    @Test
    void typedStreams_onlyTheJdkSaysSomething() throws Exception {
        assertThat(run(TypedStreams.class, folder.resolve("log").toString()))
                .allMatch(line -> Runtime.version().feature() >= 24)
                .allMatch(line -> line.matches("WARNING: .*(sun.misc.Unsafe|com.google.protobuf.UnsafeUtil).*"));
    }

    /** Returns the lines of standard error. */
    private List<String> run(Class<?> program, Object... arguments) throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        Process process = ExampleProcess.asModule(program, arguments).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        try {
            assertThat(process.waitFor(300, TimeUnit.SECONDS)).as("it ends by itself").isTrue();
        } finally {
            process.destroyForcibly();
        }
        List<String> errors = Files.readAllLines(err);
        assertThat(process.exitValue()).as("exit code, with %s", errors).isZero();
        assertThat(out).isNotEmptyFile();
        assertThat(Files.readString(out)).doesNotContain("SLF4J", "WARNING");
        return errors;
    }
}
