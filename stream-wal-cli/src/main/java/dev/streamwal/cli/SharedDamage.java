package dev.streamwal.cli;

import dev.streamwal.format.MessageText;
import dev.streamwal.format.StreamKey;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.reader.Damage;
import dev.streamwal.reader.VerifyReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Damage in files that streams share: in shared segments, in packs of which nothing can be read, and in those in the tier. The report on each stream that
 * may miss records has it; for shared segments so has the report on these themselves, under a key that only the library knows. Here each damage is told
 * once, by its file. One thread.
 */
final class SharedDamage {

    /** The most streams of a file that are named; the others are counted. */
    private static final int MAX_STREAMS = 1_000;

    /** The place of damage in a report on shared segments, which names them as if they were a stream's. */
    private static final String INNER_PLACE = "stream=" + MessageText.of(StreamKey.SHARED.text()).replace("\\", "\\\\") + ", (position=\\d+, )?";

    /** What is damaged in a file. */
    static final class InFile {

        private final Path file;
        /** Damage as the report on the shared segments has it. */
        private final List<Damage> places = new ArrayList<>();
        /** Damage as the streams' reports have it. */
        private final List<Damage> told = new ArrayList<>();
        private final List<String> streams = new ArrayList<>();
        private long streamCount;
        private boolean truncated;

        private InFile(Path file) {
            this.file = file;
        }

        Path file() {
            return file;
        }

        /** Keys of the streams that may miss records there, as far as they are known: the first ones of {@link #streamCount()}. */
        List<String> streams() {
            return streams;
        }

        long streamCount() {
            return streamCount;
        }

        /** Whether there may be more than {@link #damage()}. */
        boolean isTruncated() {
            return truncated;
        }

        /** Each place once. A stream's report counts only for places that the file's own report doesn't have, because its offsets are less exact. */
        List<Damage> damage() {
            List<Damage> all = new ArrayList<>(places);
            for (Damage each : told) {
                if (all.stream().noneMatch(other -> overlap(each, other))) {
                    all.add(each);
                }
            }
            return all;
        }

        private static boolean overlap(Damage one, Damage other) {
            return one.offset() <= lastByte(other) && other.offset() <= lastByte(one);
        }

        private static long lastByte(Damage damage) {
            return damage.offset() + Math.max(0, damage.length() - 1);
        }

        private void tell(Damage damage) {
            if (told.stream().noneMatch(other -> overlap(damage, other))) {
                if (told.size() == VerifyReport.MAX_DAMAGE) {
                    truncated = true;
                } else {
                    told.add(damage);
                }
            }
        }

        private void stream(String key) {
            streamCount++;
            if (streams.size() < MAX_STREAMS) {
                streams.add(key);
            }
        }
    }

    private final Map<Path, Long> unreadablePacks;
    private final Map<Path, InFile> files = new TreeMap<>();
    private long records;
    private long bytes;
    /** Of all streams. */
    private long streamRecords;
    private long streamBytes;

    /** @param unreadablePacks those that are missing, or whose tables are damaged, and how many of their records can't be read */
    SharedDamage(Map<Path, Long> unreadablePacks) {
        this.unreadablePacks = Map.copyOf(unreadablePacks);
    }

    /** A pack begins with its header, which costs no stream a record. */
    boolean isShared(Damage damage) {
        return isInSharedSegment(damage) || unreadablePacks.containsKey(damage.file())
                || (isIn(damage, PackFiles.DIRECTORY) && (damage.offset() == 0 || Files.notExists(damage.file())));
    }

    private static boolean isInSharedSegment(Damage damage) {
        return isIn(damage, StreamKey.SHARED.directoryName());
    }

    private static boolean isIn(Damage damage, String name) {
        Path folder = damage.file().getParent();
        return folder != null && folder.endsWith(name);
    }

    /** Adds the damage in shared files that a stream's report has. */
    void add(VerifyReport stream) {
        streamRecords += stream.records();
        streamBytes += stream.bytes();
        Set<InFile> hit = new LinkedHashSet<>();
        for (Damage damage : stream.damage()) {
            if (isShared(damage)) {
                InFile file = in(damage.file());
                file.tell(damage);
                file.truncated |= stream.truncated();
                hit.add(file);
            }
        }
        hit.forEach(file -> file.stream(stream.key()));
    }

    /**
     * Takes the report on the shared segments themselves, after those of the streams.
     *
     * @param all whether damage counts, too, in files that no stream's report has named
     */
    void addOwn(VerifyReport shared, boolean all) {
        records = shared.records();
        bytes = shared.bytes();
        for (Damage damage : shared.damage()) {
            if (all || files.containsKey(damage.file())) {
                InFile file = in(damage.file());
                file.places.add(damage);
                file.truncated |= shared.truncated();
            }
        }
    }

    private InFile in(Path file) {
        return files.computeIfAbsent(file, InFile::new);
    }

    boolean isNone() {
        return files.isEmpty();
    }

    Collection<InFile> files() {
        return files.values();
    }

    /**
     * Of places in one file. Of a pack whose table can't be read the list of packs knows it; else it is estimated by the mean size of all records in shared
     * segments, or in packs, by that of all streams' records.
     */
    LossEstimate loss(Collection<Damage> damage) {
        LossEstimate lost = new LossEstimate();
        for (Damage each : damage) {
            boolean isInSegment = isInSharedSegment(each);
            Long known = unreadablePacks.get(each.file());
            if (known != null) {
                lost.addKnown(each, lost.isNone() ? known : 0);
            } else {
                lost.add(each, isInSegment ? records : streamRecords, isInSegment ? bytes : streamBytes);
            }
        }
        return lost;
    }

    /** What is wrong at a place, without the key that no user knows. */
    static String reason(Damage damage) {
        return MessageText.withoutNextCall(damage.reason()).replaceFirst(INNER_PLACE, "");
    }
}
