package dev.streamwal.storage;

import dev.streamwal.io.BootId;
import dev.streamwal.io.Uninterrupted;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.time.Instant;
import java.util.Optional;

/** The start of a process: with it, a process id is unique for ever, though ids are reused. */
final class ProcessStart {

    /** Indexes behind the command's name in {@code /proc/<id>/stat}: the state, and the start in ticks since the machine was started. */
    private static final int STATE = 0;
    private static final int START_TICKS = 19;

    private ProcessStart() {}

    /** Read once, because it doesn't change, and for each reading the kernel adds up the times of all threads. */
    private static final class OfThisProcess {
        static final long PID = ProcessHandle.current().pid();
        static final Optional<String> START = read(PID);
    }

    /**
     * Identifies the start of a process: the same for the same process, whichever process calls it. On Linux it doesn't depend on the wall clock,
     * which may be set: the kernel's run, and ticks since it began. Empty if no such process is visible: there may be one in another container, or of
     * another user if those are hidden.
     */
    static Optional<String> of(long pid) {
        return pid == OfThisProcess.PID ? OfThisProcess.START : read(pid);
    }

    private static Optional<String> read(long pid) {
        Optional<String> boot = BootId.ofThisMachine();
        return boot.isPresent() ? ofLinux(pid).map(ticks -> boot.get() + '/' + ticks)
                : ProcessHandle.of(pid).filter(ProcessHandle::isAlive).flatMap(process -> process.info().startInstant()).map(Instant::toString);
    }

    private static Optional<String> ofLinux(long pid) {
        FileSystem machine = FileSystems.getDefault();
        try {
            return startTicks(Uninterrupted.run(() ->
                    new String(Files.readAllBytes(machine.getPath("/proc/" + pid + "/stat")), StandardCharsets.ISO_8859_1)));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Empty if the process has ended, even if its parent hasn't asked for its exit code yet. */
    static Optional<String> startTicks(String stat) {
        // the command's name, which comes first, may have spaces and brackets in it
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
        boolean ended = fields[STATE].equals("Z") || fields[STATE].equals("X");
        return ended || fields.length <= START_TICKS ? Optional.empty() : Optional.of(fields[START_TICKS]);
    }
}
