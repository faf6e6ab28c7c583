package dev.streamwal.backup;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.image.CopiedFiles;
import dev.streamwal.image.ImageFile;
import dev.streamwal.image.LogImage;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.FileOperation;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.ProcessLock;
import dev.streamwal.io.ProgramClock;
import dev.streamwal.io.RealPath;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A folder with backups of a log, on any file system that {@link java.nio.file} reaches and that writes files through channels. Each backup is a
 * {@link BackupPoint}; a file that several points have is stored once. A backup copies a log that is being written, from any process, or one that is
 * closed. Several backups into one folder may run at once. Thread-safe.
 *
 * <p><b>Why a point is always whole.</b> The point's own file is written last, when every file that it names is stored and forced. It is written
 * under another name, and gets its name by a move. So a backup that is cut short, or finds the folder full, leaves no point, but only files that no
 * point names; {@link #collect()} removes these.
 *
 * <p><b>Why collecting takes nothing from a backup that runs.</b> A backup makes a mark before it looks what the folder has, and the mark becomes its
 * point. Collecting makes a mark of its own, and then looks for marks of backups. If a backup runs, collecting is refused; if one was killed,
 * collecting removes its mark, so that the mark can't become a point ({@link RunningBackup}). Then it reads the points. A backup, after it has made its
 * mark, removes the marks of collections, which ends them ({@link Collecting}). So if a backup and a collection meet, at least one of them sees the
 * other; and on a file system with locks, neither is held up by one that was killed.
 *
 * @since 1.0
 */
public final class BackupFolder {

    private static final String POINTS = "points";
    private static final String DAMAGED_LIST = "list of a backup's files is damaged or incomplete";

    private final Path folder;
    private final Path points;
    private final StoredFiles files;
    private final InstantSource clock;
    /** The tier of the logs that are backed up; null for the place that their manifests name. */
    private final @Nullable Path tier;

    private BackupFolder(Path folder, InstantSource clock, @Nullable Path tier) {
        this.tier = tier;
        this.folder = folder;
        this.points = folder.resolve(POINTS);
        this.files = new StoredFiles(folder);
        this.clock = clock;
    }

    /**
     * A folder, with the system's clock.
     *
     * @param folder which the first backup creates, if there is none
     * @return the folder; nothing of it stays open between calls
     */
    public static BackupFolder at(Path folder) {
        return at(folder, systemClock());
    }

    /**
     * A folder.
     *
     * @param folder which the first backup creates, if there is none
     * @param clock gives points their times
     * @return the folder; nothing of it stays open between calls
     */
    public static BackupFolder at(Path folder, InstantSource clock) {
        return new BackupFolder(Objects.requireNonNull(folder, "folder"), new ProgramClock(Objects.requireNonNull(clock, "clock")), null);
    }

    /**
     * The same folder for a log that has a tier: see the writer's {@code WalOptions.tier}. Packs in the tier are read from there at each backup. A
     * restored log has them in its directory, and has no tier.
     *
     * @param newTier of the log that is backed up; without this call, the tier is the place that the log's manifest names, if that is in a file
     *     system of the same kind as the log
     * @return the folder, with a tier
     */
    public BackupFolder withTier(Path newTier) {
        return new BackupFolder(folder, clock, Objects.requireNonNull(newTier, "newTier"));
    }

    @SuppressForbidden("the default, which a program replaces")
    private static InstantSource systemClock() {
        return InstantSource.system();
    }

    // ---------------------------------------------------------------- backing up

    /**
     * Backs a log up as it is now. All of the log is read; a file that the folder has already, by its checksum, isn't copied again. Each copied file
     * is read back. The point has what {@link dev.streamwal.reader.WalReader#checkpoint} copies, and a log that {@code checkpoint} refuses is refused
     * here, too. The point's time is the clock's; or, if the clock was set back, a millisecond after the newest point's.
     *
     * @param log the log's directory
     * @return what was copied, with the new point
     * @throws IllegalArgumentException if the folder is in the log's directory
     * @throws WalException if the log has to be recovered first, a file can't be read or written, or {@link #forgetUnfinished()} was called during the
     *     backup
     */
    public BackupReport backUp(Path log) {
        return backUp(log, false);
    }

    /**
     * As {@link #backUp}, and also reads those files of this log that the folder has already: damaged ones are copied again.
     *
     * @param log the log's directory
     * @return what was copied, with the new point
     * @throws IllegalArgumentException as in {@link #backUp}
     * @throws WalException as in {@link #backUp}
     */
    public BackupReport backUpAndVerify(Path log) {
        return backUp(log, true);
    }

    private BackupReport backUp(Path log, boolean verifies) {
        Objects.requireNonNull(log, "log");
        return doing("backing up a log", log, () -> inFolder(() -> {
            RealPath.checkIsOutside(log, folder);
            createPoints(log);
            PointName name = nextName();
            try (RunningBackup running = RunningBackup.begin(points, name)) {
                Collecting.endAll(points);
                return LogImage.copy(log, tier, new Run(name, verifies, running)::copy);
            }
        }));
    }

    /** A backup only reads the log, so a disk that is full or can't be written is the folder's. */
    private <T> T inFolder(FileOperation<T> backingUp) throws IOException {
        try {
            return backingUp.run();
        } catch (IOException e) {
            String advice = IoFailure.isDiskFull(e)
                    ? "make room there, for example by removing old backups (stream-wal backups FOLDER --keep N), or name another folder"
                    : IoFailure.isReadOnly(e) ? "make it writable, or name another folder" : null;
            if (advice == null) {
                throw e;
            }
            throw IoFailure.of("writing to a backup folder", new IOException(e.getMessage() + "; " + advice, e), folder, null,
                    WalException.NO_POSITION);
        }
    }

    private void createPoints(Path log) throws IOException {
        if (Files.isDirectory(points)) {
            return;
        }
        // else it would be made for nothing, in a log's own directory if the two were given in the wrong order
        LogImage.checkIsLog(log);
        try {
            DirectoryForce.create(points);
        } catch (FileAlreadyExistsException e) {
            throw new WalIOException("backup folder can't be made, as there is something else: there=" + e.getMessage() + ", folder=" + folder
                    + "; name another one", folder, null, WalException.NO_POSITION, e);
        }
    }

    /** A name later than all others, even if the clock was set back: otherwise an older point would be the newest. */
    private PointName nextName() throws IOException {
        Instant now = clock.instant();
        Optional<Instant> newest = names().stream().findFirst().map(PointName::time);
        return PointName.next(newest.isPresent() && !now.isAfter(newest.get()) ? newest.get().plusMillis(1) : now);
    }

    /**
     * One backup. If the log changes during it, it may copy several images of the log. Files stored for an earlier image are there for the next, and
     * count.
     */
    private final class Run {

        private final PointName name;
        private final boolean verifies;
        private final RunningBackup running;
        private final Set<Path> directories = new TreeSet<>();
        private final Set<String> copied = new HashSet<>();
        private final Set<String> repaired = new HashSet<>();

        Run(PointName name, boolean verifies, RunningBackup running) {
            this.name = name;
            this.verifies = verifies;
            this.running = running;
        }

        BackupReport copy(List<ImageFile> image) throws IOException {
            List<SegmentDescriptor> descriptors = new ArrayList<>(image.size());
            for (ImageFile source : image) {
                ContentChecksum checksum = ContentChecksum.of(source);
                SegmentDescriptor file = SegmentDescriptor.of(source.name(), checksum.bytes(), checksum.finish());
                store(source, file);
                descriptors.add(file);
            }
            // including directories of files that another backup has moved: it may have ended before it forced them
            for (Path directory : directories) {
                DirectoryForce.force(directory);
            }
            running.complete(PointFile.encode(descriptors), path(name));
            return report(descriptors);
        }

        private BackupReport report(List<SegmentDescriptor> descriptors) {
            int copiedFiles = 0;
            long copiedBytes = 0;
            int repairedFiles = 0;
            Set<String> counted = new HashSet<>();
            for (SegmentDescriptor file : descriptors) {
                if (copied.contains(file.checksum()) && counted.add(file.checksum())) {
                    copiedFiles++;
                    copiedBytes += file.bytes();
                    repairedFiles += repaired.contains(file.checksum()) ? 1 : 0;
                }
            }
            return new BackupReport(point(name, descriptors), copiedFiles, copiedBytes, repairedFiles);
        }

        private void store(ImageFile source, SegmentDescriptor file) throws IOException {
            Path target = files.path(file.checksum());
            directories.add(Objects.requireNonNull(target.getParent()));
            if (verifies ? files.hasWhole(file) : files.has(file)) {
                return;
            }
            boolean isDamaged = Files.exists(target);
            files.put(source, file, '.' + name.toString());
            copied.add(file.checksum());
            if (isDamaged) {
                repaired.add(file.checksum());
            }
        }
    }

    // ---------------------------------------------------------------- points

    /**
     * The complete backups. A point whose file ends early, or was changed, is left out; {@link #damagedPoints()} names it.
     *
     * @return the points, the newest first; none if there is no folder
     * @throws WalException if the folder can't be read
     */
    public List<BackupPoint> points() {
        return doing("listing backups", points, () -> {
            List<BackupPoint> found = new ArrayList<>();
            for (PointName name : names()) {
                PointFile.read(path(name)).ifPresent(content -> found.add(point(name, content)));
            }
            return List.copyOf(found);
        });
    }

    /**
     * The backups that {@link #points()} leaves out.
     *
     * @return the files of their points, the newest first
     * @throws WalException if the folder can't be read
     */
    public List<BackupDamage> damagedPoints() {
        return doing("listing backups", points, () -> {
            List<BackupDamage> damage = new ArrayList<>();
            for (PointName name : names()) {
                if (isDamaged(PointFile.read(path(name)), path(name))) {
                    damage.add(new BackupDamage(path(name), DAMAGED_LIST));
                }
            }
            return List.copyOf(damage);
        });
    }

    private static BackupPoint point(PointName name, List<SegmentDescriptor> content) {
        return new BackupPoint(name.toString(), name.time(), content.size(), content.stream().mapToLong(SegmentDescriptor::bytes).sum());
    }

    /** The names of all points, complete or not, the newest first. */
    private List<PointName> names() throws IOException {
        TreeSet<PointName> names = new TreeSet<>();
        for (String file : filesIn(points)) {
            if (file.endsWith(PointFile.SUFFIX)) {
                PointName.parse(file.substring(0, file.length() - PointFile.SUFFIX.length())).ifPresent(names::add);
            }
        }
        return List.copyOf(names.descendingSet());
    }

    private static List<String> filesIn(Path directory) throws IOException {
        try {
            return CopiedFiles.in(directory).stream().map(file -> file.getFileName().toString()).toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    private Path path(PointName name) {
        return points.resolve(name + PointFile.SUFFIX);
    }

    /**
     * The files of the log at a point.
     *
     * @param point of this folder
     * @return the files
     * @throws CorruptSegmentException if the file of the point is damaged
     * @throws WalException if the point isn't there, or can't be read
     */
    public List<SegmentDescriptor> files(BackupPoint point) {
        Path path = points.resolve(point.name() + PointFile.SUFFIX);
        return doing("reading a backup", path, () -> content(path));
    }

    private static List<SegmentDescriptor> content(Path path) throws IOException {
        return contentIfThere(path).orElseThrow(
                () -> new WalException("no such backup: file=" + path + "; list those that are there", path, null, WalException.NO_POSITION));
    }

    /** Whether the file of a point that was read is there, and has no content that counts. A point may be removed at any time. */
    private static boolean isDamaged(Optional<List<SegmentDescriptor>> content, Path path) {
        return content.isEmpty() && Files.exists(path);
    }

    /** Empty if the point isn't there, or was removed. */
    private static Optional<List<SegmentDescriptor>> contentIfThere(Path path) throws IOException {
        Optional<List<SegmentDescriptor>> content = PointFile.read(path);
        if (isDamaged(content, path)) {
            throw damaged(DAMAGED_LIST + ": file=" + path
                    + "; restore another backup. As long as this list is there, no files are collected: if the backup isn't needed, delete it", path);
        }
        return content;
    }

    private static CorruptSegmentException damaged(String message, Path file) {
        return new CorruptSegmentException(message, file, null, WalException.NO_POSITION, 0, 0, null);
    }

    private static CorruptSegmentException damagedFile(String what, Path file) {
        return damaged(what + ": file=" + file + "; restore another backup, or back the log up again with verifying", file);
    }

    /**
     * Makes a log of a point. Until all of it is restored, there is no log. Files that a failed restore has copied stay beside the log's directory,
     * under a name that ends with {@code .importing}; the next restore uses them. One restore to a directory at a time: another one is refused.
     *
     * @param point of this folder
     * @param log a directory that is empty or doesn't exist
     * @throws IllegalArgumentException if there is something in that directory
     * @throws CorruptSegmentException if a file of the backup is missing or damaged; the exception names it
     * @throws WalLockedException if another process or thread restores to that directory
     * @throws WalException if a file can't be read or written
     */
    public void restore(BackupPoint point, Path log) {
        List<SegmentDescriptor> content = files(point);
        SegmentImport target = SegmentImport.begin(log);
        int unused = doing("restoring a backup", log, () -> restore(content, target));
    }

    @SuppressWarnings("try") // the lock is held, not used
    private int restore(List<SegmentDescriptor> content, SegmentImport target) throws IOException {
        try (ProcessLock lock = target.lock()) {
            gather(content, target);
            target.commit();
        }
        return 0;
    }

    private void gather(List<SegmentDescriptor> content, SegmentImport target) {
        for (SegmentDescriptor file : content) {
            if (!target.have(file)) {
                restore(file, target);
            }
        }
    }

    private void restore(SegmentDescriptor file, SegmentImport target) {
        Path source = files.path(file.checksum());
        int unused = doing("restoring a file", source, () -> {
            if (!files.has(file)) {
                throw damagedFile("file of a backup is missing, or has another length: name=" + file.name() + ", bytes=" + file.bytes(), source);
            }
            try (InputStream content = Files.newInputStream(source)) {
                target.put(file, content);
            } catch (CorruptSegmentException e) {
                throw damagedFile("file of a backup is damaged: " + e.getMessage(), source);
            }
            return 0;
        });
    }

    /**
     * Reads everything that points name.
     *
     * @return what is missing, or isn't what was written; empty if all is well
     * @throws WalException if the folder can't be read
     */
    public List<BackupDamage> verify() {
        return doing("verifying backups", folder, () -> {
            List<BackupDamage> damage = new ArrayList<>();
            Set<String> seen = new HashSet<>();
            for (PointName name : names()) {
                Optional<List<SegmentDescriptor>> content = PointFile.read(path(name));
                if (isDamaged(content, path(name))) {
                    damage.add(new BackupDamage(path(name), DAMAGED_LIST));
                }
                for (SegmentDescriptor file : content.orElse(List.of())) {
                    if (seen.add(file.checksum()) && !files.hasWhole(file)) {
                        damage.add(new BackupDamage(files.path(file.checksum()), "file of a backup is missing or damaged: name=" + file.name()
                                + ", bytes=" + file.bytes() + ", point=" + name));
                    }
                }
            }
            return List.copyOf(damage);
        });
    }

    // ---------------------------------------------------------------- removing

    /**
     * Removes a point. Its files stay until {@link #collect()}.
     *
     * @param point of this folder
     * @return whether it was there
     * @throws WalException if it can't be removed
     */
    public boolean remove(BackupPoint point) {
        Path path = points.resolve(point.name() + PointFile.SUFFIX);
        return doing("removing a backup", path, () -> Files.deleteIfExists(path));
    }

    /**
     * Removes the files that no point names, for example those of removed points, and of backups that were cut short or killed. If a point is damaged,
     * nothing is removed, because that point may name any file. Several calls may run at once.
     *
     * @return how many files were removed
     * @throws WalException if a backup runs, or begins during the call; if a backup hasn't ended, and the folder's file system has no locks, which
     *     would tell whether it was killed: see {@link #forgetUnfinished()}; if a point is damaged; or if a file can't be removed
     */
    public int collect() {
        return doing("collecting files of backups", folder, () -> {
            if (!Files.isDirectory(points)) {
                return 0;
            }
            try (Collecting collecting = Collecting.begin(points)) {
                Optional<Path> running = RunningBackup.forgetKilled(points);
                if (running.isPresent()) {
                    throw new WalException("a backup is being made: mark=" + running.get() + "; wait for it. If the file system has no locks, that backup may"
                            + " have been killed: make sure that none runs, then forget unfinished backups", folder, null, WalException.NO_POSITION);
                }
                return removeAllBut(named(), collecting);
            }
        });
    }

    private Set<String> named() throws IOException {
        Set<String> named = new HashSet<>();
        for (PointName name : names()) {
            contentIfThere(path(name)).orElse(List.of()).forEach(file -> named.add(file.checksum()));
        }
        return named;
    }

    private int removeAllBut(Set<String> named, Collecting collecting) throws IOException {
        int removed = 0;
        for (String prefix : filesIn(files.directory())) {
            Path directory = files.directory().resolve(prefix);
            for (String file : filesIn(directory)) {
                removed += !named.contains(file) && collecting.remove(directory.resolve(file)) ? 1 : 0;
            }
        }
        return removed;
    }

    /**
     * Removes the marks of unfinished backups. It is for file systems without locks, on which {@link #collect()} can't tell a backup that was killed
     * from one that runs. A backup that still runs fails, and leaves no point.
     *
     * @return how many there were
     * @throws WalException if a mark can't be removed
     */
    public int forgetUnfinished() {
        return doing("forgetting unfinished backups", points, () -> RunningBackup.forgetAll(points));
    }

    // ---------------------------------------------------------------- failures

    private static <T> T doing(String what, Path where, FileOperation<T> action) {
        try {
            return action.run();
        } catch (IOException e) {
            throw IoFailure.of(what, e, where, null, WalException.NO_POSITION);
        }
    }

    @Override
    public String toString() {
        return "BackupFolder[" + folder + "]";
    }
}
