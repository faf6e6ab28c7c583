package dev.streamwal.simulation;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A file of a {@link SimulatedDisk}: the page cache's content of it, and all that was done to it since the disk's history began. Sectors
 * are never changed in place: so the history and other disks share them. Guarded by the disk.
 */
final class DiskFile extends DiskNode {

    static final int SECTOR_BYTES = 512;
    private static final byte[][] NO_SECTORS = {};
    private static final byte[] ZEROS = new byte[SECTOR_BYTES];

    /** Something that was done to the file by the operation with this number. */
    sealed interface Event permits Written, Resized, Forced, ForceFailed {
        int operation();
    }

    /** A sector has a new content. */
    record Written(int operation, int sector, byte[] content) implements Event {}

    /** The file has a new length. */
    record Resized(int operation, long length) implements Event {}

    /** What was done up to operation {@code upTo} is durable. */
    record Forced(int operation, int upTo) implements Event {}

    /** A force failed: what was to be written isn't going to be. */
    record ForceFailed(int operation) implements Event {}

    private final byte[][] base;
    private final long baseLength;
    private final List<Event> events = new ArrayList<>();
    private byte[][] sectors;
    private boolean ownsSectors;
    private long length;
    private int links;
    private Pages pages;
    private long badFrom;
    private long badTo;

    /** @param sectors null where there is a hole; not changed, and may have more than {@code length} needs */
    DiskFile(int number, byte[][] sectors, long length) {
        super(number);
        this.base = sectors;
        this.baseLength = length;
        this.sectors = sectors;
        this.length = length;
    }

    static DiskFile empty(int number) {
        return new DiskFile(number, NO_SECTORS, 0);
    }

    static int sectorsFor(long length) {
        return (int) ((length + SECTOR_BYTES - 1) / SECTOR_BYTES);
    }

    byte[][] base() {
        return base;
    }

    long baseLength() {
        return baseLength;
    }

    List<Event> events() {
        return events;
    }

    long length() {
        return length;
    }

    int links() {
        return links;
    }

    void linked(int by) {
        links += by;
    }

    /** Sectors that take room. */
    long allocated() {
        long count = 0;
        for (byte[] sector : sectors) {
            count += sector == null ? 0 : 1;
        }
        return count;
    }

    /** How many more sectors a write would take. */
    long neededFor(long offset, int bytes) {
        long needed = 0;
        for (int i = (int) (offset / SECTOR_BYTES); i < sectorsFor(offset + bytes); i++) {
            needed += i < sectors.length && sectors[i] != null ? 0 : 1;
        }
        return needed;
    }

    void addTo(ContentHash hash) {
        hash.add(length);
        for (int i = 0; i < sectorsFor(length); i++) {
            hash.addSector(i < sectors.length ? sectors[i] : null);
        }
    }

    // ---------------------------------------------------------------- the page cache

    /** Declares bytes unreadable. */
    void bad(long from, long to) {
        badFrom = from;
        badTo = to;
    }

    boolean isBad(long offset, int count) {
        return offset < badTo && offset + count > badFrom;
    }

    int read(long offset, ByteBuffer target) {
        if (offset >= length) {
            return -1;
        }
        int count = (int) Math.min(target.remaining(), length - offset);
        for (int done = 0; done < count; ) {
            int sector = (int) ((offset + done) / SECTOR_BYTES);
            int from = (int) ((offset + done) % SECTOR_BYTES);
            int bytes = Math.min(SECTOR_BYTES - from, count - done);
            byte[] content = sector < sectors.length ? sectors[sector] : null;
            target.put(content == null ? ZEROS : content, from, bytes);
            done += bytes;
        }
        return count;
    }

    void write(int operation, long offset, ByteBuffer source, int count) {
        if (pages != null) {
            pages.put(offset, source.slice(source.position(), count));
        }
        own(sectorsFor(offset + count));
        for (int done = 0; done < count; ) {
            int sector = (int) ((offset + done) / SECTOR_BYTES);
            int from = (int) ((offset + done) % SECTOR_BYTES);
            int bytes = Math.min(SECTOR_BYTES - from, count - done);
            byte[] content = new byte[SECTOR_BYTES];
            if (bytes < SECTOR_BYTES && sectors[sector] != null) {
                System.arraycopy(sectors[sector], 0, content, 0, SECTOR_BYTES);
            }
            source.get(content, from, bytes);
            put(operation, sector, content);
            done += bytes;
        }
        if (offset + count > length) {
            length = offset + count;
            events.add(new Resized(operation, length));
        }
    }

    private void put(int operation, int sector, byte[] content) {
        sectors[sector] = content;
        events.add(new Written(operation, sector, content));
    }

    private void own(int count) {
        if (!ownsSectors || count > sectors.length) {
            sectors = Arrays.copyOf(sectors, Math.max(count, sectors.length));
            ownsSectors = true;
        }
    }

    /** Cuts the file, or extends it by a hole. */
    void resize(int operation, long newLength) {
        if (newLength < length) {
            int kept = sectorsFor(newLength);
            own(sectors.length);
            Arrays.fill(sectors, Math.min(kept, sectors.length), sectors.length, null);
            int rest = (int) (newLength % SECTOR_BYTES);
            if (rest > 0 && kept <= sectors.length) {
                sectors[kept - 1] = cut(sectors[kept - 1], rest);
            }
            if (pages != null) {
                pages.zeroFrom(newLength);
            }
        }
        length = newLength;
        events.add(new Resized(operation, newLength));
    }

    /** A sector's content with zeros from an offset on; null where nothing is left. */
    static byte[] cut(byte[] content, long offset) {
        if (content == null || offset >= SECTOR_BYTES) {
            return content;
        }
        if (offset <= 0) {
            return null;
        }
        byte[] rest = new byte[SECTOR_BYTES];
        System.arraycopy(content, 0, rest, 0, (int) offset);
        return rest;
    }

    static boolean areEqual(byte[] one, byte[] other) {
        return Arrays.equals(one == null ? ZEROS : one, other == null ? ZEROS : other);
    }

    void forced(int operation, int upTo) {
        events.add(new Forced(operation, upTo));
    }

    void forceFailed(int operation) {
        events.add(new ForceFailed(operation));
    }

    // ---------------------------------------------------------------- mapping

    boolean isMapped() {
        return pages != null;
    }

    /** The file's pages in memory, which are the file's content from now on. */
    ByteBuffer map(int capacity) {
        if (pages != null) {
            throw new AssertionError("a file is mapped once at a time: file=" + number());
        }
        Pages mapped = new Pages(capacity);
        for (int i = 0; i < Math.min(sectors.length, sectorsFor(capacity)); i++) {
            if (sectors[i] != null) {
                mapped.put((long) i * SECTOR_BYTES, ByteBuffer.wrap(sectors[i]));
            }
        }
        pages = mapped;
        return mapped.memory;
    }

    /** What was stored so far stays; what is stored from now on is lost. */
    void unmap() {
        pages = null;
    }

    /** Whether anything was stored through the mapping since the last look. */
    boolean hasStores() {
        return pages != null && pages.firstChange() >= 0;
    }

    /** Takes what was stored into the page cache; how many sectors that was. */
    int takeStores(int operation) {
        int changed = 0;
        own(sectors.length);
        for (int at = pages.firstChange(); at >= 0; at = pages.firstChange()) {
            int sector = at / SECTOR_BYTES;
            if (at >= length) {
                throw new AssertionError("a store behind the end of the file would be a SIGBUS: file=" + number() + ", offset=" + at
                        + ", length=" + length);
            }
            if (sector >= sectors.length || sectors[sector] == null) {
                throw new AssertionError("a store into a hole may find the disk full, which would be a SIGBUS: file=" + number()
                        + ", offset=" + at + ", length=" + length);
            }
            put(operation, sector, pages.take(sector));
            changed++;
        }
        return changed;
    }

    /** A mapping's memory, and what was in it at the last look. */
    private static final class Pages {

        private final ByteBuffer memory;
        private final ByteBuffer look;
        private final byte[] shadow;
        private final ByteBuffer shadowLook;

        Pages(int capacity) {
            this.memory = DirectMemory.take(capacity);
            this.look = memory.duplicate();
            this.shadow = new byte[capacity];
            this.shadowLook = ByteBuffer.wrap(shadow);
        }

        int firstChange() {
            return look.mismatch(shadowLook);
        }

        byte[] take(int sector) {
            byte[] content = new byte[SECTOR_BYTES];
            int start = sector * SECTOR_BYTES;
            int bytes = Math.min(SECTOR_BYTES, shadow.length - start);
            look.get(start, content, 0, bytes);
            System.arraycopy(content, 0, shadow, start, bytes);
            return content;
        }

        void put(long offset, ByteBuffer source) {
            int bytes = (int) Math.min(source.remaining(), shadow.length - offset);
            if (bytes > 0) {
                source.get(source.position(), shadow, (int) offset, bytes);
                look.put((int) offset, shadow, (int) offset, bytes);
            }
        }

        void zeroFrom(long length) {
            if (length < shadow.length) {
                Arrays.fill(shadow, (int) length, shadow.length, (byte) 0);
                look.put((int) length, shadow, (int) length, shadow.length - (int) length);
            }
        }
    }
}
