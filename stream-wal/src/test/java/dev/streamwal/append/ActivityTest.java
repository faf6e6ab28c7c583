package dev.streamwal.append;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.format.ActivityLayout;
import dev.streamwal.storage.ChannelStorage;
import dev.streamwal.storage.MappedStorage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.netty.util.IllegalReferenceCountException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ActivityTest {

    private static final int SEGMENT_BYTES = 64 << 10;
    private static final String KEY = "host/cpu";

    @TempDir
    private Path root;

    private long slot() throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(root.resolve("activity"))).order(ByteOrder.LITTLE_ENDIAN);
        int slots = ActivityLayout.slots(file, file.limit());
        return file.getLong(ActivityLayout.offset(ActivityLayout.slot(ActivityLayout.hash(KEY), slots)));
    }

    private SeamedLog open() throws IOException {
        SeamedLog.create(root);
        SeamedLog log = new SeamedLog(root, new MappedStorage(), SEGMENT_BYTES, 10, 10, null);
        log.context.activity(Activity.create(new MappedStorage(), root, 7));
        return log;
    }

    @Test
    void create_again_isAnotherWholeFile() throws IOException {
        assertThat(Activity.create(new MappedStorage(), root, 7).close()).isTrue();
        Files.write(root.resolve(".activity.tmp"), new byte[3]);
        assertThat(Activity.create(new MappedStorage(), root, 8).close()).isTrue();
        assertThat(root.resolve("activity")).hasSize(ActivityLayout.bytes(ActivityLayout.DEFAULT_SLOTS));
        assertThat(root).isDirectoryNotContaining("glob:**.tmp");
        assertThat(slot()).isZero();
    }

    @Test
    void create_whereItCannotBe_leavesNothing() throws IOException {
        assertThat(Activity.create(new ChannelStorage(), root, 7)).isSameAs(Activity.NONE);
        assertThat(root).isEmptyDirectory();
        Files.createDirectories(root.resolve("activity").resolve("x"));
        assertThatThrownBy(() -> Activity.create(new MappedStorage(), root, 7)).isInstanceOf(IOException.class);
        assertThat(root).isDirectoryNotContaining("glob:**.tmp");
    }

    @Test
    void append_everyWay_leavesTheEndOfWhatWasPublished() throws IOException {
        try (SeamedLog log = open()) {
            long hash = ActivityLayout.hash(KEY);
            for (int i = 0; i < 40; i++) {
                long position = log.append(KEY, Source.EMPTY, Source.of(new byte[8]));
                assertThat(slot()).as("append %d", i).isEqualTo(ActivityLayout.value(hash, position + 40));
            }
            List<Draft> batch = List.of(Draft.of(Source.EMPTY, Source.of(new byte[8]), SeamedLog.NOW),
                    Draft.of(Source.EMPTY, Source.of(new byte[8]), SeamedLog.NOW));
            long first = log.appendBatch(KEY, batch);
            assertThat(slot()).isEqualTo(ActivityLayout.value(hash, first + 80));
            ByteBuf released = Unpooled.directBuffer(8).writeZero(8);
            Source source = Source.of(released);
            released.release();
            assertThatThrownBy(() -> log.append(KEY, Source.EMPTY, source)).isInstanceOf(IllegalReferenceCountException.class);
            assertThat(slot()).as("padding").isEqualTo(ActivityLayout.value(hash, first + 80 + 40));
        }
    }

    /** Bytes that say what the slot holds while they are copied, which is behind the reservation and before the commit word. */
    private final class Looking extends UnpooledHeapByteBuf {
        private final List<Long> slots = new ArrayList<>();

        Looking() {
            super(UnpooledByteBufAllocator.DEFAULT, new byte[8], 8);
        }

        @Override
        public boolean hasArray() {
            return false;
        }

        @Override
        public ByteBuf getBytes(int index, byte[] target, int targetIndex, int length) {
            try {
                slots.add(slot());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return super.getBytes(index, target, targetIndex, length);
        }
    }

    @Test
    void append_everyWay_leavesItBehindTheCommitWord() throws IOException {
        try (SeamedLog log = open()) {
            for (int i = 0; i < 40; i++) {
                long before = slot();
                Looking looking = new Looking();
                log.append(KEY, Source.EMPTY, Source.of(looking));
                assertThat(looking.slots).as("append %d", i).containsOnly(before);
                assertThat(slot()).isNotEqualTo(before);
            }
            long before = slot();
            Looking looking = new Looking();
            log.appendBatch(KEY, List.of(Draft.of(Source.EMPTY, Source.of(looking), SeamedLog.NOW)));
            assertThat(looking.slots).containsOnly(before);
            assertThat(slot()).isNotEqualTo(before);
        }
    }

    @Test
    void recover_aStreamThatWasThere_leavesSomethingElse() throws IOException {
        try (SeamedLog log = open()) {
            log.append(KEY, Source.EMPTY, Source.of(new byte[8]));
        }
        try (SeamedLog log = open()) {
            assertThat(slot()).isZero();
            log.stream(KEY).recoverNow();
            assertThat(slot()).isNotZero();
        }
    }

    @Test
    void close_aThreadBetweenItsCommitWordAndItsMark_isWaitedFor() throws Exception {
        Activity activity = Activity.create(new MappedStorage(), root, 7);
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        CompletableFuture<Void> appending = CompletableFuture.runAsync(() -> {
            AppendScratch scratch = AppendScratch.ofThisThread();
            scratch.enter(activity);
            // a source that appends itself
            scratch.enter(Activity.NONE);
            scratch.leave();
            entered.countDown();
            awaited(goOn);
            activity.published(ActivityLayout.hash(KEY), 800);
            scratch.leave();
        });
        entered.await();
        CompletableFuture<Boolean> closing = CompletableFuture.supplyAsync(activity::close);
        Thread.sleep(20);
        assertThat(closing).isNotDone();
        goOn.countDown();
        appending.get();
        assertThat(closing.get()).isTrue();
        assertThat(slot()).isEqualTo(ActivityLayout.value(ActivityLayout.hash(KEY), 800));
        activity.changed(ActivityLayout.hash(KEY));
    }

    @Test
    void close_aThreadThatStaysInItsSlot_keepsTheMapping() throws Exception {
        Activity activity = Activity.create(new MappedStorage(), root, 7);
        AppendScratch scratch = AppendScratch.ofThisThread();
        scratch.enter(activity);
        try {
            assertThat(CompletableFuture.supplyAsync(activity::close).get()).isFalse();
            activity.published(ActivityLayout.hash(KEY), 800);
            assertThat(slot()).isEqualTo(ActivityLayout.value(ActivityLayout.hash(KEY), 800));
        } finally {
            scratch.leave();
        }
    }

    private static void awaited(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
