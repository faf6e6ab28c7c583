package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.SimulatedDisk;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Before each call that a reader makes to the disk, more is appended than the reader takes at a time. What asks for a stream's end still ends, after the bytes
 * that were there, and has what existed at the call. One thread, on a simulated disk.
 */
class MovingEndTest {

    private static final String KEY = "k";
    private static final int SEGMENT_BYTES = 1 << 20;
    private static final int LARGE_SEGMENT_BYTES = 8 << 20;
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int CONTENT_BYTES = 500;
    /** More than a buffer holds. */
    private static final int RECORDS_A_CALL = 140;
    /** Then the stream stands still, so that a reader that follows it ends, too. */
    private static final int MAX_CALLS = 500;
    /** A segment from its mark; once more to go back from its end, if it has become full meanwhile and has no footer yet; and a little around that. */
    private static final long MAX_READ_BYTES = 2L * SEGMENT_BYTES + 4 * BUFFER_BYTES;
    /** To list segments, to open them and to read; each call of the disk counts. */
    private static final int MAX_LOOKS = 250;

    /** Far less than a large segment has. */
    private static final long MAX_READ_OF_LARGE_BYTES = 1 << 20;

    private final SimulatedDisk disk = new SimulatedDisk();
    private int appendedCalls;

    /** An operation that finds the end of the stream, and the position that it gives. */
    private enum Asked {
        LATEST {
            @Override
            long of(WalReader reader) {
                return reader.latest(KEY).orElseThrow().ref().end();
            }
        },
        LATEST_OF_KEYS {
            @Override
            long of(WalReader reader) {
                return reader.latest(List.of(KEY)).get(KEY).ref().end();
            }
        },
        SCAN_LAST {
            @Override
            long of(WalReader reader) {
                long end = -1;
                try (EntryCursor cursor = reader.scanLast(KEY, 3)) {
                    for (int i = 0; i < 3; i++) {
                        assertThat(cursor.next()).isTrue();
                        assertThat(end == -1 || cursor.ref().position() >= end).isTrue();
                        end = cursor.ref().end();
                    }
                    assertThat(cursor.next()).isFalse();
                }
                return end;
            }
        },
        SCAN_BACKWARD {
            @Override
            long of(WalReader reader) {
                try (EntryCursor cursor = reader.scanBackward(KEY, Long.MAX_VALUE)) {
                    assertThat(cursor.next()).isTrue();
                    return cursor.ref().end();
                }
            }
        },
        FOLLOW_END {
            @Override
            long of(WalReader reader) {
                try (EntryTail tail = reader.follow(KEY, ReadFrom.end())) {
                    return tail.nextPosition();
                }
            }
        };

        abstract long of(WalReader reader);
    }

    @ParameterizedTest
    @CsvSource({"true, true", "true, false", "false, true", "false, false"})
    void find_endMovesWithEachCall_endsWithWhatExistedAtTheCall(boolean within, boolean mapped) {
        find(within, mapped, SEGMENT_BYTES, MAX_READ_BYTES);
    }

    /** The segment's end is far, so what existed at the call has to end the walk. Only by position: mapped, the mark may be as far behind. */
    @Test
    void find_endMovesInOneSegment_endsWithWhatExistedAtTheCall() {
        find(true, false, LARGE_SEGMENT_BYTES, MAX_READ_OF_LARGE_BYTES);
    }

    private void find(boolean within, boolean mapped, int segmentBytes, long maxReadBytes) {
        Path beside = disk.besidePath("/log");
        ReaderOptions options = ReaderOptions.builder().scanBufferBytes(BUFFER_BYTES).build();
        try (StreamWal wal = open(mapped, segmentBytes); WalReader reader = within ? wal.reader(options) : WalReader.open(beside, options)) {
            WalStream stream = wal.stream(KEY);
            for (Asked asked : Asked.values()) {
                long existing = append(stream);
                long bytes = reader.readBytes();
                appendedCalls = 0;
                appendBeforeEachCall(stream);
                long found = asked.of(reader);
                disk.meanwhile(0, null);
                assertThat(appendedCalls).as("calls of %s", asked).isPositive().isLessThan(MAX_LOOKS);
                assertThat(reader.readBytes() - bytes).as("bytes read by %s", asked).isLessThan(maxReadBytes);
                assertThat(found).as("end by %s", asked).isBetween(existing, stream.endPosition());
                assertThat(asked.of(reader)).as("end by %s when all is quiet", asked).isEqualTo(stream.endPosition());
            }
        }
    }

    private StreamWal open(boolean mapped, int segmentBytes) {
        WalOptions options = WalOptions.builder().clock(() -> Instant.parse("2026-03-01T12:00:00Z")).retention(Duration.ofDays(1)).segmentBytes(segmentBytes)
                .maxRecordBytes(1_000).streams("*", StreamOptions.builder().segments(Segments.OWN).build()).sweepInterval(Duration.ZERO)
                .durability(Durability.BUFFERED).build();
        return SimulatedLog.open(disk.path("/log"), options, "boot", mapped, new Random(1)::nextLong);
    }

    private void appendBeforeEachCall(WalStream stream) {
        disk.meanwhile(1, () -> {
            long unused = append(stream);
            if (++appendedCalls < MAX_CALLS) {
                appendBeforeEachCall(stream);
            }
        });
    }

    /** Returns where the stream ends then. */
    private static long append(WalStream stream) {
        long end = 0;
        for (int i = 0; i < RECORDS_A_CALL; i++) {
            end = stream.append(new byte[CONTENT_BYTES]).end();
        }
        return end;
    }
}
