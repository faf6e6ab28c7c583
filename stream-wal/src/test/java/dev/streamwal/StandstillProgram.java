package dev.streamwal;

import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Keeps a log of many windows, stands still until all of it has expired, and sweeps. Prints how many segments were deleted, how many objects the sweep had
 * in memory when it told of the first of them, and how many bytes it has allocated for each.
 */
final class StandstillProgram {

    private static final int STREAMS = 500;
    private static final int WINDOWS = 150;
    /** No divisor of a 32nd of the retention: so each merged pack has a window that the one before has, too. */
    private static final Duration WINDOW = Duration.ofHours(1);
    private static final Duration RETENTION = Duration.ofDays(7);

    private StandstillProgram() {}

    /** @param args the log's directory */
    public static void main(String[] args) throws Exception {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2024-05-01T10:00:00Z"));
        StreamOptions retained = StreamOptions.builder().retainFor("shipper", Long.MAX_VALUE, Duration.ofDays(1)).build();
        WalOptions options = WalOptions.builder().window(WINDOW).retention(RETENTION).streams("meter/*", retained).ownSegments(0).clock(now::get)
                .sweepInterval(Duration.ZERO).build();
        try (StreamWal wal = StreamWal.open(Path.of(args[0]), options)) {
            for (int window = 0; window < WINDOWS; window++) {
                for (int i = 0; i < STREAMS; i++) {
                    EntryRef unused = wal.stream("meter/" + i).append(new byte[8]);
                }
                now.updateAndGet(before -> before.plus(WINDOW));
                pack(wal);
            }
            now.updateAndGet(before -> before.plus(RETENTION.multipliedBy(2)));
            sweep(wal, now.get());
        }
    }

    private static void sweep(StreamWal wal, Instant now) throws ReflectiveOperationException {
        AllocatedBytes allocated = new AllocatedBytes();
        AtomicLong told = new AtomicLong();
        AtomicLong objects = new AtomicLong();
        long allocatedBefore = allocated.now();
        wal.sweep(now, segment -> {
            if (told.getAndIncrement() == 0) {
                objects.set(objects());
            }
        });
        System.out.printf("segments=%d, objects=%d, bytesEach=%d%n", told.get(), objects.get(), (allocated.now() - allocatedBefore) / told.get());
    }

    private static void pack(StreamWal wal) throws InterruptedException {
        // sealing happens in the background; the test's own timeout ends it
        for (int unused = wal.pack(); wal.stats().sharedSegments() > 0; unused = wal.pack()) {
            Thread.sleep(1);
        }
    }

    private static long objects() {
        try {
            return LiveObjects.of(type -> type.matches("dev\\.streamwal\\..*[.$](PackEntry|Gone|Due)"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this program", e);
        }
    }
}
