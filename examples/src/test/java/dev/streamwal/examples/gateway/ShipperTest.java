package dev.streamwal.examples.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.examples.DamagedRecord;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the shipper does with what it can't read. */
@Timeout(60)
class ShipperTest {
    private static final String KEY = "sensor/power/1";

    @TempDir
    Path folder;

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
