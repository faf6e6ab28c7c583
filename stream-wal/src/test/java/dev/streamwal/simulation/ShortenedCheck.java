package dev.streamwal.simulation;

import dev.streamwal.Durability;
import dev.streamwal.RecoveryPolicy;
import dev.streamwal.RecoveryReport;
import dev.streamwal.WriteBatch;
import dev.streamwal.WriteEntry;
import dev.streamwal.catalog.PositionsReader;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.CrashCheck.Violation;
import dev.streamwal.simulation.LogUnderTest.Found;
import dev.streamwal.simulation.Model.Attempt;
import dev.streamwal.simulation.WorkloadRun.Stretch;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Shortens one segment's file while no process has the log open, and opens the log. What is left is what was appended; what a closed log
 * lacks is told; no position is given twice, and a reference of before never gives another record, be the log closed or left by a writer
 * that was killed. (Of what that one left nobody knows how long it was, but of what the journal names, and of that nothing is missing.)
 */
final class ShortenedCheck {

    private final WorkloadRun run;
    private final Stretch stretch;
    private final CrashCheck check;
    /** Whether a writer was killed before. */
    private boolean wasKilled;
    /** Whether the file that was shortened says no more who wrote it. */
    private boolean isHeaderGone;

    ShortenedCheck(WorkloadRun run, Stretch stretch, CrashCheck check) {
        this.run = run;
        this.stretch = stretch;
        this.check = check;
    }

    /**
     * @param disk is changed
     * @return what was done to it
     */
    String check(SimulatedDisk disk, long seed) throws Violation {
        Random random = new Random(seed);
        Map<String, List<Found>> before = new TreeMap<>();
        boolean closed = random.nextBoolean();
        RecoveryPolicy policy = random.nextBoolean() ? RecoveryPolicy.STOP_AT_FIRST_ERROR : RecoveryPolicy.SKIP_BAD_RECORDS;
        String what = "closed=" + closed + ", policy=" + policy;
        try {
            wasKilled = wasKilled(disk.path("/log"));
            if (closed) {
                try (LogUnderTest log = open(disk, RecoveryPolicy.STOP_AT_FIRST_ERROR)) {
                    Workload.KEYS.forEach(key -> before.put(key, log.recoverAndRead(key)));
                }
            }
            what += ", " + shorten(disk, random);
            try (LogUnderTest log = open(disk, policy)) {
                check(log, before, what);
            }
            return what;
        } catch (IOException | RuntimeException | Error e) {
            throw new Violation("a log with a file that was shortened can be opened: " + what + ": " + e, e);
        }
    }

    private LogUnderTest open(SimulatedDisk disk, RecoveryPolicy policy) {
        return LogUnderTest.after(disk, run.workload(), stretch.bootId(), stretch.clock(), policy);
    }

    private String shorten(SimulatedDisk disk, Random random) throws IOException {
        Path streams = disk.path("/log/segments");
        if (!Files.isDirectory(streams)) {
            return "nothing to shorten";
        }
        List<Path> segments;
        try (Stream<Path> files = Files.walk(streams)) {
            segments = files.filter(file -> file.toString().endsWith(".seg")).sorted().toList();
        }
        if (segments.isEmpty()) {
            return "nothing to shorten";
        }
        Path segment = segments.get(random.nextInt(segments.size()));
        long length = Files.size(segment) == 0 ? 0 : random.nextLong(Files.size(segment));
        try (FileChannel file = FileChannel.open(segment, StandardOpenOption.WRITE)) {
            file.truncate(length);
        }
        isHeaderGone = length < SegmentHeaderLayout.headerLength(1);
        return "file=" + segment + ", shortened to " + length;
    }

    private void check(LogUnderTest log, Map<String, List<Found>> before, String what) throws Violation {
        Map<String, List<Found>> found = new TreeMap<>();
        Set<String> told = new TreeSet<>();
        for (String key : Workload.KEYS) {
            try {
                found.put(key, log.recoverAndRead(key));
            } catch (WalException e) {
                told.add(key);
            }
        }
        check.checkStreams(found);
        log.wal().recoveryReport().streams().stream().map(RecoveryReport.StreamFindings::key).forEach(told::add);
        if (told.contains(StreamKey.SHARED.text())) {
            // of a shared segment it isn't known whose records are missing
            told.addAll(Workload.KEYS);
        }
        for (Map.Entry<String, List<Found>> stream : found.entrySet()) {
            List<Found> whole = before.get(stream.getKey());
            if (whole != null && !told.contains(stream.getKey()) && !isRestarted() && !mayBeLeftByTheKilled()) {
                checkNothingIsMissing(stream.getKey(), stream.getValue(), whole, what);
            }
        }
        checkGoesOn(log, found, what);
    }

    private static void checkNothingIsMissing(String key, List<Found> found, List<Found> before, String what) throws Violation {
        Set<Integer> missing = numbers(before);
        missing.removeAll(numbers(found));
        if (!missing.isEmpty()) {
            throw new Violation("what a closed log lacks is told: stream=" + key + ", missing=" + missing + ", " + what);
        }
    }

    /**
     * A segment that a crash of the machine left, and a later writer recovered, sealed and closed, says by its mark how long it was; but behind
     * a restart of the machine a mark is no evidence. So of these what was shortened isn't told.
     */
    private boolean isRestarted() {
        return run.workload().steps().stream().anyMatch(step -> step instanceof Step.Restart);
    }

    /**
     * A file without its header is what a killed writer leaves that has only named it. Where there was one, and the file's header, which says
     * that another one wrote it, is gone, it is taken for that and isn't told.
     */
    private boolean mayBeLeftByTheKilled() {
        return wasKilled && isHeaderGone;
    }

    private static boolean wasKilled(Path root) throws IOException {
        return PositionsReader.read(root).filter(positions -> !positions.isClosed(positions.incarnation())
                || (positions.incarnation() > 1 && !positions.wasClosedAsFarAsKnownSince(1))).isPresent();
    }

    private static Set<Integer> numbers(List<Found> records) {
        return records.stream().map(record -> Model.numberIn(record.content())).collect(Collectors.toCollection(TreeSet::new));
    }

    private void checkGoesOn(LogUnderTest log, Map<String, List<Found>> found, String what) throws Violation {
        WriteBatch batch = new WriteBatch();
        found.keySet().forEach(key -> batch.add(key, WriteEntry.of(CrashCheck.NEW_CONTENT)));
        if (found.isEmpty()) {
            return;
        }
        for (EntryRef ref : log.wal().append(batch, Durability.IMMEDIATE)) {
            for (Attempt attempt : acknowledged(ref.key())) {
                if (ref.position() < attempt.end()) {
                    throw new Violation("a position is given once: appended=" + ref + ", before=" + attempt + ", " + what);
                }
            }
        }
        try (WalReader reader = log.wal().reader()) {
            for (String key : found.keySet()) {
                checkOldReferences(reader, key, what);
            }
        }
    }

    private List<Attempt> acknowledged(String key) {
        List<Attempt> attempts = new ArrayList<>();
        for (int number = 0; number < check.acknowledged(key); number++) {
            Attempt attempt = run.model().stream(key).get(number);
            if (attempt.isAcknowledged()) {
                attempts.add(attempt);
            }
        }
        return attempts;
    }

    private void checkOldReferences(WalReader reader, String key, String what) throws Violation {
        List<Attempt> attempts = acknowledged(key);
        if (attempts.isEmpty()) {
            return;
        }
        List<EntryRef> refs = attempts.stream()
                .map(attempt -> new EntryRef(key, attempt.position(), (int) (attempt.end() - attempt.position()))).toList();
        try (EntryBatch read = reader.readBatch(refs)) {
            for (int i = 0; i < refs.size(); i++) {
                if (read.status(i) == EntryBatch.Status.FOUND
                        && !Arrays.equals(ByteBufUtil.getBytes(read.get(i).content()), attempts.get(i).content())) {
                    throw new Violation("a reference gives the record it was given for, or none: " + refs.get(i) + ", " + what);
                }
            }
        }
    }
}
