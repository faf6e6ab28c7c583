package dev.streamwal.simulation;

import dev.streamwal.simulation.DiskFile.ForceFailed;
import dev.streamwal.simulation.DiskFile.Forced;
import dev.streamwal.simulation.DiskFile.Resized;
import dev.streamwal.simulation.DiskFile.Written;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a crash may leave of a file's content: the contents that each sector may have, and the lengths that the file may have. */
final class PendingFile {

    /** A content that a sector had from this operation on, and what it had before that may be there instead. */
    private record Version(int operation, byte[] content, Version older) {

        int count() {
            int count = 1;
            for (Version version = older; version != null; version = version.older) {
                count++;
            }
            return count;
        }

        /** 0 is the oldest. */
        Version at(int index, int count) {
            Version version = this;
            for (int i = count - 1; i > index; i--) {
                version = version.older;
            }
            return version;
        }
    }

    private final DiskFile file;
    private final List<Resized> resizes = new ArrayList<>();
    private Version[] newest;
    private long durableLength;
    private int failedForce;

    /** @param last the last operation that counts */
    PendingFile(DiskFile file, int last) {
        this.file = file;
        this.durableLength = file.baseLength();
        byte[][] base = file.base();
        newest = new Version[base.length];
        for (int i = 0; i < base.length; i++) {
            newest[i] = new Version(0, base[i], null);
        }
        for (DiskFile.Event event : file.events()) {
            if (event.operation() > last) {
                break;
            }
            add(event);
        }
    }

    private void add(DiskFile.Event event) {
        if (event instanceof Written written) {
            write(written);
        } else if (event instanceof Resized resized) {
            resizes.add(resized);
        } else if (event instanceof Forced forced) {
            force(forced.upTo());
        } else if (event instanceof ForceFailed failed) {
            failedForce = failed.operation();
        }
    }

    private void write(Written written) {
        int sector = written.sector();
        if (sector >= newest.length) {
            int before = newest.length;
            newest = Arrays.copyOf(newest, Math.max(sector + 1, before * 2));
            Arrays.fill(newest, before, newest.length, new Version(0, null, null));
        }
        Version before = newest[sector];
        if (failedForce == 0 && resizes.isEmpty() && DiskFile.areEqual(before.content, written.content())) {
            // zeros in a hole change nothing that can be read, but take room
            newest[sector] = new Version(before.operation, written.content(), before.older);
            return;
        }
        newest[sector] = new Version(written.operation(), written.content(), before);
    }

    private void force(int upTo) {
        int done = 0;
        while (done < resizes.size() && resizes.get(done).operation() <= upTo) {
            done++;
        }
        for (int i = 0; i < newest.length; i++) {
            newest[i] = forced(newest[i], i, upTo, done);
        }
        if (done > 0) {
            durableLength = resizes.get(done - 1).length();
            resizes.subList(0, done).clear();
        }
    }

    private Version forced(Version version, int sector, int upTo, int resized) {
        if (version == null || (version.older == null && resized == 0)) {
            return version;
        }
        if (version.operation > upTo) {
            return new Version(version.operation, version.content, forced(version.older, sector, upTo, resized));
        }
        // a page that a failed force left clean isn't written by the next
        boolean written = failedForce == 0 || version.operation > failedForce;
        byte[] content = cut(version, sector, resized);
        return new Version(version.operation, content, written ? null : forced(version.older, sector, upTo, resized));
    }

    /** A content without what was cut off after it was written, by the first so many changes of length. */
    private byte[] cut(Version version, int sector, int count) {
        long end = Long.MAX_VALUE;
        for (int i = 0; i < count; i++) {
            if (resizes.get(i).operation() > version.operation) {
                end = Math.min(end, resizes.get(i).length());
            }
        }
        return DiskFile.cut(version.content, end - (long) sector * DiskFile.SECTOR_BYTES);
    }

    /** One for each sector that may have several contents, and one for the length, if that may differ; an item's options are its index. */
    void addItems(String path, List<CrashPoint.Item> items) {
        for (int i = 0; i < newest.length; i++) {
            if (newest[i].older != null) {
                items.add(new CrashPoint.Item(CrashPoint.Part.SECTOR, file, i, newest[i].count(), "sector " + i + " of " + path));
            }
        }
        if (!resizes.isEmpty()) {
            items.add(new CrashPoint.Item(CrashPoint.Part.LENGTH, file, 0, resizes.size() + 1, "length of " + path));
        }
    }

    /** What the choice for each item, which come in the order of {@link #addItems} from an index on, leaves. */
    DiskFile state(int number, int[] picks, int from) {
        int item = from;
        byte[][] picked = new byte[newest.length][];
        int[] sectorItems = new int[newest.length];
        for (int i = 0; i < newest.length; i++) {
            sectorItems[i] = newest[i].older != null ? item++ : -1;
        }
        int resized = resizes.isEmpty() ? 0 : picks[item];
        long length = resized == 0 ? durableLength : resizes.get(resized - 1).length();
        int sectors = DiskFile.sectorsFor(length);
        picked = picked.length == sectors ? picked : Arrays.copyOf(picked, sectors);
        for (int i = 0; i < Math.min(sectors, newest.length); i++) {
            Version version = sectorItems[i] < 0 ? newest[i] : newest[i].at(picks[sectorItems[i]], newest[i].count());
            picked[i] = cut(version, i, resized);
        }
        if (sectors > 0) {
            picked[sectors - 1] = DiskFile.cut(picked[sectors - 1], length - (long) (sectors - 1) * DiskFile.SECTOR_BYTES);
        }
        return new DiskFile(number, picked, length);
    }
}
