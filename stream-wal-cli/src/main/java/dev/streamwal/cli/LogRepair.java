package dev.streamwal.cli;

import dev.streamwal.backup.BackupFolder;
import dev.streamwal.backup.BackupPoint;
import dev.streamwal.backup.SegmentDescriptor;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.DiskFullException;
import dev.streamwal.error.TierUnavailableException;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.DirectoryTree;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.reader.Damage;
import dev.streamwal.reader.WalReader;
import dev.streamwal.segment.Segment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Puts damaged files of a log back from its backups. A backup is restored within the log's directory, whole and verified, and a file of it takes the place
 * of the damaged one if all of its streams have the same records in both, as far as the log can be read: see {@link SameRecords}. So nothing comes back that
 * was erased since the backup, unless it was itself damaged, and nothing is taken from another log. A segment that ends elsewhere is left alone: it has been
 * appended to since, or cut.
 *
 * <p>A file is replaced by one move, so a repair that is cut short leaves each file as it was or repaired, and is begun again. The caller has the log's lock.
 */
final class LogRepair implements AutoCloseable {

    private static final String NAME = ".repairing";

    /** Where a file can't be repaired, what was different; by the point that was tried last. */
    record Outcome(String file, @Nullable BackupPoint from, @Nullable String problem) {

        boolean isRepaired() {
            return from != null && problem == null;
        }
    }

    private final Path root;
    /** In the log's directory, as what is in it is to be moved there: beside it another file system may be. */
    private final Path work;
    private final Path restored;
    private final BackupFolder backups;
    private final Access access;
    private final boolean dryRun;
    /** By the object of the tier that can't be read: why, with one of the streams. By the stream, if no file of the log is known to be damaged. */
    private final Map<String, String> unread = new TreeMap<>();

    /** How the log and copies of it are opened. */
    interface Access {
        WalReader reader(Path log);

        LogSegments segments(Path log);
    }

    LogRepair(Path root, BackupFolder backups, Access access, boolean dryRun) throws IOException {
        this.root = root.toRealPath();
        this.work = this.root.resolve(NAME);
        this.restored = work.resolve("log");
        this.backups = backups;
        this.access = access;
        this.dryRun = dryRun;
    }

    /** Repairs what can be repaired, from the newest backup that has it whole. Returns what became of each damaged file; none where nothing is damaged. */
    List<Outcome> run() throws IOException {
        Map<String, Outcome> outcomes = new TreeMap<>();
        Map<String, Outcome> inTier = new TreeMap<>();
        PacksInTier packs = PacksInTier.of(root);
        for (String file : damaged()) {
            packs.advice(root.resolve(file)).ifPresentOrElse(
                    advice -> inTier.put(file, new Outcome(file, null, advice)),
                    () -> outcomes.put(file, new Outcome(file, null, "no backup has this file as it was before the damage")));
        }
        for (BackupPoint point : outcomes.isEmpty() ? List.<BackupPoint>of() : backups.points()) {
            List<SegmentDescriptor> found = differing(point, outcomes);
            if (!found.isEmpty()) {
                repair(point, found, outcomes);
            }
            if (outcomes.values().stream().allMatch(Outcome::isRepaired)) {
                break;
            }
        }
        outcomes.putAll(inTier);
        return List.copyOf(outcomes.values());
    }

    /** Why streams weren't read to their end; if they have records in the log's tier, once for each object there. */
    List<String> unread() {
        return List.copyOf(unread.values());
    }

    /** The files of the point under the names of damaged ones that are still to be repaired, with another content. */
    private List<SegmentDescriptor> differing(BackupPoint point, Map<String, Outcome> outcomes) {
        List<SegmentDescriptor> found = new ArrayList<>();
        for (SegmentDescriptor file : backups.files(point)) {
            Outcome outcome = outcomes.get(file.name());
            // the backup's file is the same where it was damaged already when it was backed up
            if (outcome != null && !outcome.isRepaired() && !isAsInLog(file)) {
                found.add(file);
            }
        }
        return found;
    }

    private boolean isAsInLog(SegmentDescriptor file) {
        try {
            return file.isContentOf(root.resolve(file.name()));
        } catch (TooManyOpenFilesException e) {
            throw e;
        } catch (WalIOException e) {
            return false;
        }
    }

    private Optional<String> unknownEnd(SegmentDescriptor file, LogSegments ofLog) throws IOException {
        return isUnsealed(file) && ofLog.awaitsRecovery(headerOfCopy(file))
                ? Optional.of("the log awaits recovery, so the file's end isn't known; open the log for writing once, and recover all of it, then repair it")
                : otherEnd(file);
    }

    private static String damagedToo(CorruptSegmentException e) {
        return "the backup is damaged, too: " + e.getMessage();
    }

    /** Where the log's file ends otherwise than the copy's: what it has more would be lost. A shorter pack has nothing more: no writer cuts packs. */
    private Optional<String> otherEnd(SegmentDescriptor file) throws IOException {
        Path damaged = root.resolve(file.name());
        boolean isSegment = file.kind() == SegmentDescriptor.Kind.SEGMENT;
        if (!Files.exists(damaged) || (isSegment ? end(file) != CopiedEnd.OTHER_END : Files.size(damaged) <= file.bytes())) {
            return Optional.empty();
        }
        return Optional.of((isSegment ? "the log's file doesn't end where the backup's does, so it was appended to since, or cut: bytes="
                : "the log's file is longer than the backup's: bytes=") + Files.size(damaged) + ", ofBackup=" + file.bytes());
    }

    /**
     * Whether the log's file was never sealed. Up to the end that it has in common with the copy it was only appended to, so what isn't in it any more is
     * damaged, also where no stream is known of which that was.
     */
    private boolean isUnsealed(SegmentDescriptor file) throws IOException {
        return file.kind() == SegmentDescriptor.Kind.SEGMENT && Files.exists(root.resolve(file.name())) && end(file) == CopiedEnd.NO_FOOTER;
    }

    private SegmentHeader headerOfCopy(SegmentDescriptor file) throws IOException {
        Path copy = restored.resolve(file.name());
        try (LogFile segment = LogFile.reading(copy)) {
            return SegmentBytes.readHeader(segment);
        } catch (FormatException e) {
            throw new CorruptSegmentException(e.at("file=" + copy), copy, null, WalException.NO_POSITION, 0, SegmentHeaderLayout.MAX_BYTES, e);
        }
    }

    private CopiedEnd end(SegmentDescriptor file) throws IOException {
        return CopiedEnd.of(root.resolve(file.name()), restored.resolve(file.name()));
    }

    private void repair(BackupPoint point, List<SegmentDescriptor> files, Map<String, Outcome> outcomes) throws IOException {
        deleteRestored();
        try {
            backups.restore(point, restored);
        } catch (CorruptSegmentException e) {
            files.forEach(file -> outcomes.put(file.name(), new Outcome(file.name(), point, damagedToo(e))));
            return;
        } catch (DiskFullException | TooManyOpenFilesException e) {
            throw e;
        } catch (WalIOException e) {
            files.forEach(file -> outcomes.put(file.name(), new Outcome(file.name(), point, "the backup can't be restored: " + e.getMessage())));
            return;
        }
        List<SegmentDescriptor> good = new ArrayList<>();
        try (WalReader log = access.reader(root); WalReader copy = access.reader(restored);
                LogSegments ofLog = access.segments(root); LogSegments ofCopy = access.segments(restored)) {
            Map<String, List<Part>> parts = partsByFile(ofCopy);
            Set<String> withoutTable = withoutTable(ofLog);
            Comparing comparing = new Comparing(log, copy, ofLog, unlisted(files, parts, withoutTable));
            for (SegmentDescriptor file : files) {
                Optional<String> problem = problem(file, parts.getOrDefault(file.name(), List.of()), comparing, ofLog);
                if (problem.isEmpty()) {
                    good.add(file);
                }
                outcomes.put(file.name(), new Outcome(file.name(), point, problem.orElse(null)));
            }
        }
        if (!dryRun) {
            for (SegmentDescriptor file : good) {
                Path target = root.resolve(file.name());
                LogFile.rename(restored.resolve(file.name()), target);
                DirectoryForce.force(Objects.requireNonNull(target.getParent()));
            }
        }
        deleteRestored();
    }

    /**
     * What damaged files have, if the log may not know of it: then it doesn't come upon the damage where it reads a stream. A stream of one such file may be in
     * other damaged files, too.
     */
    private List<Part> unlisted(List<SegmentDescriptor> files, Map<String, List<Part>> parts, Set<String> withoutTable) {
        List<Part> unlisted = new ArrayList<>();
        for (SegmentDescriptor file : files) {
            try {
                if (withoutTable.contains(file.name()) || isUnsealed(file)) {
                    unlisted.addAll(parts.getOrDefault(file.name(), List.of()));
                }
            } catch (IOException e) {
                // why it isn't repaired is told when it is compared
            }
        }
        return unlisted;
    }

    /** Why a file of the copy can't take the place of the log's; empty where it can. */
    private Optional<String> problem(SegmentDescriptor file, List<Part> parts, Comparing comparing, LogSegments ofLog) throws IOException {
        try {
            Optional<String> end = unknownEnd(file, ofLog);
            return end.isPresent() ? end : difference(file, parts, comparing);
        } catch (CorruptSegmentException e) {
            return Optional.of(damagedToo(e));
        } catch (TierUnavailableException e) {
            return Optional.of("its streams can't be compared with the backup's, as they have records in the tier: " + e.getMessage());
        } catch (WalIOException e) {
            return notCompared(e);
        } catch (IOException e) {
            return notCompared(IoFailure.of("reading", e, root.resolve(file.name()), null, WalException.NO_POSITION));
        }
    }

    private static Optional<String> notCompared(WalIOException e) {
        if (e instanceof DiskFullException || e instanceof TooManyOpenFilesException) {
            throw e;
        }
        return Optional.of("its streams can't be compared with the backup's: " + e.getMessage());
    }

    private Optional<String> difference(SegmentDescriptor file, List<Part> parts, Comparing comparing) throws IOException {
        if (parts.isEmpty()) {
            return Optional.of("no stream of the backup is in this file");
        }
        boolean hasOnlyInCopy = false;
        for (String key : parts.stream().map(Part::key).distinct().toList()) {
            SameRecords.Comparison compared = comparing.compare(key);
            if (compared.difference().isPresent()) {
                return compared.difference();
            }
            hasOnlyInCopy |= compared.hasOnlyInCopy();
        }
        return hasOnlyInCopy && file.kind() == SegmentDescriptor.Kind.SEGMENT && mayBeErased(file)
                ? Optional.of("the segment's footer differs from the backup's, so it isn't known whether a record that can't be read was erased since")
                : Optional.empty();
    }

    /** Compares streams of the log and of the copy, each once. */
    private static final class Comparing {

        private final WalReader log;
        private final WalReader copy;
        private final LogSegments ofLog;
        private final Map<String, List<Part>> unlisted;
        private final Map<String, SameRecords.Comparison> known = new TreeMap<>();

        Comparing(WalReader log, WalReader copy, LogSegments ofLog, List<Part> unlisted) {
            this.log = log;
            this.copy = copy;
            this.ofLog = ofLog;
            this.unlisted = unlisted.stream().collect(Collectors.groupingBy(Part::key));
        }

        SameRecords.Comparison compare(String key) throws IOException {
            SameRecords.Comparison compared = known.get(key);
            if (compared == null) {
                List<Part> hidden = unlisted.getOrDefault(key, List.of());
                compared = SameRecords.compare(key, start(key, hidden), position -> hidden.stream().anyMatch(part -> part.has(position)), log, copy);
                known.put(key, compared);
            }
            return compared;
        }

        /** Where the stream begins. Where the log's list of segments lacks those of a file, what the file has may be missing, and be the beginning. */
        private long start(String key, List<Part> hidden) throws IOException {
            List<Segment> segments = ofLog.of(key);
            long ofHidden = hidden.stream().mapToLong(Part::from).min().orElse(segments.isEmpty() ? 0 : Long.MAX_VALUE);
            return segments.isEmpty() ? ofHidden : Math.min(segments.get(0).basePosition(), ofHidden);
        }
    }

    /**
     * An erasure writes a segment anew under its name, as long as it was, with another footer, as that counts the records. It seals one that had none. A pack
     * gets another name.
     */
    private boolean mayBeErased(SegmentDescriptor file) throws IOException {
        return !Files.exists(root.resolve(file.name())) || end(file) == CopiedEnd.OTHER_FOOTER;
    }

    // ---------------------------------------------------------------- what is damaged

    /** The names of the files in which something is damaged, of those that a backup has. */
    List<String> damaged() throws IOException {
        Set<String> names = new TreeSet<>();
        try (WalReader reader = access.reader(root); LogSegments segments = access.segments(root)) {
            names.addAll(withoutTable(segments));
            List<String> keys = new ArrayList<>(segments.keys());
            keys.add(StreamKey.SHARED.text());
            for (String key : keys) {
                try {
                    reader.verify(key).damage().stream().map(Damage::file).forEach(file -> {
                        boolean unused = add(file, names);
                    });
                } catch (CorruptSegmentException e) {
                    boolean unused = add(e.file(), names);
                } catch (TierUnavailableException e) {
                    unread.putIfAbsent(e.object(), e.getMessage());
                } catch (WalIOException e) { // a sector that can't be read, say
                    if (e instanceof TooManyOpenFilesException) {
                        throw e;
                    }
                    if (!add(e.file(), names)) {
                        unread.putIfAbsent(key, e.getMessage());
                    }
                }
            }
        }
        return List.copyOf(names);
    }

    /** Returns whether it is one of the log's. */
    private boolean add(@Nullable Path file, Set<String> names) {
        Path path = file == null ? root : file.toAbsolutePath().normalize();
        boolean isOfLog = path.startsWith(root) && !path.equals(root);
        if (isOfLog) {
            names.add(name(path, root));
        }
        return isOfLog;
    }

    private static String name(Path file, Path root) {
        StringBuilder name = new StringBuilder();
        root.relativize(file).forEach(part -> name.append(name.isEmpty() ? "" : "/").append(part));
        return name.toString();
    }

    /** What a file has of a stream. */
    private record Part(String key, long from, long to) {

        boolean has(long position) {
            return position >= from && position < to;
        }
    }

    private Map<String, List<Part>> partsByFile(LogSegments segments) throws IOException {
        Map<String, List<Part>> parts = new TreeMap<>();
        for (String key : segments.keys()) {
            List<Segment> ofKey = segments.of(key);
            for (int i = 0; i < ofKey.size(); i++) {
                long to = i + 1 < ofKey.size() ? ofKey.get(i + 1).basePosition() : Long.MAX_VALUE;
                parts.computeIfAbsent(name(ofKey.get(i).file().toAbsolutePath().normalize(), restored), unused -> new ArrayList<>())
                        .add(new Part(key, ofKey.get(i).basePosition(), to));
            }
        }
        return parts;
    }

    private Set<String> withoutTable(LogSegments segments) throws IOException {
        Set<String> names = new TreeSet<>();
        for (CorruptSegmentException table : segments.damagedTables()) {
            boolean unused = add(table.file(), names);
        }
        return names;
    }

    // ---------------------------------------------------------------- the restored backup

    private void deleteRestored() throws IOException {
        DirectoryTree.delete(work);
    }

    @Override
    public void close() throws IOException {
        deleteRestored();
    }
}
