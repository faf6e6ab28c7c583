package dev.streamwal.commit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.StreamKey;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CommitQueueTest {

    private static final StreamKey KEY = StreamKey.of("k");

    private final CommitQueue queue = new CommitQueue();

    private static CommitRequest request(long position) {
        return CommitRequest.waiting(new Deletion.Below(KEY, position));
    }

    private static CommitRequest forNobody() {
        return CommitRequest.later(new FakeStream("k").cursor(), 0, null, true);
    }

    private static long number(CommitRequest request) {
        return request.deletion instanceof Deletion.Below below ? below.position() : -1;
    }

    private static List<CommitRequest> elements(Chain<CommitRequest> chain) {
        List<CommitRequest> elements = new ArrayList<>();
        for (CommitRequest each = chain.first(); each != null; each = each.next) {
            elements.add(each);
        }
        return elements;
    }

    @Test
    void drainTo_afterAdding_givesAllInOrderAndLeavesNone() {
        Chain<CommitRequest> taken = new Chain<>();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 5; i++) {
                queue.add(request(5L * round + i));
            }
            assertThat(queue.isEmpty()).isFalse();
            queue.drainTo(taken);
            assertThat(queue.isEmpty()).isTrue();
        }
        assertThat(elements(taken)).extracting(CommitQueueTest::number)
                .containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L, 12L, 13L, 14L);
        queue.drainTo(taken);
        assertThat(elements(taken)).hasSize(15);
        for (int i = 0; i < 15; i++) {
            CommitRequest polled = taken.poll();
            assertThat(polled).matches(request -> number(request) >= 0 && request.next == null);
        }
        assertThat(taken.isEmpty()).isTrue();
        assertThat(taken.poll()).isNull();
        assertThat(taken.last()).isNull();
    }

    @Test
    void anyWaiter_someForNobody_findsTheThreadThatWaits() {
        assertThat(queue.anyWaiter()).isNull();
        queue.add(forNobody());
        assertThat(queue.anyWaiter()).isNull();
        queue.add(request(1));
        queue.add(forNobody());
        assertThat(queue.anyWaiter()).isSameAs(Thread.currentThread());
    }

    @Test
    void reserveLater_atTheBound_refusesUntilOneIsAnswered() {
        for (int i = 0; i < CommitQueue.MAX_LATER; i++) {
            assertThat(queue.reserveLater()).isTrue();
        }
        assertThat(queue.reserveLater()).isFalse();
        assertThat(queue.reserveLater()).isFalse();
        queue.releaseLater();
        assertThat(queue.reserveLater()).isTrue();
        assertThat(queue.reserveLater()).isFalse();
    }

    @Test
    void drainTo_whileManyThreadsAdd_losesNoneAndKeepsEachThreadsOrder() throws InterruptedException {
        int threads = 8;
        int each = 20_000;
        List<CommitRequest> all = new ArrayList<>();
        List<Thread> adding = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int thread = t;
            adding.add(new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    queue.add(request((long) thread * each + i));
                }
            }));
        }
        adding.forEach(Thread::start);
        Chain<CommitRequest> taken = new Chain<>();
        while (all.size() < threads * each) {
            queue.drainTo(taken);
            all.addAll(elements(taken));
            CommitRequest unused = taken.takeAll();
        }
        for (Thread thread : adding) {
            thread.join();
        }
        long[] next = new long[threads];
        for (CommitRequest request : all) {
            int thread = (int) (number(request) / each);
            assertThat(number(request)).isEqualTo((long) thread * each + next[thread]++);
        }
        assertThat(next).containsOnly(each);
        assertThat(queue.isEmpty()).isTrue();
    }
}
