package dev.streamwal.examples.queue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.examples.DamagedRecord;
import dev.streamwal.examples.LogAway;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a worker does with a message that it can't read. */
@Timeout(300)
class WorkerTest {
    @TempDir
    Path folder;

    /** A worker that is interrupted while it writes ends for that. */
    private static void awaitCommitted(FutureTask<Void> work, WalReader reader, Topic topic) throws InterruptedException {
        while (!work.isDone() && reader.consumerLags(topic.consumer("group", 0)).get(0).behindBytes() > 0) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    @Test
    void logThatFailsForAWhile_isWorkedOffAfterwards() throws Exception {
        Path log = folder.resolve("log");
        Path done = Deliveries.file(folder, "group", 0);
        Topic topic = new Topic("orders", 1);
        try (StreamWal wal = StreamWal.open(log); WalReader reader = wal.reader()) {
            EntryRef first = topic.send(wal, "key", "first".getBytes(UTF_8));
            FutureTask<Void> work = work(log, done);
            Thread worker = new Thread(work, "worker");
            worker.start();
            awaitDone(work, done, "first");
            try (LogAway away = LogAway.segments(log)) {
                assertThat(away).isNotNull();
                TimeUnit.MILLISECONDS.sleep(500); // and it has failed to read
            }
            EntryRef last = topic.send(wal, "key", "last".getBytes(UTF_8));
            assertThat(last.position()).isGreaterThan(first.position());
            awaitDone(work, done, "last");
            awaitCommitted(work, reader, topic);
            worker.interrupt();
            assertThatThrownBy(work::get).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(InterruptedException.class);
        }
        Deliveries deliveries = Deliveries.read(folder, "group");
        assertThat(deliveries.count()).isEqualTo(2);
        assertThat(deliveries.twice()).isZero();
    }

    private static FutureTask<Void> work(Path log, Path done) {
        return new FutureTask<>(() -> {
            Worker.main(new String[] {log.toString(), "orders", "1", "group", "1", done.toString()});
            return null;
        });
    }

    private static void awaitDone(FutureTask<Void> work, Path done, String message) throws Exception {
        while (!work.isDone() && !(Files.exists(done) && Files.readString(done).contains(message))) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    @Test
    void damagedMessage_isNoted_andTheOthersAreDone() throws Exception {
        Path log = folder.resolve("log");
        Path done = Deliveries.file(folder, "group", 0);
        Topic topic = new Topic("orders", 1);
        try (StreamWal wal = StreamWal.open(log)) {
            for (String message : List.of("first", "to be damaged", "last")) {
                EntryRef unused = topic.send(wal, "key", message.getBytes(UTF_8));
            }
            DamagedRecord.of(log, "to be damaged");
            FutureTask<Void> work = work(log, done);
            Thread worker = new Thread(work, "worker");
            worker.start();
            awaitDone(work, done, "last");
            try (WalReader reader = WalReader.open(log)) {
                awaitCommitted(work, reader, topic);
            }
            worker.interrupt();
            assertThatThrownBy(work::get).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(InterruptedException.class);
        }
        Deliveries deliveries = Deliveries.read(folder, "group");
        assertThat(deliveries.count()).isEqualTo(2);
        assertThat(deliveries.lost()).isEqualTo(1);
    }
}
