package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A power loss takes a new stream's first records, and may leave the file that was made for them. Nothing was there before, so no consumer has lost that. */
@Tag("portable")
class FirstSegmentLostTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    private final SimulatedDisk disk = new SimulatedDisk();

    private static StreamWal open(SimulatedDisk disk, String boot, boolean mapped) {
        WalOptions options = WalOptions.builder().clock(() -> NOW).segmentBytes(16 << 10).sweepInterval(Duration.ZERO).build();
        return SimulatedLog.open(disk.path("/log"), options, boot, mapped, new Random(boot.hashCode())::nextLong);
    }

    /** Gives back what the dead process held of this one. */
    private static void abandon(StreamWal dead) {
        try {
            dead.close();
        } catch (WalException e) {
            // its file system refuses everything
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void next_afterAPowerLossAtEachCallOfAStreamsFirstAppend_isToldOfNoLoss(boolean mapped) throws InterruptedException {
        StreamWal first = open(disk, "first", mapped);
        first.stream("other").append(WriteEntry.of(new byte[1]), Durability.IMMEDIATE);
        try (WalReader reader = first.reader()) {
            reader.consumer("shipper", Keys.all()).close();
        }
        disk.kill();
        abandon(first);
        // after a killed writer the stream begins above the positions that it may have given
        StreamWal second = open(disk, "second", mapped);
        int from = disk.mark();
        second.stream("new").append(new byte[2]);

        for (int at = from; at <= disk.mark(); at++) {
            CrashPoint point = disk.crashPoint(at);
            SimulatedDisk left = point.state(point.allKept());
            try (StreamWal third = open(left, "third", mapped); WalReader reader = third.reader()) {
                third.stream("new").append(WriteEntry.of(new byte[3]), Durability.IMMEDIATE);
                try (WalConsumer consumer = reader.consumer("shipper", Keys.all())) {
                    assertThat(consumer.lost()).as("after call " + at).isEmpty();
                    for (int record = 0; record < SimulatedLog.lengths(third, "new").size() + 1; record++) {
                        assertThat(consumer.entries().next(Duration.ZERO)).as("after call " + at).isTrue();
                    }
                    assertThat(consumer.lost()).as("after call " + at).isEmpty();
                }
            }
        }
        second.close();
    }
}
