package dev.streamwal.bench.compare;

import dev.streamwal.bench.DelayContender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Followers of logs that don't tell when something comes: asked again and again, with pauses in between. */
final class PolledFollower {

    /** What a program does that doesn't want to give a processor to it. */
    private static final Duration PAUSE = Duration.ofMillis(1);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private PolledFollower() {}

    /** Asks for records behind the last one. */
    interface Source extends AutoCloseable {
        /** Fills the array with the next record; false if there is none yet. */
        boolean poll(byte[] content) throws Exception;

        @Override
        void close() throws IOException;
    }

    @FunctionalInterface
    interface SourceOpener {
        /** From its end on; the log is there already. */
        Source open(Path folder) throws Exception;
    }

    static DelayContender of(String name, List<String> flags, Contender.Opener writer, String firstFile, SourceOpener reader) {
        return new DelayContender(name, flags, folder -> writer(folder, writer), folder -> new Polled(opened(folder, firstFile, reader)));
    }

    private static DelayContender.Writer writer(Path folder, Contender.Opener opener) throws IOException {
        Files.createDirectories(folder);
        return checked(() -> {
            Store store = opener.open(folder, Setup.appends(1, false));
            Writer writer = store.writer();
            // so that there are files to open
            writer.append(0, System.currentTimeMillis(), new byte[8]);
            return new DelayContender.Writer() {
                @Override
                public void append(byte[] content) throws IOException {
                    byte[] unused = checked(() -> {
                        writer.append(0, System.currentTimeMillis(), content);
                        return content;
                    });
                }

                @Override
                public void close() throws IOException {
                    writer.close();
                    store.close();
                }
            };
        });
    }

    private static Source opened(Path folder, String firstFile, SourceOpener opener) throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (!Files.exists(folder.resolve(firstFile))) {
            if (System.nanoTime() - start > PATIENCE.toNanos()) {
                throw new IOException("no log after " + PATIENCE + ": folder=" + folder);
            }
            Thread.sleep(PAUSE.toMillis());
        }
        return checked(() -> opener.open(folder));
    }

    @FunctionalInterface
    private interface Call<T> {
        T call() throws Exception;
    }

    private static <T> T checked(Call<T> call) throws IOException {
        try {
            return call.call();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    private record Polled(Source source) implements DelayContender.Reader {
        @Override
        public boolean next(byte[] content, Duration timeout) throws IOException {
            long start = System.nanoTime();
            while (!checked(() -> source.poll(content))) {
                if (System.nanoTime() - start > timeout.toNanos()) {
                    return false;
                }
                LockSupport.parkNanos(PAUSE.toNanos());
            }
            return true;
        }

        @Override
        public void close() throws IOException {
            source.close();
        }
    }
}
