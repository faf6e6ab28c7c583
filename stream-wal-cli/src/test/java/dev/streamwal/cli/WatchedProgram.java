package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.time.InstantSource;

/** The program as somebody sees it who watches it on a terminal. */
final class WatchedProgram {

    private WatchedProgram() {}

    public static void main(String[] arguments) {
        PrintWriter err = new PrintWriter(new OutputStreamWriter(System.err, UTF_8), true);
        CommandContext context = new CommandContext(System.out, err, true, InstantSource.system());
        System.exit(StreamWalCommand.commandLine(context).execute(arguments));
    }
}
