package dev.streamwal.powerloss;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * An ext4 with a journal, in a file of its own, that can lose its power: its page cache is gone and nothing more reaches the disk. Linux,
 * and root. Closing it unmounts it and deletes its file, also when the JVM is asked to end.
 *
 * <p>The power goes by ext4's own switch for this ({@code EXT4_IOC_SHUTDOWN}), in an instant: what had been handed to the disk by then is
 * there, all else is not. So it tests what the file system promises of names, sizes and blocks that nobody forced, and not what a disk with
 * a cache of its own loses in addition; that is the simulated disk's part.
 */
final class LoopDisk implements AutoCloseable {

    /** How the power goes. */
    enum Loss {
        /** The file system's journal is written first: the names and sizes are as new as can be, the data behind them is not. */
        JOURNAL_FLUSHED(1),
        /** Nothing is. */
        NOTHING_FLUSHED(2);

        private final int flag;

        Loss(int flag) {
            this.flag = flag;
        }
    }

    /** Java has no call for it. The device's directory is the first argument, the flag the second. */
    private static final List<List<String>> SWITCHES = List.of(
            List.of("perl", "-e", "open(my $d, '<', $ARGV[0]) or die $!; ioctl($d, 0x8004587d, my $f = pack('L', $ARGV[1])) or die $!"),
            List.of("python3", "-c", "import fcntl, os, struct, sys; "
                    + "fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', int(sys.argv[2])))"));
    private static final long PATIENCE_SECONDS = 60;
    private static final int MIB = 1 << 20;

    private final Path folder;
    private final Path image;
    private final Path directory;
    private final Thread lastResort = new Thread(this::clean, "test-unmount");
    private boolean mounted;
    private boolean ended;
    private @Nullable Process user;

    private LoopDisk(Path folder) throws IOException {
        this.folder = folder;
        this.image = folder.resolve("ext4.img");
        this.directory = Files.createDirectory(folder.resolve("disk"));
    }

    /** Formatted and mounted; takes no space but for what is written. Where that can't be, the test is skipped, and it is said why. */
    static LoopDisk create(int mebibytes) throws IOException {
        requireLinuxAndRoot();
        LoopDisk disk = new LoopDisk(Files.createTempDirectory("stream-wal-ext4-"));
        Runtime.getRuntime().addShutdownHook(disk.lastResort);
        try {
            disk.format(mebibytes);
            disk.mount();
            return disk;
        } catch (CommandFailedException e) {
            disk.close();
            return skip(e.getMessage());
        }
    }

    /** Whether power can be lost here at all: by losing it once. */
    static void rehearse() throws IOException {
        try (LoopDisk disk = create(16)) {
            disk.losePower(Loss.NOTHING_FLUSHED);
            disk.remount();
        } catch (CommandFailedException e) {
            skip(e.getMessage());
        }
    }

    private static void requireLinuxAndRoot() {
        if (!System.getProperty("os.name").equals("Linux")) {
            skip("ext4 is mounted on Linux only: os.name=" + System.getProperty("os.name"));
        }
        CommandResult user = run(List.of("id", "-u"));
        if (!user.said.equals("0")) {
            skip("only root can mount: id -u said " + user.said);
        }
    }

    /** Never returns. */
    private static <T> T skip(String why) {
        System.out.println("SKIPPED: no power can be lost on a real file system: " + why);
        return Assumptions.abort(why);
    }

    private void format(int mebibytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength((long) mebibytes * MIB);
        }
        require("mkfs.ext4", "-q", "-F", "-O", "has_journal", image.toString());
    }

    /** What was lost with the power stays lost: the file system's journal is replayed. */
    private synchronized void mount() {
        if (ended) {
            throw new IllegalStateException("the JVM ends");
        }
        require("mount", "-t", "ext4", "-o", "loop", image.toString(), directory.toString());
        mounted = true;
    }

    Path directory() {
        return directory;
    }

    /** A process that writes there, and is not to outlive the disk: to the place where it was mounted it would write on. */
    synchronized Process usedBy(Process process) {
        if (ended) {
            process.destroyForcibly();
        }
        user = process;
        return process;
    }

    /** From now on everything that would reach the disk fails. */
    void losePower(Loss loss) {
        CommandResult last = new CommandResult(1, "");
        for (List<String> program : SWITCHES) {
            last = run(program, directory.toString(), String.valueOf(loss.flag));
            if (last.isDone()) {
                return;
            }
        }
        throw new CommandFailedException("neither perl nor python3 could shut ext4 down: " + last.said);
    }

    /** After a loss, when nobody has a file of it open any more. */
    synchronized void remount() {
        require("umount", directory.toString());
        mounted = false;
        mount();
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(lastResort);
        clean();
    }

    private synchronized void clean() {
        ended = true;
        if (user != null) {
            endUser(user);
        }
        // lazily, where a test has left something open; the loop device goes with the last use
        if (mounted && !run("umount", directory.toString()).isDone()) {
            require("umount", "-l", directory.toString());
        }
        mounted = false;
        try {
            Files.deleteIfExists(image);
            Files.deleteIfExists(directory);
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            throw new IllegalStateException("the disk's file can't be deleted: " + image, e);
        }
    }

    private static void endUser(Process process) {
        try {
            int unused = process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---------------------------------------------------------------- commands

    /** A command that has to succeed hasn't. */
    private static final class CommandFailedException extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        CommandFailedException(String message) {
            super(message);
        }
    }

    private record CommandResult(int exit, String said) {
        boolean isDone() {
            return exit == 0;
        }
    }

    private static void require(String... command) {
        CommandResult result = run(command);
        if (!result.isDone()) {
            throw new CommandFailedException(String.join(" ", command) + " said: " + result.said);
        }
    }

    private static CommandResult run(List<String> program, String... arguments) {
        String[] command = new String[program.size() + arguments.length];
        for (int i = 0; i < command.length; i++) {
            command[i] = i < program.size() ? program.get(i) : arguments[i - program.size()];
        }
        return run(command);
    }

    private static CommandResult run(String... command) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return ended ? new CommandResult(process.exitValue(), said) : new CommandResult(1, "nothing, for a minute");
        } catch (IOException e) {
            return new CommandResult(1, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
