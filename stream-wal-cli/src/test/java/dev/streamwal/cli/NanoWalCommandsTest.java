package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The reading commands on nano-wal 1.0 files. */
class NanoWalCommandsTest {

    private static final long EXPIRATION = 1_800_000_000_000L;

    @TempDir
    private Path directory;

    @BeforeEach
    void write() throws IOException {
        ByteBuffer file = ByteBuffer.allocate(1_000).order(ByteOrder.LITTLE_ENDIAN).put("NANO-LOG".getBytes(US_ASCII)).putLong(EXPIRATION);
        for (String content : new String[] {"one", "two", "three"}) {
            file.put("NANORC".getBytes(US_ASCII)).putShort((short) 1).putLong(content.length()).put(("h" + content).getBytes(US_ASCII));
        }
        Files.write(file("sensor", EXPIRATION), Arrays.copyOf(file.array(), file.position()));
        // its header has another expiration than its name, and its last record's length goes past its end, though it isn't the newest file
        Files.write(file("broken", EXPIRATION - 1), Arrays.copyOf(file.array(), file.position() - 1));
        Files.write(file("broken", EXPIRATION), Arrays.copyOf(file.array(), file.position()));
    }

    private Path file(String prefix, long expiration) {
        return directory.resolve(prefix + '_' + expiration + ".seg");
    }

    @Test
    void catTailLatestExport_nanoWal_theRecords() {
        assertThat(contents("cat", "sensor", "--format=raw")).isEqualTo("onetwothree");
        assertThat(contents("tail", "sensor", "-n=2", "--format=raw")).isEqualTo("twothree");
        assertThat(contents("latest", "s*", "--format=raw")).isEqualTo("three");
        assertThat(contents("export", "sensor")).startsWith("key,position,").contains(",h,two,utf-8\n");
    }

    private String contents(String command, Object... more) {
        Object[] arguments = new Object[more.length + 3];
        arguments[0] = command;
        arguments[1] = directory;
        arguments[2] = "--nano-wal";
        System.arraycopy(more, 0, arguments, 3, more.length);
        CliRun run = CliRun.of(arguments);
        assertThat(run.exit()).as(run.err()).isEqualTo(Exit.OK.code());
        return run.out();
    }

    @Test
    void lsVerify_nanoWal_whatIsThereAndWhatIsBroken() throws IOException {
        assertThat(CliRun.of("ls", directory, "--nano-wal", "--json").json()).extracting(stream -> stream.get("key"))
                .containsExactly("broken", "sensor");
        CliRun run = CliRun.of("verify", directory, "--nano-wal");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.out()).contains("broken: " + file("broken", EXPIRATION - 1)).contains(
                ", offset 8: 8 B damaged, about 0 records lost",
                ", offset 56: 21 B damaged, about 1 record lost",
                "2 streams, 8 records, 164 B verify; 2 places damaged: 29 B, about 1 record lost");
    }

    @Test
    void ls_nanoWalFilesWithoutSayingSo_failedAndSaysWhatToDo() {
        CliRun run = CliRun.of("ls", directory);
        assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(run.err()).contains("nano-wal files");
    }
}
