package dev.streamwal.examples.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The gateway from its beginning to its end, with few sensors, and how it counts what was shipped. */
class GatewayTest {
    @TempDir
    Path folder;

    @Test
    void gateway_everyReadingIsShippedOrReportedAsLost() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Gateway gateway = new Gateway(new PrintStream(out, true, UTF_8));

        int exitCode = new CommandLine(gateway).execute("--seconds=2", "--sensors=200", "--directory=" + folder);

        assertThat(out.toString(UTF_8))
                .containsPattern("records/s, 201 streams, .*, OK")
                .containsPattern("north +10 temperatures from 1\\d\\.\\d to 2\\d\\.\\d")
                .containsPattern("retention applied: .*, 0 held for the shipper")
                .containsPattern("1,400 readings appended = [1-9][\\d,]* shipped \\+ [\\d,]+ lost \\+ 0 missing");
        assertThat(exitCode).isZero();
        assertThat(audited()).containsExactly(
                "start, power is kept for PT1H", "shipper killed", "stop", "start, power is kept for PT5S", "stop");
    }

    @Test
    void delivery_countsWhatWasShippedTwiceOnce_andWhatNobodyNamesAsMissing() throws IOException {
        Files.write(folder.resolve("000000.csv"), List.of("shipped,a@0+40,", "shipped,a@40+40,", "lost,b,0,80"));
        Files.write(folder.resolve("000001.csv"), List.of("lost,a,0,40", "shipped,a@40+40,", "shipped,b@80+40,"));

        Delivery.Account account = Delivery.read(folder).account(List.of(
                ref("a", 0), ref("a", 40), ref("a", 80), ref("b", 0), ref("b", 40), ref("b", 80), ref("c", 0)));

        assertThat(account).isEqualTo(new Delivery.Account(7, 3, 2));
        assertThat(account.missing()).isEqualTo(2);
    }

    private static EntryRef ref(String key, long position) {
        return new EntryRef(key, position, 40);
    }

    private List<String> audited() {
        List<String> events = new ArrayList<>();
        try (WalReader reader = WalReader.open(folder.resolve("log")); EntryCursor cursor = reader.scan("audit/gateway")) {
            while (cursor.next()) {
                events.add(cursor.content().toString(UTF_8));
            }
        }
        return events;
    }
}
