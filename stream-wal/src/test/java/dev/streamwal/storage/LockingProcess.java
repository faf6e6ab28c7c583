package dev.streamwal.storage;

import dev.streamwal.io.ProcessLock;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Another JVM that tries to get the lock, says whether it did, and holds it until it is killed. */
final class LockingProcess implements AutoCloseable {

    private static final String LOCKED = "locked";
    private static final String HELD = "held";

    private final Process process;
    private final boolean locked;

    private LockingProcess(Process process, boolean locked) {
        this.process = process;
        this.locked = locked;
    }

    long pid() {
        return process.pid();
    }

    static LockingProcess start(Path root) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx32m", "-XX:+UseSerialGC",
                        "-cp", System.getProperty("java.class.path"), LockingProcess.class.getName(), root.toString())
                .redirectErrorStream(true)
                .start();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        String line = out.readLine();
        if (!LOCKED.equals(line) && !HELD.equals(line)) {
            process.destroyForcibly();
            throw new IOException("the other JVM said: " + line);
        }
        return new LockingProcess(process, LOCKED.equals(line));
    }

    boolean hasLock() {
        return locked;
    }

    /** As {@code kill -9}. */
    void kill() {
        process.destroyForcibly().onExit().orTimeout(300, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        kill();
    }

    /** Ends when its parent closes its input, too. */
    @SuppressWarnings("try") // the lock is held, not used
    public static void main(String[] args) throws IOException {
        try (ProcessLock lock = WriterLock.acquire(Path.of(args[0]))) {
            System.out.println(LOCKED);
            while (System.in.read() >= 0) {
                // until killed
            }
        } catch (ProcessLock.HeldException e) {
            System.out.println(e.byThisProcess() ? "held by itself?" : HELD);
        }
    }
}
