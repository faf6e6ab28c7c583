package dev.streamwal.reader;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.walk.RecordWalk;
import dev.streamwal.walk.ScanFailures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The damage that verifying a stream finds, up to {@link VerifyReport#MAX_DAMAGE}. One thread. */
final class DamageList {

    private final String key;
    private final List<Damage> damage = new ArrayList<>();
    private boolean truncated;

    DamageList(String key) {
        this.key = key;
    }

    /** Goes to the walk's next record, and collects all damage before it. */
    boolean next(RecordWalk walk) {
        while (true) {
            try {
                return ScanFailures.nextThatIsLeft(walk);
            } catch (CorruptSegmentException e) {
                add(e, e.offset(), e.length());
            } catch (UnsupportedFormatException e) {
                add(e, 0, 0);
            }
        }
    }

    void add(WalException found, long offset, long length) {
        Path file = found.file();
        if (file != null) {
            add(new Damage(file, key, offset, length, String.valueOf(found.getMessage())));
        }
    }

    void add(Damage found) {
        if (damage.size() == VerifyReport.MAX_DAMAGE) {
            truncated = true;
        } else {
            damage.add(found);
        }
    }

    /** Whether the file has damage in this list. */
    boolean concerns(Path file) {
        return damage.stream().anyMatch(found -> found.file().equals(file));
    }

    VerifyReport report(long records, long bytes) {
        return new VerifyReport(key, records, bytes, damage, truncated);
    }
}
