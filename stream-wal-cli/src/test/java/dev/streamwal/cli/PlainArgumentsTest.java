package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What commands take without picocli they take as picocli would. */
class PlainArgumentsTest {

    /** Names, options that every command has, and what only picocli understands, or refuses. */
    private static final List<String> WORDS = List.of("log", "", "@b", "--json", "-q", "--quiet", "--verbose", "-qh", "--jso", "--json=true", "--help", "-",
            "--", "--tier", "--nano-wal");
    private static final int MOST_WORDS = 3;

    private static final CommandContext NOWHERE = new CommandContext(OutputStream.nullOutputStream(), new PrintWriter(new StringWriter()), false,
            InstantSource.fixed(CliRun.NOW));

    @TempDir
    private Path directory;

    @Test
    void everyCommandOnStreams_allFewWords_asByPicocli() {
        List<String> names = AllCommandsTest.commands().entrySet().stream()
                .filter(each -> each.getValue().getCommand() instanceof StreamsCommand).map(Map.Entry::getKey).toList();
        assertThat(names).contains("ls", "stats", "latest", "cat", "tail", "export", "verify", "digest");
        for (String name : names) {
            assertThat(takenWith(name, List.of())).as(name).isGreaterThan(100);
        }
    }

    /** How many lists of words that begin with these are taken. */
    private static int takenWith(String name, List<String> words) {
        int taken = isTaken(name, words) ? 1 : 0;
        if (words.size() < MOST_WORDS) {
            for (String word : WORDS) {
                List<String> more = new ArrayList<>(words);
                more.add(word);
                taken += takenWith(name, more);
            }
        }
        return taken;
    }

    private static boolean isTaken(String name, List<String> words) {
        StreamsCommand plain = (StreamsCommand) StreamWalCommand.command(name, NOWHERE);
        if (!plain.takePlainly(words)) {
            return false;
        }
        CommandLine program = PicocliProgram.with(List.of(name), NOWHERE);
        CommandLine.ParseResult unused = program.parseArgs(arguments(name, words));
        Object parsed = program.getSubcommands().get(name).getCommand();
        assertThat(plain).as("%s %s", name, words).usingRecursiveComparison().ignoringFields("context").isEqualTo(parsed);
        return true;
    }

    private static String[] arguments(String name, List<String> words) {
        List<String> all = new ArrayList<>(words);
        all.add(0, name);
        return all.toArray(String[]::new);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--json", "log --json --json", "log -q --quiet", "log -h", "log -qq", "log --last 3", "log -- a", "log -", "log\0", "log --no"})
    void anythingElse_isLeftToPicocli(String line) {
        StreamsCommand command = (StreamsCommand) StreamWalCommand.command("cat", NOWHERE);
        assertThat(command.takePlainly(line.isEmpty() ? List.of() : List.of(line.split(" ")))).isFalse();
    }

    /** A failure has the same exit code, and says the same. */
    @ParameterizedTest
    @CsvSource({
        "ls, nowhere", "ls, nowhere --verbose", "ls, .", "verify, . --json", "cat, log nothing", "cat, log metre/1", "export, log --json",
        "digest, log -q", "latest, log x* binary --quiet", "stats, log", "tail, log"
    })
    void call_withAndWithoutPicocli_isTheSame(String name, String line) {
        try (SampleLog log = SampleLog.closed(directory)) {
            List<String> words = new ArrayList<>(List.of(line.split(" ")));
            words.set(0, words.get(0).equals("log") ? log.root().toString() : directory.resolve(words.get(0)).toString());
            String[] arguments = arguments(name, words);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            StringWriter err = new StringWriter();
            CommandContext context = new CommandContext(out, new PrintWriter(err), false, InstantSource.fixed(CliRun.NOW));
            int exit = StreamWalCommand.commandLine(context).execute(arguments);

            CliRun run = CliRun.of((Object[]) arguments);
            assertThat(run.exit()).isEqualTo(exit);
            assertThat(run.bytes()).isEqualTo(out.toByteArray());
            assertThat(firstLines(run.err())).isEqualTo(firstLines(err.toString()));
        }
    }

    /** Without the frames of a stack trace, of which the last are picocli's. */
    private static List<String> firstLines(String text) {
        return text.lines().filter(line -> !line.startsWith("\t")).toList();
    }
}
