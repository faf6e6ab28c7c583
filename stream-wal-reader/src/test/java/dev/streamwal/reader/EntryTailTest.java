package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.catalog.WriterView;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.format.Positions;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.segment.SegmentWriterForTests;
import dev.streamwal.tail.WakeableRest;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Following one stream whose files are made by hand, step by step. */
@Timeout(300)
class EntryTailTest {

    private static final String KEY = "k";
    private static final Duration LONG = Duration.ofSeconds(50);
    private static final Duration SHORT = Duration.ofMillis(20);

    @TempDir
    private Path root;

    private WalReader reader;

    @BeforeEach
    void open() {
        reader = WalReader.open(root);
    }

    @AfterEach
    void close() {
        reader.close();
    }

    private SegmentWriterForTests first() {
        return SegmentWriterForTests.first(root, KEY).prepare(4_096);
    }

    private static String next(EntryTail tail) throws InterruptedException {
        assertThat(tail.next(LONG)).isTrue();
        return tail.content().toString(StandardCharsets.UTF_8);
    }

    private static void assertNothing(EntryTail tail) throws InterruptedException {
        assertThat(tail.next()).isFalse();
        assertThat(tail.next(Duration.ZERO)).isFalse();
        assertThat(tail.next(Duration.ofNanos(-1))).isFalse();
        assertThat(tail.next(SHORT)).isFalse();
    }

    // ---- where it begins

    @Test
    void follow_first_deliversWhatIsThereAndWhatComes() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(1, "a");
        segment.write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            assertThat(next(tail)).isEqualTo("a");
            assertNothing(tail);
            segment.append(1, "b");
            segment.write();
            assertThat(next(tail)).isEqualTo("b");
            assertThat(tail.positions()).isEqualTo(Map.of(KEY, segment.end()));
            assertNothing(tail);
        }
    }

    @Test
    void follow_end_deliversWhatComesOnly() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(1, "a");
        segment.padding(64).write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.end())) {
            assertNothing(tail);
            assertThat(tail.nextPosition()).isEqualTo(segment.end());
            segment.append(1, "b");
            segment.write();
            assertThat(next(tail)).isEqualTo("b");
        }
    }

    @Test
    void follow_endOfNothing_deliversTheFirstThatComes() throws Exception {
        try (EntryTail tail = reader.follow(KEY, ReadFrom.end())) {
            assertNothing(tail);
            SegmentWriterForTests segment = first().write();
            assertNothing(tail);
            segment.append(1, "a");
            segment.write();
            assertThat(next(tail)).isEqualTo("a");
        }
    }

    @Test
    void follow_endOfADamagedStream_deliversWhatComes() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(1, "a");
        int damaged = segment.tail() - 1;
        segment.append(1, "b");
        segment.seal().flip(damaged - 6, 1).flip(segment.tail() - 6, 1).write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.end())) {
            assertNothing(tail);
            SegmentWriterForTests successor = segment.successor();
            successor.append(1, "c");
            successor.write();
            assertThat(next(tail)).isEqualTo("c");
        }
    }

    @Test
    void follow_aPosition_resumesThere() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(1, "a");
        long b = segment.append(1, "b").position();
        segment.write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.position(b))) {
            assertThat(next(tail)).isEqualTo("b");
        }
        try (EntryTail tail = reader.follow(KEY, ReadFrom.position(segment.end()))) {
            assertNothing(tail);
            segment.append(1, "c");
            segment.write();
            assertThat(next(tail)).isEqualTo("c");
        }
    }

    @Test
    void follow_positionZero_tellsWhatWasDeleted() throws Exception {
        SegmentWriterForTests one = first();
        one.append(1, "a");
        SegmentWriterForTests two = one.seal().successor();
        two.append(1, "b");
        two.write();
        try (EntryTail fromZero = reader.follow(KEY, ReadFrom.position(0)); EntryTail first = reader.follow(KEY, ReadFrom.first())) {
            assertThatThrownBy(fromZero::next).isInstanceOfSatisfying(EntryExpiredException.class, e -> {
                assertThat(e.from()).isZero();
                assertThat(e.to()).isEqualTo(one.end());
            });
            assertThat(next(fromZero)).isEqualTo("b");
            assertThat(next(first)).isEqualTo("b");
        }
    }

    private EntryTail followFromMilli(long millis) {
        return reader.follow(KEY, ReadFrom.time(Instant.ofEpochMilli(millis)));
    }

    @Test
    void follow_aTime_beginsWithTheFirstRecordInOrderOfPositionThatIsNotOlder() throws Exception {
        SegmentWriterForTests one = first();
        one.append(10, "a");
        one.append(30, "b");
        one.append(20, "late");
        one.seal().write();
        SegmentWriterForTests two = one.successor();
        two.append(40, "c");
        two.append(15, "later");
        two.write();
        try (EntryTail tail = followFromMilli(20)) {
            assertThat(List.of(next(tail), next(tail), next(tail), next(tail))).containsExactly("b", "late", "c", "later");
            assertNothing(tail);
        }
        try (EntryTail tail = followFromMilli(31)) {
            assertThat(List.of(next(tail), next(tail))).containsExactly("c", "later");
        }
        try (EntryTail tail = followFromMilli(Long.MIN_VALUE)) {
            assertThat(next(tail)).isEqualTo("a");
        }
    }

    @Test
    void follow_aTimeThatNoRecordHasReached_deliversWhatComes() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(10, "a");
        segment.write();
        try (EntryTail tail = followFromMilli(11)) {
            segment.append(5, "b");
            segment.write();
            assertThat(next(tail)).isEqualTo("b");
            assertNothing(tail);
        }
        SegmentWriterForTests successor = segment.seal().write().successor();
        try (EntryTail tail = followFromMilli(11)) {
            assertNothing(tail);
            successor.append(6, "c");
            successor.write();
            assertThat(next(tail)).isEqualTo("c");
        }
    }

    @Test
    void follow_aTimeInAStreamThatIsNotThere_deliversTheFirstThatComes() throws Exception {
        try (EntryTail tail = followFromMilli(100)) {
            assertNothing(tail);
            SegmentWriterForTests segment = first();
            segment.append(1, "a");
            segment.write();
            assertThat(next(tail)).isEqualTo("a");
        }
    }

    @Test
    void follow_aTimeBehindDamage_beginsBehindIt() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(10, "a");
        int damaged = segment.tail() - 7;
        segment.append(20, "b");
        segment.flip(damaged, 1).write();
        try (EntryTail tail = followFromMilli(20)) {
            assertThat(next(tail)).isEqualTo("b");
        }
    }

    @Test
    void follow_noPosition_isRefused() {
        SegmentWriterForTests segment = first();
        segment.append(1, "a");
        segment.write();
        assertThatThrownBy(() -> reader.follow(KEY, ReadFrom.position(8))).isInstanceOf(EntryNotFoundException.class);
        assertThatThrownBy(() -> reader.follow(KEY, ReadFrom.position(-1))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> reader.follow("", ReadFrom.position(0))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void follow_aPositionThatWasCutOff_goesOnWithWhatComes() throws Exception {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        segment.append(1, "a");
        long cutOff = segment.end() + 64;
        segment.seal().write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.position(cutOff))) {
            assertNothing(tail);
            SegmentWriterForTests later = new SegmentWriterForTests(root, KEY, 1 << 20, segment.end());
            later.append(1, "b");
            later.write();
            assertThat(next(tail)).isEqualTo("b");
            assertThat(tail.nextPosition()).isEqualTo(later.end());
        }
    }

    // ---- from segment to segment

    @Test
    void next_rotatedAndSealed_goesOnInTheSuccessor() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(1, "0");
        segment.write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            for (int i = 0; i < 6; i++) {
                assertThat(next(tail)).isEqualTo(String.valueOf(i));
                assertNothing(tail);
                SegmentWriterForTests sealed = segment;
                if (i % 2 == 0) {
                    sealed.seal().write();
                    assertNothing(tail);
                }
                segment = sealed.successor().prepare(4_096).write();
                assertNothing(tail);
                if (i % 2 == 1) {
                    sealed.seal().write();
                }
                segment.append(1, String.valueOf(i + 1));
                segment.write();
            }
        }
    }

    @Test
    void next_holeThatIsFilledLater_waitsForIt() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(1, "a");
        segment.write();
        byte[] before = segment.bytes();
        int hole = segment.tail();
        segment.append(1, "b");
        segment.append(1, "c");
        byte[] after = segment.bytes();
        byte[] withHole = after.clone();
        System.arraycopy(before, hole, withHole, hole, 8);
        segment.write(withHole);
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            assertThat(next(tail)).isEqualTo("a");
            assertNothing(tail);
            segment.write(after);
            assertThat(next(tail)).isEqualTo("b");
            assertThat(next(tail)).isEqualTo("c");
            assertNothing(tail);
        }
    }

    // ---- what is deleted

    @Test
    void next_everythingReadAndDeletedAndRecreated_missesNothing() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(1, "a");
        segment.write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            assertThat(next(tail)).isEqualTo("a");
            assertNothing(tail);
            segment.delete();
            Files.delete(segment.file().getParent());
            assertNothing(tail);
            assertThat(reader.openFiles()).isZero();
            SegmentWriterForTests again = new SegmentWriterForTests(root, KEY, 1 << 20, segment.end());
            again.append(1, "b");
            again.write();
            assertThat(next(tail)).isEqualTo("b");
        }
    }

    @Test
    void next_appendedAndDeletedBetweenTwoLooks_isDeliveredFromTheFileThatIsOpen() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(1, "a");
        segment.write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            assertThat(next(tail)).isEqualTo("a");
            assertNothing(tail);
            segment.append(1, "b");
            segment.write().delete();
            Files.delete(segment.file().getParent());
            assertThat(next(tail)).isEqualTo("b");
            assertNothing(tail);
            assertThat(reader.openFiles()).isZero();
        }
    }

    @Test
    void next_overtaken_saysWhatIsMissingOnceAndGoesOnBehind() throws Exception {
        SegmentWriterForTests one = first();
        one.append(1, "1");
        one.append(1, "2");
        one.seal().write();
        SegmentWriterForTests two = one.successor();
        two.append(1, "3");
        two.seal().write();
        SegmentWriterForTests three = two.successor();
        three.append(1, "4");
        three.write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            assertThat(next(tail)).isEqualTo("1");
            one.delete();
            two.delete();
            assertThat(next(tail)).isEqualTo("2");
            assertExpired(tail, one.end(), two.end());
            assertThat(next(tail)).isEqualTo("4");
            assertNothing(tail);
        }
    }

    @Test
    void next_overtakenWhileItDidNotLook_saysWhatIsMissingOnceAndGoesOnBehind() throws Exception {
        SegmentWriterForTests one = first();
        one.append(1, "1");
        one.seal().write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            assertThat(next(tail)).isEqualTo("1");
            assertNothing(tail);
            SegmentWriterForTests two = one.successor();
            two.append(1, "2");
            SegmentWriterForTests three = two.successor();
            three.append(1, "3");
            three.write();
            one.delete();
            assertExpired(tail, one.end(), two.end());
            assertThat(next(tail)).isEqualTo("3");
            assertNothing(tail);
        }
    }

    /** What is there now begins where the last of those ended, and says nothing of where the first one did. */
    @Test
    void next_whereItStandsAndTheNextWereDeletedWithoutFooters_saysWhatIsMissing() throws Exception {
        SegmentWriterForTests a = SegmentWriterForTests.first(root, KEY);
        a.append(1, "a");
        a.write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            assertThat(next(tail)).isEqualTo("a");
            assertNothing(tail);
            SegmentWriterForTests b = a.successor();
            b.append(2, "never seen");
            SegmentWriterForTests c = b.successor();
            c.append(3, "c");
            a.delete();
            c.write();
            assertThatThrownBy(() -> next(tail)).isInstanceOfSatisfying(EntryExpiredException.class, e -> {
                assertThat(e.from()).isEqualTo(a.end());
                assertThat(e.to()).isEqualTo(b.end());
            });
            assertThat(next(tail)).isEqualTo("c");
            assertNothing(tail);
        }
    }

    @Test
    void follow_aPositionThatRetentionHasPassed_saysWhatIsMissingOnceAndGoesOnBehind() throws Exception {
        SegmentWriterForTests one = first();
        one.append(1, "1");
        long two = one.append(1, "2").position();
        SegmentWriterForTests next = one.successor();
        next.append(1, "3");
        next.write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.position(two))) {
            assertExpired(tail, two, one.end());
            assertThat(next(tail)).isEqualTo("3");
        }
        try (EntryTail tail = reader.follow(KEY, ReadFrom.position(one.end()))) {
            assertThat(next(tail)).isEqualTo("3");
        }
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            assertThat(next(tail)).isEqualTo("3");
        }
    }

    @Test
    void follow_aPositionInAStreamThatIsGone_saysWhatIsMissingWhenItComesAgain() throws Exception {
        SegmentWriterForTests gone = first();
        long one = gone.append(1, "1").position();
        long two = gone.append(1, "2").position();
        SegmentWriterForTests.writePositions(root, new Positions(1, 1 << 20, 1 << 20, 1, "", 1, 0, 0));
        try (EntryTail tail = reader.follow(KEY, ReadFrom.position(two))) {
            assertNothing(tail);
            SegmentWriterForTests again = new SegmentWriterForTests(root, KEY, 1 << 20, 1 << 20);
            again.append(1, "3");
            again.write();
            assertThat(one).isZero();
            assertExpired(tail, two, 1 << 20);
            assertThat(next(tail)).isEqualTo("3");
        }
    }

    private static void assertExpired(EntryTail tail, long from, long to) {
        assertThatThrownBy(() -> tail.next(LONG)).isInstanceOfSatisfying(EntryExpiredException.class, e -> {
            assertThat(e.key()).isEqualTo(KEY);
            assertThat(e.from()).isEqualTo(from);
            assertThat(e.to()).isEqualTo(to);
        });
        assertThat(tail.nextPosition()).isEqualTo(to);
    }

    @Test
    void next_aWholeSegmentThatCannotBeRead_isToldOfAsDamageAndNotAsExpired() throws Exception {
        SegmentWriterForTests one = first();
        one.append(1, "1");
        one.seal().write();
        SegmentWriterForTests two = one.successor();
        two.append(1, "2");
        SegmentWriterForTests three = two.successor();
        three.append(1, "3");
        two.flip(SegmentHeaderLayout.HEADER_CHECKSUM, 1).write();
        three.write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            assertThat(next(tail)).isEqualTo("1");
            assertThatThrownBy(() -> tail.next(LONG)).isInstanceOf(CorruptSegmentException.class);
            assertThat(next(tail)).isEqualTo("3");
        }
    }

    // ---- what is cut off

    @Test
    void next_whatItHasReadIsCutOff_goesOnWithWhatComesThen() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(1, "a");
        long end = segment.end();
        byte[] cut = segment.bytes();
        segment.append(1, "b");
        segment.append(1, "c");
        segment.write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            assertThat(next(tail)).isEqualTo("a");
            assertThat(next(tail)).isEqualTo("b");
            assertThat(next(tail)).isEqualTo("c");
            assertNothing(tail);
            segment.write(java.util.Arrays.copyOf(cut, segment.header().headerLength() + (int) end));
            assertNothing(tail);
            SegmentWriterForTests later = new SegmentWriterForTests(root, KEY, 1 << 20, end);
            later.append(1, "d");
            later.write();
            assertThat(next(tail)).isEqualTo("d");
            assertNothing(tail);
        }
    }

    // ---- waiting

    @Test
    void next_nothingComes_readsOnlyTheCommitWord() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(1, "a");
        segment.write();
        int looks = 100_000;
        AtomicLong rests = new AtomicLong();
        WakeableRest counting = new WakeableRest() {
            @Override
            public boolean rest(long nanos) {
                return rests.incrementAndGet() > looks;
            }
        };
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first(), counting)) {
            assertThat(tail.next()).isTrue();
            long before = reader.readCalls();
            assertThat(tail.next(LONG)).isFalse();
            assertThat(rests).hasValue(looks + 1);
            // the directory has just changed, so it is listed, and the end looked at again, some thirty times in two seconds
            assertThat(reader.readCalls() - before).isBetween((long) looks, looks + 1_000L);
        }
    }

    @Test
    void next_comesWhileItWaits_isDelivered() throws Exception {
        SegmentWriterForTests segment = first();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            CompletableFuture<String> waiting = CompletableFuture.supplyAsync(() -> unchecked(tail));
            segment.append(1, "a");
            segment.write();
            assertThat(waiting.get(300, TimeUnit.SECONDS)).isEqualTo("a");
        }
    }

    private static String unchecked(EntryTail tail) {
        try {
            return next(tail);
        } catch (InterruptedException e) {
            return "interrupted";
        }
    }

    @Test
    void wakeup_fromAnotherThread_endsTheWait() throws Exception {
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            CompletableFuture<Void> waking = CompletableFuture.runAsync(tail::wakeup);
            assertThat(tail.next(Duration.ofDays(1_000_000_000_000L))).isFalse();
            waking.join();
        }
    }

    @Test
    void wakeup_nobodyWaits_endsTheNextWaitAndDoesNotHideARecord() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(1, "a");
        segment.write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            tail.wakeup();
            tail.wakeup();
            assertThat(tail.next(LONG)).isTrue();
            assertThat(tail.next(LONG)).isFalse();
            assertThat(tail.next(SHORT)).isFalse();
        }
    }

    @Test
    void next_interrupted_throwsAndLosesNothing() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(1, "a");
        segment.write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> tail.next(LONG)).isInstanceOf(InterruptedException.class);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            assertThat(next(tail)).isEqualTo("a");
            Thread.currentThread().interrupt();
            assertThat(tail.next()).isFalse();
            assertThat(Thread.interrupted()).isTrue();
            CountDownLatch waits = new CountDownLatch(1);
            Thread here = Thread.currentThread();
            CompletableFuture<Void> interrupting = CompletableFuture.runAsync(() -> {
                try {
                    waits.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                here.interrupt();
            });
            waits.countDown();
            assertThatThrownBy(() -> tail.next(LONG)).isInstanceOf(InterruptedException.class);
            interrupting.join();
            segment.append(1, "b");
            segment.write();
            assertThat(next(tail)).isEqualTo("b");
        }
    }

    @Test
    void next_readerIsClosedByAnotherThread_endsTheWait() {
        first().write();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            CompletableFuture<Void> closing = CompletableFuture.runAsync(reader::close);
            assertThatThrownBy(() -> tail.next(LONG)).isInstanceOf(WalClosedException.class);
            closing.join();
        }
    }

    @Test
    void next_closed_throws() {
        EntryTail tail = reader.follow(KEY, ReadFrom.first());
        tail.close();
        tail.close();
        tail.wakeup();
        assertThatThrownBy(() -> tail.next(LONG)).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(tail::next).isInstanceOf(WalClosedException.class);
    }

    @Test
    void next_quietForAWhile_holdsNoBuffers() throws Exception {
        SegmentWriterForTests segment = first();
        segment.append(1, "x".repeat(3 << 20));
        segment.write();
        long before = pinned();
        try (EntryTail tail = reader.follow(KEY, ReadFrom.first())) {
            assertThat(next(tail)).hasSize(3 << 20);
            assertThat(pinned() - before).isGreaterThanOrEqualTo(6 << 20);
            for (int i = 0; i < 100 && pinned() - before >= 64 << 10; i++) {
                assertThat(tail.next(Duration.ofMillis(150))).isFalse();
            }
            assertThat(pinned() - before).isLessThan(64 << 10);
            segment.append(1, "b");
            segment.write();
            assertThat(next(tail)).isEqualTo("b");
        }
    }

    private static long pinned() {
        return PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
    }

    // ---- in the process that writes

    private static final class Writer implements WriterView {
        final AtomicLong reserved = new AtomicLong(-1);

        @Override
        public OptionalLong reservedEnd(String key) {
            long end = reserved.get();
            return end < 0 ? OptionalLong.empty() : OptionalLong.of(end);
        }

        @Override
        public boolean abandoned(String key, long position) {
            return false;
        }

        @Override
        public boolean unfinished(String key, long position) {
            return true;
        }
    }

    /** The successor is there before its first record is reserved: neither the directory nor the old segment says that one has come. */
    @Test
    void next_successorThatWasThereBeforeItsFirstRecord_isSeenByWhatIsReserved() throws Exception {
        Writer writer = new Writer();
        SegmentWriterForTests segment = first();
        segment.append(1, "a");
        segment.write();
        SegmentWriterForTests successor = segment.successor().prepare(4_096).write();
        writer.reserved.set(segment.end());
        try (WalReader writing = WalReader.open(root, ReaderOptions.builder().build(), writer);
                EntryTail tail = writing.follow(KEY, ReadFrom.first())) {
            assertThat(next(tail)).isEqualTo("a");
            assertNothing(tail);
            List<String> found = new ArrayList<>();
            successor.append(1, "b");
            successor.write();
            writer.reserved.set(successor.end());
            found.add(next(tail));
            assertThat(found).containsExactly("b");
        }
    }
}
