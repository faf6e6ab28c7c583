package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.reader.EntryRef;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help;

/** The program as picocli has it, with help and messages. A class of its own, as linking it loads picocli's classes, which plain calls do without. */
final class PicocliProgram {

    private PicocliProgram() {}

    /** Runs one of these commands, and returns its exit code. */
    static int run(List<String> names, CommandContext context, String[] arguments) {
        HelpOutput out = new HelpOutput(context.out());
        CommandLine program = with(names, context).setOut(new PrintWriter(new OutputStreamWriter(out, UTF_8), true));
        int exit = program.execute(arguments);
        program.getOut().flush();
        try {
            out.check();
            return exit;
        } catch (OutputFailedException e) {
            return new Complaints(context).explain(e, StreamWalCommand.PROGRAM, false);
        }
    }

    /** With these commands alone: picocli uses reflection on each, which takes longer than the command. */
    static CommandLine with(List<String> names, CommandContext context) {
        CommandLine program = new CommandLine(new StreamWalCommand());
        for (String name : names) {
            program.addSubcommand(name, StreamWalCommand.command(name, context));
        }
        for (CommandLine command : program.getSubcommands().values()) {
            explainExitCodes(command);
        }
        explainExitCodes(program);
        Complaints complaints = new Complaints(context);
        return program
                .registerConverter(Instant.class, new TimeArgument(context.clock()))
                .registerConverter(Duration.class, new DurationArgument())
                .registerConverter(EntryRef.class, new RefArgument())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExpandAtFiles(false) // keys may start with an @
                .setOut(new PrintWriter(new OutputStreamWriter(context.out(), UTF_8), true))
                .setErr(context.err())
                .setColorScheme(Help.defaultColorScheme(context.interactive() ? Help.Ansi.AUTO : Help.Ansi.OFF))
                .setParameterExceptionHandler(complaints)
                .setExecutionExceptionHandler(complaints);
    }

    private static void explainExitCodes(CommandLine command) {
        command.getCommandSpec().usageMessage().exitCodeListHeading("%nExit codes:%n").exitCodeList(Exit.meanings());
    }
}
