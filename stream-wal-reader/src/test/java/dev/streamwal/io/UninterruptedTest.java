package dev.streamwal.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UninterruptedTest {

    @AfterEach
    void clearInterrupt() {
        Thread.interrupted();
    }

    @Test
    void run_threadWasInterruptedBefore_finishesAndKeepsTheFlag(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("f"), "text");
        Thread.currentThread().interrupt();

        String text = Uninterrupted.run(() -> Files.readString(file));

        assertThat(text).isEqualTo("text");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void run_interruptedInTheMiddle_isDoneAgain() throws IOException {
        AtomicInteger attempts = new AtomicInteger();

        int result = Uninterrupted.run(() -> {
            if (attempts.incrementAndGet() < 4) {
                Thread.currentThread().interrupt();
                throw new ClosedByInterruptException();
            }
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            return 42;
        });

        assertThat(result).isEqualTo(42);
        assertThat(attempts).hasValue(4);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void runApart_noThreadCanBeStarted_runsHere() throws IOException {
        Thread.currentThread().interrupt();

        Thread ranOn = Uninterrupted.runApart(Thread::currentThread, UninterruptedTest::noThread);

        assertThat(ranOn).isSameAs(Thread.currentThread());
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void runApart_noThreadCanBeStartedAndAnInterruptComes_fails() {
        AtomicInteger attempts = new AtomicInteger();

        assertThatThrownBy(() -> Uninterrupted.runApart(() -> {
            attempts.incrementAndGet();
            throw new ClosedByInterruptException();
        }, UninterruptedTest::noThread)).isExactlyInstanceOf(IOException.class).hasMessageContaining("ulimit -u");

        assertThat(attempts).as("what failed besides isn't known").hasValue(1);
        assertThat(Thread.interrupted()).isTrue();
    }

    private static void noThread(Thread thread) {
        throw new OutOfMemoryError("unable to create native thread");
    }

    @Test
    void run_notInterrupted_leavesNoFlag() throws IOException {
        assertThat(Uninterrupted.run(() -> 1)).isEqualTo(1);
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void run_otherFailure_isThrownAtOnceWithTheFlag() {
        AtomicInteger attempts = new AtomicInteger();
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> Uninterrupted.run(() -> {
            attempts.incrementAndGet();
            throw new IOException("disk");
        })).isInstanceOf(IOException.class).hasMessage("disk");
        assertThat(attempts).hasValue(1);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void run_interruptedEachTime_isDoneByAThreadThatIsNot() throws IOException {
        Thread caller = Thread.currentThread();

        Thread other = Uninterrupted.run(() -> {
            caller.interrupt();
            if (Thread.currentThread().equals(caller)) {
                throw new ClosedByInterruptException();
            }
            return Thread.currentThread();
        });

        assertThat(other).isNotSameAs(caller);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void run_failsOnTheOtherThread_isThrownHere() {
        assertElsewhereThrows(new IOException("disk"));
        assertElsewhereThrows(new IllegalStateException("state"));
        assertElsewhereThrows(new AssertionError("error"));
    }

    private static void assertElsewhereThrows(Throwable failure) {
        Thread caller = Thread.currentThread();
        assertThatThrownBy(() -> Uninterrupted.run(() -> {
            if (Thread.currentThread().equals(caller)) {
                caller.interrupt();
                throw new ClosedByInterruptException();
            }
            if (failure instanceof Error error) {
                throw error;
            }
            if (failure instanceof RuntimeException runtime) {
                throw runtime;
            }
            throw (IOException) failure;
        })).isSameAs(failure);
        assertThat(Thread.interrupted()).isTrue();
    }
}
