package dev.streamwal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.WalListener;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class ListenerThreadTest {

    private final List<String> heard = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch hangs = new CountDownLatch(1);
    private final CountDownLatch mayGoOn = new CountDownLatch(1);

    private final WalListener listener = new WalListener() {
        @Override
        public void onFailure(String task, Optional<String> stream, Throwable failure) {
            if (task.equals("slow")) {
                hangs.countDown();
                awaitUninterrupted();
            }
            heard.add(task);
        }
    };

    private void awaitUninterrupted() {
        try {
            mayGoOn.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts a listener", e);
        }
    }

    private static ListenerThread<WalListener> thread(WalListener told, boolean nobodyListens) {
        return new ListenerThread<>(told, nobodyListens, true, (each, failure) -> each.onFailure("listener", Optional.empty(), failure));
    }

    /** What an event tells of isn't bounded by the number of events. */
    @Test
    void tell_eventsOfManySegmentsEach_keepsFewAndTellsHowManySegmentsWereMissed() {
        List<String> missed = Collections.synchronizedList(new ArrayList<>());
        ListenerThread<WalListener> thread = new ListenerThread<>(listener, false, true, (each, failure) -> missed.add(failure.getMessage()));
        tell(thread, "slow");
        for (int i = 0; i < 1_000; i++) {
            thread.tell(listener -> listener.onFailure("many", Optional.empty(), new IllegalStateException("many")), 4_096);
        }
        mayGoOn.countDown();
        thread.end();
        long told = heard.stream().filter("many"::equals).count();
        assertThat(told).as("what may wait, and what exceeds that").isBetween(24L, 26L);
        assertThat(missed).singleElement().asString().contains("dropped=" + (1_000 - told) * 4_096);
    }

    @Test
    void tell_moreThanMayWaitAsOneEvent_isHeard() {
        ListenerThread<WalListener> thread = thread(listener, false);
        thread.tell(listener -> listener.onFailure("all", Optional.empty(), new IllegalStateException("all")), 1_000_000);
        thread.await();
        tell(thread, "next");
        thread.end();
        assertThat(heard).endsWith("next").contains("all");
    }

    @Test
    void end_theQueueIsFullAllTheTime_theThreadEndsWhenTheListenerHasHeardAll() throws InterruptedException {
        ListenerThread<WalListener> thread = new ListenerThread<>(listener, false, true, (each, failure) -> {}, 50);
        tell(thread, "slow");
        hangs.await();
        for (int i = 0; i < 12_000; i++) {
            tell(thread, "fast");
        }
        thread.end();
        assertThat(isRunning()).isTrue();
        mayGoOn.countDown();
        for (int i = 0; i < 10_000 && isRunning(); i++) {
            Thread.sleep(1);
        }
        assertThat(isRunning()).isFalse();
        assertThat(heard).contains("slow", "fast");
    }

    private static void tell(ListenerThread<WalListener> thread, String task) {
        thread.tell(listener -> listener.onFailure(task, Optional.empty(), new IllegalStateException(task)));
    }

    private static boolean isRunning() {
        return Thread.getAllStackTraces().keySet().stream().anyMatch(thread -> thread.getName().equals("stream-wal-listen"));
    }

    @Test
    void tell_someEvents_areHeardInOrderAndAllBeforeTheEnd() {
        ListenerThread<WalListener> thread = thread(listener, false);
        List<String> told = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            tell(thread, "task " + i);
            told.add("task " + i);
        }
        thread.end();
        assertThat(heard).isEqualTo(told);
        tell(thread, "after the end");
        assertThat(heard).isEqualTo(told);
        assertThat(isRunning()).isFalse();
    }

    @Test
    void tell_anEventCannotBePassedOn_theNextOnesAreAndTheListenerHearsOfIt() {
        ListenerThread<WalListener> thread = thread(listener, false);
        thread.tell(listener -> {
            throw new OutOfMemoryError("made by the test");
        });
        tell(thread, "next");
        thread.await();
        thread.end();
        assertThat(heard).containsExactly("next", "listener");
    }

    @Test
    void tell_nobodyListens_startsNoThread() {
        ListenerThread<WalListener> thread = thread(new WalListener() {}, true);
        tell(thread, "unheard");
        assertThat(isRunning()).isFalse();
        thread.end();
    }

    @Test
    void tell_listenerIsFarBehind_isToldHowManyItMissed() {
        ListenerThread<WalListener> thread = thread(listener, false);
        tell(thread, "slow");
        for (int i = 0; i < 12_000; i++) {
            tell(thread, "fast");
        }
        mayGoOn.countDown();
        thread.end();
        assertThat(heard).contains("slow", "listener");
        assertThat(heard.stream().filter("fast"::equals).count()).as("less by one, if the slow one was still in the queue")
                .isBetween(9_999L, 10_000L);
    }
}
