package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.format.SuppressForbidden;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/**
 * Loads the classes that commands use, by running the commands on a small log. The script {@code stream-wal} starts this program so that the JVM
 * writes an archive of the loaded classes.
 */
final class ArchivedClasses {

    private final CommandContext context;
    private final Path folder;
    private final Instant now;

    private ArchivedClasses(CommandContext context, Path folder) {
        this.context = context;
        this.folder = folder;
        this.now = context.clock().instant();
    }

    /** @param arguments a folder, in which a log is left */
    @SuppressForbidden("a program: the file system, the clock and the exit code are its own")
    public static void main(String[] arguments) throws IOException {
        NettyInBrief.begin();
        PrintWriter nowhere = new PrintWriter(OutputStream.nullOutputStream(), false, UTF_8);
        CommandContext context = new CommandContext(OutputStream.nullOutputStream(), nowhere, false, InstantSource.system());
        new ArchivedClasses(context, Path.of(arguments[0])).load();
        // as commands end: newer JDKs log that
        System.exit(Exit.OK.code());
    }

    private void load() throws IOException {
        Path file = Files.writeString(folder.resolve("rows.csv"), "timestamp,key,value\n" + now + ",a,1\n" + now + ",b,2\n");
        String root = folder.resolve("log").toString();
        run("--help");
        run("import", root, file.toString(), "--key-column", "key");
        for (String command : List.of("ls", "stats", "latest", "cat", "tail", "export", "verify", "consumers", "quarantine")) {
            run(command, root);
            run(command, root, "--json");
        }
        run("cat", root, "a*", "--from", "-1h", "--to", "now", "--merged");
        run("get", root, "a@0+40");
        run("sweep", root, "--dry-run");
    }

    private void run(String... arguments) {
        int code = StreamWalCommand.run(context, arguments);
        if (code != Exit.OK.code()) {
            throw new IllegalStateException("command failed: exitCode=" + code + ", arguments=" + String.join(" ", arguments));
        }
    }
}
