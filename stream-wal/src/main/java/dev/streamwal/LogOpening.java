package dev.streamwal;

import dev.streamwal.append.LogContext;
import dev.streamwal.append.SharedLog;
import dev.streamwal.append.StreamDirectories;
import dev.streamwal.append.StreamLog;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.commit.CommitSettings;
import dev.streamwal.commit.GroupCommitter;
import dev.streamwal.commit.InheritedJournal;
import dev.streamwal.consumer.DeclaredConsumers;
import dev.streamwal.engine.BackgroundRecovery;
import dev.streamwal.engine.Environment;
import dev.streamwal.engine.JournalledDeletions;
import dev.streamwal.engine.RecoverySettings;
import dev.streamwal.engine.StreamFolders;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LeftOpen;
import dev.streamwal.io.ProcessLock;
import dev.streamwal.io.ProgramClock;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.packing.PackStore;
import dev.streamwal.packing.PackedBeginnings;
import dev.streamwal.packing.Packer;
import dev.streamwal.recovery.CutRedo;
import dev.streamwal.recovery.JournalRedo;
import dev.streamwal.recovery.Recovering;
import dev.streamwal.recovery.RedoResult;
import dev.streamwal.retention.KnownTime;
import dev.streamwal.retention.SweepTime;
import dev.streamwal.storage.FreeSpace;
import dev.streamwal.storage.PositionsWriter;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.StorageErrors;
import dev.streamwal.storage.WriterFile;
import dev.streamwal.storage.WriterLock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Opens a log: becomes its writer, does the journal again, puts the log's parts together, and brings in order what an earlier writer left. One use. */
final class LogOpening {

    private final Path root;
    private final WalOptions options;
    private final Environment environment;
    private final ProcessLock lock;
    private final WriterFile writer;
    private final KnownTime time;
    private final BackgroundReport report;
    /** Null until there is one. */
    private volatile @Nullable StreamLog shared;

    /** What an open log consists of, before its threads are started. */
    record Parts(ProcessLock lock, WriterFile writer, KnownTime time, BackgroundReport report, StreamFolders folders, PackStore packs, LogContext log,
            GroupCommitter commits, RecoverySettings settings) {}

    private LogOpening(Path root, WalOptions options, Environment environment, ProcessLock lock) {
        this.root = root;
        this.options = options;
        this.environment = environment;
        this.lock = lock;
        ProgramClock clock = new ProgramClock(options.clock());
        long nowMillis = StreamWal.millis(clock, root);
        this.writer = WriterFile.claim(root, environment.salts().getAsLong(), nowMillis);
        this.time = knownTime(nowMillis);
        this.report = new BackgroundReport(root, options.listener(), environment.threads(), clock);
    }

    static StreamWal open(Path root, WalOptions options, Environment environment) {
        ProcessLock lock = lock(root);
        try {
            return new LogOpening(root, options, environment, lock).open();
        } catch (RuntimeException | Error e) {
            LeftOpen.close(lock, e);
            throw e;
        }
    }

    private static ProcessLock lock(Path root) {
        try {
            if (!Files.exists(root)) {
                DirectoryForce.create(root);
            }
            return WriterLock.acquire(root);
        } catch (ProcessLock.HeldException e) {
            throw new WalLockedException("log is open for writing " + e.with("root=" + root) + "; " + e.advice()
                    + ", or read with WalReader", root.resolve(WriterLock.FILE_NAME), null, WalException.NO_POSITION);
        } catch (IOException e) {
            throw StorageErrors.translate("open the log", e, root);
        }
    }

    /** The time that an earlier writer recorded, and the clock's time if that is plausible. */
    private KnownTime knownTime(long nowMillis) {
        long before = writer.knownBefore().orElse(nowMillis);
        KnownTime known = new KnownTime(before, options.maxClockSkew().toMillis(), environment.steadyClock());
        if (SweepTime.isBelievable(nowMillis, before, options.maxClockAdvance().toMillis())) {
            known.believe(nowMillis);
        }
        return known;
    }

    private StreamWal open() {
        try {
            return openParts();
        } catch (IOException e) {
            end();
            throw StorageErrors.translate("open the log", e, root);
        } catch (RuntimeException | Error e) {
            end();
            throw e;
        }
    }

    private void end() {
        report.end();
        writer.close(time.millis());
    }

    private StreamWal openParts() throws IOException {
        SegmentStorage storage = environment.storages().of(root);
        deleteActivity(storage);
        StreamFolders folders = new StreamFolders(root);
        folders.create(storage, (task, e) -> report.failed(task, null, e));
        declareConsumers();
        PositionsWriter positions = PositionsWriter.load(root, () -> folders.anySegment() || hasHadPacks());
        PositionsWriter.Opened opened = positions.open(environment.bootId());
        RedoResult redo = redone(storage, opened);
        FreeSpace freeSpace = FreeSpace.of(root);
        PackStore packs = PackStore.open(root, freeSpace, options.compression() == Compression.COLUMNS, options.directPacks(), writer, positions,
                () -> sharedEnd(positions));
        RecoverySettings settings = environment.recovery().apply(
                RecoverySettings.after(redo, opened, options.recoveryPolicy().ofRecovery(), environment.threads()));
        settings = settings.with(new PackedBeginnings(settings.known(), packs));
        LogContext log = new LogContext(storage, positions, settings.recovery(storage, root, opened, report), report,
                new StreamDirectories(folders.names(), folders::of), environment.salts());
        GroupCommitter commits = new GroupCommitter(new CommitSettings(root, folders.path(), storage, writer, environment.journal(),
                environment.salts(), report, environment.threads(), options.flushInterval().toNanos()));
        if (isInherited(redo)) {
            commits.inherit(InheritedJournal.of(redo.frontier().orElseThrow(), redo.durable(), redo.end().orElseThrow()));
        }
        report.redone(redo);
        connect(log, commits, packs, freeSpace);
        return begun(new Parts(lock, writer, time, report, folders, packs, log, commits, settings), opened.wasClosed(), redo);
    }

    /** Earlier versions marked each append in this file. No version writes it any more, so their readers must not wait for it. */
    private void deleteActivity(SegmentStorage storage) throws IOException {
        Path file = root.resolve("activity");
        boolean unused = Files.isRegularFile(file) && storage.delete(file);
    }

    /** For other processes to see. The log is opened even if this fails, as on a full disk. */
    private void declareConsumers() {
        try {
            DeclaredConsumers.declare(root, options.retainedConsumers());
        } catch (IOException e) {
            report.failed("note the consumers that segments are kept for", null, e);
        }
    }

    private boolean hasHadPacks() {
        try {
            return !ManifestFile.read(root).equals(Manifest.EMPTY);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private RedoResult redone(SegmentStorage storage, PositionsWriter.Opened opened) throws IOException {
        Recovering recovering = new Recovering();
        RedoResult redo = new JournalRedo(storage, root, opened.wasClosed(), opened.isCacheTrusted(),
                options.recoveryPolicy() == RecoveryPolicy.SKIP_BAD_RECORDS).run();
        if (redo.frontier().isPresent()) {
            recovering.end(redo, report);
        }
        return redo;
    }

    private static boolean isInherited(RedoResult redo) {
        return redo.frontier().isPresent() && redo.end().isPresent();
    }

    private long sharedEnd(PositionsWriter positions) {
        StreamLog sharedLog = shared;
        try {
            return sharedLog == null ? 0 : Math.max(0, sharedLog.reservedEnd());
        } catch (WalException e) {
            // the shared stream can't be recovered and isn't appended to: its readers get the exception
            return positions.current().ceiling();
        }
    }

    private void connect(LogContext log, GroupCommitter commits, PackStore packs, FreeSpace freeSpace) {
        log.packed(packs);
        log.freeSpace(freeSpace);
        log.time(time);
        log.fence(writer);
        log.positions().fence(writer);
        commits.room(log::checkFreeSpace);
        writer.onLost(commits::lost);
        log.durability(commits);
        log.deletions(new JournalledDeletions(commits));
    }

    private StreamWal begun(Parts parts, boolean wasClosed, RedoResult redo) throws IOException {
        StreamWal wal = new StreamWal(root, options, parts, environment);
        StreamLog sharedLog = wal.sharedLog();
        shared = sharedLog;
        SharedLog sharing = new SharedLog(sharedLog, options.ownSegments(), environment.threads() && !options.sweepInterval().isZero(), wal::wakePacking);
        parts.log().shared(sharing);
        try {
            bringInOrder(parts, sharing, wasClosed, redo);
            wal.start(environment.threads());
        } catch (IOException | RuntimeException | Error e) {
            wal.abandon(e);
            throw e;
        }
        return wal;
    }

    /** What an earlier writer left in files of the whole log. */
    private void bringInOrder(Parts parts, SharedLog sharing, boolean isDurable, RedoResult redo) throws IOException {
        Optional<WalException> unrecovered = recover(sharing, isDurable);
        parts.packs().inherit(unrecovered.isEmpty() && !sharing.log().wasDamaged(), unrecovered);
        if (!redo.cuts().isEmpty()) {
            CutRedo ownCuts = new CutRedo(parts.log().storage(), new StreamDirectory(root, new ChannelCache(1)));
            parts.packs().redo(redo.cuts(), redo.withoutRoom(), ownCuts::carryOut, parts.commits().pinInherited(),
                    failure -> report.failed(Packer.CUT, null, failure));
        }
        if (!redo.damages().isEmpty() && isInherited(redo)) {
            parts.commits().giveUpInherited();
        }
    }

    /**
     * Runs before the first read or append.
     *
     * @return why the shared stream can't be recovered, if it can't: whoever asks for one of its streams is told
     */
    private Optional<WalException> recover(SharedLog sharing, boolean isDurable) {
        try {
            sharing.log().recoverNow();
            sharing.inherit(isDurable);
            return Optional.empty();
        } catch (WalException e) {
            report.failed(BackgroundRecovery.TASK, StreamKey.SHARED.text(), e);
            return Optional.of(e);
        }
    }
}
