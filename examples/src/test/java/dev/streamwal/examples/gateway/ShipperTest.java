package dev.streamwal.examples.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.examples.DamagedRecord;
import dev.streamwal.examples.LogAway;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the shipper does with what it can't read. */
@Timeout(300)
class ShipperTest {
    private static final String KEY = "sensor/power/1";

    @TempDir
    Path folder;

    /** A consumer that is opened again begins a new file with its first commit. */
    @Test
    void logThatTakesNoCommitForAWhile_isCommittedToAfterwards_andNothingIsShippedTwice() throws Exception {
        Path log = folder.resolve("log");
        Path target = folder.resolve("shipped");
        try (StreamWal wal = StreamWal.open(log); WalReader reader = wal.reader()) {
            reader.consumer(Shipper.NAME, Shipper.KEYS).close();
            List<EntryRef> appended = List.of(wal.stream(KEY).append("reading1".getBytes(UTF_8)));
            try (WalConsumer consumer = reader.consumer(Shipper.NAME, Shipper.KEYS)) {
                FutureTask<Void> shipping = new FutureTask<>(() -> {
                    new Shipper(target).ship(consumer);
                    return null;
                });
                try (LogAway away = LogAway.cursors(log)) {
                    assertThat(away).isNotNull();
                    new Thread(shipping, "shipper").start();
                    while (!shipping.isDone() && (!Files.exists(target) || batches(target) == 0)) {
                        TimeUnit.MILLISECONDS.sleep(10);
                    }
                    TimeUnit.MILLISECONDS.sleep(200); // and it has failed to commit that
                }
                assertThat(shipping.get()).isNull();
            }
            assertThat(reader.consumerLags(Shipper.NAME)).hasSize(1).allMatch(lag -> lag.behindBytes() == 0);
            assertThat(Delivery.read(target).account(appended)).isEqualTo(new Delivery.Account(1, 1, 0));
        }
        assertThat(batches(target)).isEqualTo(1);
    }

    private static long batches(Path target) throws IOException {
        try (Stream<Path> files = Files.list(target)) {
            return files.filter(Shipper::isBatch).count();
        }
    }

    @Test
    void damagedReading_isTold_andTheOthersAreShipped() throws Exception {
        Path log = folder.resolve("log");
        Path target = folder.resolve("shipped");
        List<EntryRef> appended = new ArrayList<>();
        try (StreamWal wal = StreamWal.open(log); WalReader reader = wal.reader()) {
            reader.consumer(Shipper.NAME, Shipper.KEYS).close();
            for (String content : List.of("reading1", "to be damaged", "reading2")) {
                appended.add(wal.stream(KEY).append(content.getBytes(UTF_8)));
            }
            DamagedRecord.of(log, "to be damaged");
            Shipper.main(new String[] {log.toString(), target.toString()});
            assertThat(reader.consumerLags(Shipper.NAME)).allMatch(lag -> lag.behindBytes() == 0);
        }
        assertThat(Delivery.read(target).account(appended)).isEqualTo(new Delivery.Account(3, 2, 0));
        try (Stream<Path> batches = Files.list(target)) {
            assertThat(batches.toList()).singleElement().satisfies(batch ->
                    assertThat(batch).content().contains("damaged," + KEY + "," + appended.get(1).position()));
        }
    }
}
