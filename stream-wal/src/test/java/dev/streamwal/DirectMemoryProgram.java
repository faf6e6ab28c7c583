package dev.streamwal;

import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** What {@link DirectMemoryTest} runs in a JVM of its own. It takes all direct memory that readers could get, reads, gives it back, and reads again. */
final class DirectMemoryProgram {

    static final String KEY = "s";
    static final int RECORDS = 200;
    /** Has a record of one byte, and one of {@link #LARGE_BYTES}. */
    static final String LARGE = "l";
    static final int LARGE_BYTES = 1 << 20;
    static final int OPERATIONS = 5;

    static final int LARGEST_BYTES = 4 << 20;
    /** Less than any reading operation asks for. */
    private static final int SMALLEST_BYTES = 512;
    private static final int MOST = 100_000;

    private DirectMemoryProgram() {}

    private interface Operation {
        int read(WalReader reader);
    }

    public static void main(String[] arguments) {
        List<EntryRef> refs = new ArrayList<>();
        AtomicReference<EntryCursor> standing = new AtomicReference<>();
        List<Operation> operations = List.of(
                reader -> read(reader.scan(KEY)),
                reader -> read(reader.scanBackward(KEY, Long.MAX_VALUE)),
                reader -> read(reader.follow(KEY, ReadFrom.first())),
                reader -> copied(standing.get()),
                reader -> {
                    try (EntryBatch batch = reader.readBatch(refs)) {
                        return batch.found().size();
                    }
                });
        try (WalReader reader = WalReader.open(Path.of(arguments[0])); EntryCursor onLarge = reader.scan(LARGE)) {
            // it has copied the small record before the large one, which it has read, and not copied yet
            if (!onLarge.next() || onLarge.content().readableBytes() != 1 || !onLarge.next()) {
                throw new AssertionError("a small record and a large one");
            }
            standing.set(onLarge);
            try (EntryCursor scan = reader.scan(KEY)) {
                while (scan.next()) {
                    refs.add(scan.ref());
                }
            }
            List<ByteBuf> taken = all();
            for (Operation operation : operations) {
                try {
                    System.out.println("read: " + operation.read(reader));
                } catch (WalException e) {
                    System.out.println(e);
                }
            }
            taken.forEach(ByteBuf::release);
            for (Operation operation : operations) {
                int read = operation.read(reader);
                if (read != RECORDS) {
                    throw new AssertionError("records read: " + read);
                }
            }
            System.out.println("read again");
        }
    }

    private static int read(EntryCursor opened) {
        int count = 0;
        try (opened) {
            while (opened.next()) {
                count++;
            }
        }
        return count;
    }

    private static int copied(EntryCursor cursor) {
        return cursor.content().readableBytes() == LARGE_BYTES ? RECORDS : 0;
    }

    /** In ever smaller pieces, the largest first. */
    static List<ByteBuf> all() {
        List<ByteBuf> taken = new ArrayList<>();
        for (int bytes = LARGEST_BYTES; bytes >= SMALLEST_BYTES; bytes /= 2) {
            try {
                while (taken.size() < MOST) {
                    taken.add(PooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes));
                }
            } catch (OutOfMemoryError e) {
                // no piece of that size is left
            }
        }
        return taken;
    }
}
