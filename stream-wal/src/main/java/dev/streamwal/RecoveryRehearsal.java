package dev.streamwal;

import dev.streamwal.RecoveryReport.Finding;
import dev.streamwal.RecoveryReport.StreamFindings;
import dev.streamwal.engine.BorrowedLog;
import dev.streamwal.engine.Environment;
import dev.streamwal.engine.StorageKind;
import dev.streamwal.engine.Storages;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.io.BootId;
import dev.streamwal.io.ProcessLock;
import dev.streamwal.storage.BorrowedStorage;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.StorageErrors;
import dev.streamwal.storage.WriterLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Reports what recovery would do to a log without changing a byte or a time of its files.
 *
 * <p>It recovers a log that looks the same. The positions and the commit journal, which recovery opens directly, are copied; each segment is
 * a symbolic link, and becomes a copy before its first change. So a rehearsal takes room for the journal and for the segments that recovery
 * has to change, which are at most those without a footer.
 */
final class RecoveryRehearsal {

    private RecoveryRehearsal() {}

    /** See {@link StreamWal#rehearseRecovery}. */
    static RecoveryReport run(Path root, RecoveryPolicy policy, Path scratch, Consumer<RecoveryProgress> progress) {
        return run(root, policy, scratch, progress, machine -> machine);
    }

    /** Like {@link #run(Path, RecoveryPolicy, Path, Consumer)}, on another machine, or with other settings than the recovery would choose. */
    static RecoveryReport run(
            Path root, RecoveryPolicy policy, Path scratch, Consumer<RecoveryProgress> progress, UnaryOperator<Environment> machine) {
        Objects.requireNonNull(policy, "policy");
        Objects.requireNonNull(progress, "progress");
        if (!Files.isDirectory(Objects.requireNonNull(root, "root"))) {
            throw new WalIOException("can't rehearse the recovery: not a directory: root=" + root + "; give the directory of a log", root, null,
                    WalException.NO_POSITION, null);
        }
        Environment environment = machine.apply(new Environment(BootId::ofThisMachine, new Borrowed(), new SecureRandom()::nextLong, false));
        try (NoWriter unused = NoWriter.of(root); BorrowedLog copy = BorrowedLog.of(root, scratch)) {
            RecoveryReport report = recover(copy, options(policy), environment, progress);
            unused.check();
            return report;
        } catch (IOException e) {
            throw StorageErrors.translate("rehearse the recovery", e, scratch);
        }
    }

    private static WalOptions options(RecoveryPolicy policy) {
        return WalOptions.builder().recoveryPolicy(policy).storage(Storage.CHANNEL).sweepInterval(Duration.ZERO).build();
    }

    private static RecoveryReport recover(BorrowedLog copy, WalOptions options, Environment environment, Consumer<RecoveryProgress> progress) {
        try (StreamWal wal = StreamWal.open(copy.root(), options, environment)) {
            return inOriginal(copy, wal.recoverAll(progress));
        } catch (CorruptSegmentException e) {
            throw new CorruptSegmentException(copy.inOriginal(e.getMessage()), copy.inOriginal(e.file()), e.key(), e.position(),
                    e.offset(), e.length(), e);
        } catch (UnsupportedFormatException e) {
            throw new UnsupportedFormatException(copy.inOriginal(e.getMessage()), copy.inOriginal(e.file()), e.key(), e.position(), e);
        }
    }

    static RecoveryReport inOriginal(BorrowedLog copy, RecoveryReport report) {
        List<StreamFindings> streams = report.streams().stream().map(stream -> inOriginal(copy, stream)).toList();
        return new RecoveryReport(new RecoveryReport.Fields(
                streams, report.isComplete(), report.recoveredStreams(), report.refusedStreams(), report.totals()));
    }

    private static StreamFindings inOriginal(BorrowedLog copy, StreamFindings stream) {
        List<Finding> findings = stream.findings().stream().map(finding -> inOriginal(copy, finding)).toList();
        return new StreamFindings(new StreamFindings.Fields(
                stream.key(), stream.sums(), findings, stream.findingsLeftOut(), stream.refusal().map(copy::inOriginal)));
    }

    private static Finding inOriginal(BorrowedLog copy, Finding finding) {
        return new Finding(new Finding.Fields(copy.renamed(finding.file()), finding.offset(), finding.length(),
                copy.inOriginal(finding.decision()), finding.setAside().map(copy::renamed)));
    }

    /** Storage that never maps files. */
    private static final class Borrowed extends Storages {
        Borrowed() {
            super(StorageKind.CHANNEL);
        }

        @Override
        public SegmentStorage of(Path root) {
            return new BorrowedStorage();
        }
    }

    /**
     * Keeps writers away by the writer's lock. A copied log may have no lock file, and creating one would change the log; then the rehearsal
     * checks again at its end that there still is none. Every writer creates it first, and no process deletes it.
     */
    private record NoWriter(Path root, Optional<ProcessLock> lock) implements AutoCloseable {

        static NoWriter of(Path root) throws IOException {
            if (!Files.exists(root.resolve(WriterLock.FILE_NAME))) {
                return new NoWriter(root, Optional.empty());
            }
            try {
                return new NoWriter(root, Optional.of(WriterLock.acquire(root)));
            } catch (ProcessLock.HeldException e) {
                throw locked(root, e.with("root=" + root), e.advice());
            } catch (IOException e) {
                // in the log, not in the scratch folder: a file system that is mounted read-only, say, where no lock can be taken
                Path file = root.resolve(WriterLock.FILE_NAME);
                WalIOException failure = StorageErrors.translate("lock the log, to rehearse its recovery", e, file);
                if (failure.getClass() != WalIOException.class) {
                    throw failure;
                }
                throw new WalIOException(failure.getMessage() + ", or rehearse the recovery of a copy", file, null, WalException.NO_POSITION, e);
            }
        }

        void check() {
            if (lock.isEmpty() && Files.exists(root.resolve(WriterLock.FILE_NAME))) {
                throw locked(root, "since the rehearsal began: root=" + root, "close it");
            }
        }

        private static WalLockedException locked(Path root, String why, String advice) {
            return new WalLockedException("can't rehearse the recovery of a log that is open for writing " + why
                    + "; " + advice + ", or ask that writer for StreamWal.recoveryReport()", root.resolve(WriterLock.FILE_NAME), null,
                    WalException.NO_POSITION);
        }

        @Override
        public void close() throws IOException {
            if (lock.isPresent()) {
                lock.get().close();
            }
        }
    }
}
