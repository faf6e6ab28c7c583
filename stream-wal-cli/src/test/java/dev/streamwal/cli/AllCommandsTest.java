package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What every command has, those to come too; whoever adds one adds its test to the list here. */
class AllCommandsTest {

    private static final Path SOURCES = Path.of("src/test/java/dev/streamwal/cli");

    /** picocli's own; it writes a script, and has only its help. */
    private static final String COMPLETION = "generate-completion";

    private static final Map<String, Class<?>> TESTS = Map.ofEntries(
            Map.entry("ls", SummaryCommandsTest.class),
            Map.entry("stats", SummaryCommandsTest.class),
            Map.entry("latest", SummaryCommandsTest.class),
            Map.entry("cat", RecordCommandsTest.class),
            Map.entry("tail", TailCommandTest.class),
            Map.entry("get", RecordCommandsTest.class),
            Map.entry("export", RecordCommandsTest.class),
            Map.entry("verify", CheckingCommandsTest.class),
            Map.entry("digest", DigestCommandTest.class),
            Map.entry("dump", CheckingCommandsTest.class),
            Map.entry("import", ImportTest.class),
            Map.entry("sweep", RetentionCommandsTest.class),
            Map.entry("purge", RetentionCommandsTest.class),
            Map.entry("erase", RetentionCommandsTest.class),
            Map.entry("rotate-keys", EncryptedLogTest.class),
            Map.entry("recover", RepairCommandsTest.class),
            Map.entry("quarantine", RepairCommandsTest.class),
            Map.entry("checkpoint", RepairCommandsTest.class),
            Map.entry("backup", BackupCommandsTest.class),
            Map.entry("backups", BackupCommandsTest.class),
            Map.entry("restore", BackupCommandsTest.class),
            Map.entry("repair", RepairCommandTest.class),
            Map.entry("consumers", ConsumersCommandTest.class),
            Map.entry(COMPLETION, CommandLineTest.class));

    static Map<String, CommandLine> commands() {
        CommandContext context = new CommandContext(OutputStream.nullOutputStream(), new PrintWriter(new StringWriter()), false,
                InstantSource.fixed(CliRun.NOW));
        return StreamWalCommand.commandLine(context).getSubcommands();
    }

    @Test
    void everyCommand_isExercisedByItsTest() throws IOException {
        assertThat(commands().keySet()).isEqualTo(TESTS.keySet());
        for (Map.Entry<String, Class<?>> test : TESTS.entrySet()) {
            assertThat(SOURCES.resolve(test.getValue().getSimpleName() + ".java")).content().contains('"' + test.getKey() + '"');
        }
    }

    @Test
    void everyCommand_hasItsHelp() {
        commands().forEach((name, command) -> {
            assertThat(command.getCommandSpec().usageMessage().description()).as(name).isNotEmpty();
            assertThat(command.getCommandSpec().usageMessage().exitCodeList()).as(name).isEqualTo(Exit.meanings());
            CliRun run = CliRun.of(name, "--help");
            assertThat(run.exit()).isEqualTo(Exit.OK.code());
            assertThat(run.out()).contains("Usage: stream-wal " + name, "Exit codes:");
            if (!name.equals(COMPLETION)) {
                assertThat(run.out()).contains("--json", "--quiet", "--verbose", "--version");
            }
        });
    }

    /** Placeholders are words in capitals, and not the names of fields. */
    @Test
    void everyOption_isDescribed() {
        commands().forEach((name, command) -> command.getCommandSpec().args().forEach(argument -> {
            assertThat(argument.description()).as(name + ' ' + argument).isNotEmpty();
            if (argument.arity().max() > 0) {
                assertThat(argument.paramLabel()).as(name + ' ' + argument).matches("[A-Z]+");
            }
        }));
    }
}
