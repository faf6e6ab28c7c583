package dev.streamwal.cli;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.WriteEntry;
import dev.streamwal.cli.SetAsideRecords.Group;
import dev.streamwal.encryption.LogKeys;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.LeftOpen;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import dev.streamwal.recovery.QuarantinedFile;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.retention.TimeRules;
import dev.streamwal.segment.Segment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Appends again what recovery has set aside: the valid records, in their order, with their timestamps, at the stream's end.
 *
 * <p>Nothing is restored twice. Before the first record of a file is appended, the file is renamed so that its name has the stream's end, and when
 * all are durable, so that it says that the file is restored; both names are durable before the next step. An interrupted run is continued: what it
 * had appended stands behind that end, in the same order, whatever was appended since. A record is left out if it still stands at its old place, or
 * is in a file that was restored before, as when recovery ended after making a copy.
 */
final class QuarantineRestore implements AutoCloseable {

    private final Path root;
    private final LogSegments log;
    private final CommandContext context;
    private final KeysOption keys;
    private final TierOption tier;
    /** Opens records that are encrypted. */
    private final LogKeys opener;
    private final boolean appending;
    /** All files of the quarantine. */
    private final List<SetAsideFile> all;
    /** Restored by this run, or, in a dry run, to be restored. */
    private final List<SetAsideFile> done = new ArrayList<>();
    private final Totals totals = new Totals();
    private final TreeSet<String> streams = new TreeSet<>();
    private int restoredBefore;
    private boolean complete = true;

    private @Nullable StreamWal wal;
    private @Nullable StreamPolicy walPolicy;

    QuarantineRestore(Path root, CommandContext context, KeysOption keys, TierOption tier, boolean appending, List<SetAsideFile> all) {
        this.keys = keys;
        this.opener = new LogKeys(root, keys.keys().orElse(null));
        this.root = root;
        this.tier = tier;
        this.log = LogSegments.of(root, tier.path().orElse(null));
        this.context = context;
        this.appending = appending;
        this.all = all;
    }

    /** The content of a file, or of all of them. */
    static final class Totals {
        private long records;
        private long bytes;
        private long smallestMillis = Long.MAX_VALUE;
        private long largestMillis = Long.MIN_VALUE;
        /** Left out. */
        private long there;
        private long expired;
        private long future;

        private void add(Group group) {
            records += group.entries().size();
            bytes += group.dataBytes();
            for (WriteEntry entry : group.entries()) {
                smallestMillis = Math.min(smallestMillis, entry.timestampMillis());
                largestMillis = Math.max(largestMillis, entry.timestampMillis());
            }
        }

        private void add(Totals other) {
            records += other.records;
            bytes += other.bytes;
            there += other.there;
            expired += other.expired;
        }
    }

    Exit run(List<SetAsideFile> selected, CommandOutput out) throws IOException {
        List<SetAsideFile> files = new ArrayList<>(selected);
        files.sort(SetAsideFile.IN_ORDER);
        TextTable table = new TextTable(out, "NAME", "KEY", ">RECORDS", ">SIZE", "OLDEST", "NEWEST");
        try {
            for (SetAsideFile file : files) {
                if (file.restored()) {
                    restoredBefore++;
                } else {
                    restore(file, out, table);
                }
            }
        } finally {
            if (totals.records > 0) {
                table.print();
            }
        }
        end(out);
        return complete ? Exit.OK : Exit.FINDINGS;
    }

    @Override
    public void close() {
        log.close();
        closeWal();
    }

    private void closeWal() {
        if (wal != null) {
            wal.close();
            wal = null;
        }
    }

    private void leaveAsItIs(SetAsideFile file, String why) {
        complete = false;
        context.complain((appending ? "not restored: " : "can't be restored: ") + file.name() + ": " + why);
    }

    // ---------------------------------------------------------------- a file

    private void restore(SetAsideFile file, CommandOutput out, TextTable table) throws IOException {
        if (file.origin().isEmpty() || file.origin().get().streamDirectory().isEmpty()) {
            leaveAsItIs(file, file.origin().isEmpty() ? "its name is not one that recovery gives" : "it belongs to the commit journal, not to a stream");
            return;
        }
        List<SegmentHeader> headers = headers(file, file.origin().get());
        if (headers.isEmpty()) {
            leaveAsItIs(file, "the header of its segment is gone, without which records can't be verified: segment="
                    + file.origin().get().file());
            return;
        }
        if (file.origin().get().offset() == 0 && Files.size(file.path()) <= headers.get(0).headerLength()) {
            return; // the header alone, which other parts need
        }
        for (SegmentHeader header : headers) {
            try (SetAsideRecords records = SetAsideRecords.open(file.path(), file.origin().get().offset(), header, opener)) {
                if (records.next() != null) {
                    try (Copies copies = new Copies(file, header)) {
                        if (header.key().equals(StreamKey.SHARED)) {
                            restoreShared(file, records, copies, out, table);
                        } else {
                            restore(file, records, copies, out, table);
                        }
                    }
                    return;
                }
            }
        }
        leaveAsItIs(file, "it has no valid record");
    }

    private void restore(SetAsideFile file, SetAsideRecords records, Copies copies, CommandOutput out, TextTable table) throws IOException {
        SegmentHeader header = records.header();
        String key = header.key().text();
        StreamPolicy policy = policy(header);
        TimeRules times = new TimeRules(policy, LogOptions.of(context.clock()).build().maxClockSkew().toMillis());
        // by one time, so that both passes leave out the same records
        Due due = new Due(copies, times, context.clock().millis(), key);
        Totals found = new Totals();
        each(records, due, group -> false, group -> {}, found);
        if (isLeftAsItIs(file, records, found)) {
            return;
        }
        SetAsideFile restored = file;
        if (appending && found.records + found.there > 0) {
            found = new Totals();
            restored = append(file, records, due, open(policy), found);
        } else if (file.restoringFrom().isPresent()) {
            found = new Totals();
            try (WalReader reader = WalReader.open(root, tier.reading(keys))) {
                goOn(file, records, due, reader, group -> {}, found);
            }
        }
        done.add(restored);
        complete &= found.expired == 0;
        totals.add(found);
        if (found.records > 0) {
            streams.add(key);
        }
        show(restored, key, found, out, table);
    }

    private boolean isLeftAsItIs(SetAsideFile file, SetAsideRecords records, Totals found) {
        if (found.future > 0) {
            leaveAsItIs(file, Figures.number(found.future, "record") + " ahead of the clock; try again later");
        } else if (records.tooNew() > 0) {
            leaveAsItIs(file, Figures.number(records.tooNew(), "record") + " readable only by a newer version; restore with that version");
        }
        return found.future > 0 || records.tooNew() > 0;
    }

    // ---------------------------------------------------------------- a file with records of many streams

    /**
     * Restores a file like one of a single stream. Each record's slot says where it stood in its stream: records that are still there are left out.
     * What an interrupted run has appended stands behind that place, too.
     */
    private void restoreShared(SetAsideFile file, SetAsideRecords records, Copies copies, CommandOutput out, TextTable table)
            throws IOException {
        Map<SharedSetAside.Span, List<SharedSetAside.Piece>> pieces = SharedSetAside.of(records);
        long nowMillis = context.clock().millis();
        Totals found = new Totals();
        closeWal();
        try (WalReader reader = WalReader.open(root, tier.reading(keys))) {
            for (Map.Entry<SharedSetAside.Span, List<SharedSetAside.Piece>> each : pieces.entrySet()) {
                eachDue(file, each.getValue(), copies, policy(each.getKey(), records.header()), reader, nowMillis, piece -> {}, found);
            }
        }
        if (isLeftAsItIs(file, records, found)) {
            return;
        }
        SetAsideFile restored = file;
        if (appending && found.records + found.there > 0) {
            found = new Totals();
            restored = appendShared(file, records, pieces, copies, nowMillis, found);
        }
        done.add(restored);
        complete &= found.expired == 0;
        totals.add(found);
        show(restored, StreamKey.SHARED.text(), found, out, table);
    }

    private SetAsideFile appendShared(SetAsideFile file, SetAsideRecords records, Map<SharedSetAside.Span, List<SharedSetAside.Piece>> pieces,
            Copies copies, long nowMillis, Totals found) throws IOException {
        SetAsideFile restoring = file;
        for (Map.Entry<SharedSetAside.Span, List<SharedSetAside.Piece>> each : pieces.entrySet()) {
            StreamPolicy policy = policy(each.getKey(), records.header());
            StreamWal open = open(policy);
            if (restoring.restoringFrom().isEmpty()) {
                restoring = restoring.restoring(0);
            }
            try (WalReader reader = open.reader()) {
                eachDue(file, each.getValue(), copies, policy, reader, nowMillis, piece -> {
                    append(piece.group(), open.stream(piece.key()));
                    streams.add(piece.key());
                }, found);
            }
            open.sync();
        }
        return restoring.asRestored();
    }

    /** Calls the task for the records that aren't there, and haven't expired. */
    private static void eachDue(SetAsideFile file, List<SharedSetAside.Piece> pieces, Copies copies, StreamPolicy policy, WalReader reader,
            long nowMillis, Consumer<SharedSetAside.Piece> task, Totals found) throws IOException {
        TimeRules times = new TimeRules(policy, LogOptions.of(InstantSource.fixed(Instant.ofEpochMilli(nowMillis))).build().maxClockSkew().toMillis());
        Map<String, Appended> before = new HashMap<>();
        List<EntryCursor> cursors = new ArrayList<>();
        try {
            for (SharedSetAside.Piece piece : pieces) {
                if (copies.contain(piece.group()) || piece.isThere(reader)) {
                    found.there += piece.group().entries().size();
                } else if (isRecent(piece.group(), times, nowMillis, piece.key(), found)) {
                    if (file.restoringFrom().isPresent() && before.computeIfAbsent(piece.key(), key -> {
                        EntryCursor behind = reader.scanFrom(key, piece.ref().position());
                        cursors.add(behind);
                        return new Appended(behind);
                    }).contains(piece.group())) {
                        found.there += piece.group().entries().size();
                    } else {
                        task.accept(piece);
                        found.add(piece.group());
                    }
                }
            }
        } finally {
            cursors.forEach(EntryCursor::close);
        }
    }

    private static StreamPolicy policy(SharedSetAside.Span span, SegmentHeader header) {
        StreamPolicy shared = policy(header);
        return new StreamPolicy(clamp(span.windowMillis(), 1, StreamPolicy.MAX_WINDOW_MILLIS),
                clamp(span.retentionMillis(), 0, StreamPolicy.MAX_RETENTION_MILLIS), shared.segmentBytes(), shared.maxRecordBytes(),
                Long.MAX_VALUE);
    }

    /** Which records are appended. */
    private record Due(Copies copies, TimeRules times, long nowMillis, String key) {

        boolean test(Group group, Totals totals) throws IOException {
            if (copies.contain(group)) {
                totals.there += group.entries().size();
                return false;
            }
            return isRecent(group, times, nowMillis, key, totals);
        }
    }

    private static boolean isRecent(Group group, TimeRules times, long nowMillis, String key, Totals totals) {
        boolean recent = true;
        for (WriteEntry entry : group.entries()) {
            if (!isRecent(entry.timestampMillis(), times, nowMillis, key)) {
                recent = false;
                totals.future += entry.timestampMillis() > nowMillis ? 1 : 0;
            }
        }
        totals.expired += recent ? 0 : group.entries().size();
        return recent;
    }

    private static boolean isRecent(long timestampMillis, TimeRules times, long nowMillis, String key) {
        try {
            times.check(timestampMillis, nowMillis, key);
            return true;
        } catch (TimestampOutOfRangeException e) {
            return false;
        }
    }

    // ---------------------------------------------------------------- appending

    private static SetAsideFile append(SetAsideFile file, SetAsideRecords records, Due due, StreamWal wal, Totals found) throws IOException {
        WalStream stream = wal.stream(due.key);
        SetAsideFile restoring = file;
        if (file.restoringFrom().isPresent()) {
            try (WalReader reader = wal.reader()) {
                goOn(file, records, due, reader, group -> append(group, stream), found);
            }
        } else {
            restoring = file.restoring(stream.endPosition());
            each(records, due, group -> false, group -> append(group, stream), found);
        }
        stream.sync();
        return restoring.asRestored();
    }

    private static void append(Group group, WalStream stream) {
        List<WriteEntry> entries = group.entries();
        long unused = entries.size() == 1 ? stream.append(entries.get(0)).position() : stream.appendBatch(entries).get(0).position();
    }

    /** Continues behind what an interrupted run has appended. */
    private static void goOn(SetAsideFile file, SetAsideRecords records, Due due, WalReader reader, Consumer<Group> task, Totals found)
            throws IOException {
        try (EntryCursor behind = reader.scanFrom(due.key, file.restoringFrom().orElseThrow())) {
            each(records, due, new Appended(behind)::contains, task, found);
        }
    }

    private static void each(SetAsideRecords records, Due due, Predicate<Group> before, Consumer<Group> task, Totals found)
            throws IOException {
        records.restart();
        for (Group group = records.next(); group != null; group = records.next()) {
            if (!due.test(group, found)) {
                continue;
            }
            if (before.test(group)) {
                found.there += group.entries().size();
            } else {
                task.accept(group);
                found.add(group);
            }
        }
    }

    /** What an interrupted run has appended: the first of the records, in their order, with or without others between. */
    private static final class Appended {

        private final EntryCursor cursor;

        Appended(EntryCursor cursor) {
            this.cursor = cursor;
        }

        /** Call it for all groups, in order. A batch is there whole or not at all. */
        boolean contains(Group group) {
            for (WriteEntry entry : group.entries()) {
                if (!advanceTo(entry)) {
                    return false;
                }
            }
            return true;
        }

        private boolean advanceTo(WriteEntry entry) {
            while (cursor.next()) {
                if (cursor.timestampMillis() == entry.timestampMillis() && cursor.content().nioBuffer().equals(entry.content())
                        && cursor.header().nioBuffer().equals(entry.header())) {
                    return true;
                }
            }
            return false;
        }
    }

    /** With the windows, retention and segment size of the segment; opened once for all files with the same. */
    private StreamWal open(StreamPolicy policy) throws RefusedException {
        if (wal != null && policy.equals(walPolicy)) {
            return wal;
        }
        closeWal();
        WalOptions.Builder options = LogOptions.of(context.clock()).window(Duration.ofMillis(policy.windowMillis()))
                .retention(Duration.ofMillis(policy.retentionMillis())).segmentBytes(policy.segmentBytes());
        // also what isn't encrypted in the file that was set aside
        keys.keys().ifPresent(options::encryption);
        int maxRecordBytes = keys.keys().isPresent() ? policy.maxRecordBytes() - EntryRef.ENCRYPTION_BYTES : policy.maxRecordBytes();
        LogOwner.check(root);
        keys.checkAppends(root);
        StreamWal opened = StreamWal.open(root, tier.with(options).maxRecordBytes(maxRecordBytes).build());
        wal = opened;
        walPolicy = policy;
        return opened;
    }

    private static StreamPolicy policy(SegmentHeader header) {
        long window = header.window().endMillis() - header.window().startMillis();
        long retention = header.expirationMillis() - header.window().endMillis();
        int segmentBytes = (int) clamp(header.capacity(), StreamPolicy.MIN_SEGMENT_BYTES, StreamPolicy.MAX_SEGMENT_BYTES);
        return new StreamPolicy(clamp(window, 1, StreamPolicy.MAX_WINDOW_MILLIS), clamp(retention, 0, StreamPolicy.MAX_RETENTION_MILLIS),
                segmentBytes, StreamPolicy.largestRecordBytes(segmentBytes), Long.MAX_VALUE);
    }

    private static long clamp(long value, long least, long most) {
        return Math.max(least, Math.min(most, value));
    }

    // ---------------------------------------------------------------- other parts of the segment

    /** For keys whose directories' names are cut, these may include another stream's: no record is valid with its header. */
    private List<SegmentHeader> headers(SetAsideFile file, QuarantinedFile origin) throws IOException {
        List<SegmentHeader> headers = new ArrayList<>();
        if (origin.offset() == 0) {
            SetAsideRecords.readHeader(file.path(), origin).ifPresent(headers::add);
            return headers;
        }
        for (Segment segment : liveSegments(origin)) {
            liveHeader(segment).ifPresent(headers::add);
        }
        for (SetAsideFile other : allNow()) {
            if (other.hasSegmentOf(file) && other.origin().orElseThrow().offset() == 0) {
                SetAsideRecords.readHeader(other.path(), origin).ifPresent(headers::add);
            }
        }
        return headers;
    }

    /** Files that this run has restored have another name now. */
    private List<SetAsideFile> allNow() {
        return Stream.concat(done.stream(), all.stream().filter(file -> Files.exists(file.path()))).distinct().toList();
    }

    private List<Segment> liveSegments(QuarantinedFile origin) throws IOException {
        Optional<String> known = origin.key();
        Collection<String> keys = known.isPresent() ? List.of(known.get()) : log.keys().stream().filter(key -> origin.isOf(StreamKey.of(key))).toList();
        List<Segment> segments = new ArrayList<>();
        for (String key : keys) {
            log.of(key).stream().filter(segment -> segment.name().fileName().equals(origin.file())).forEach(segments::add);
        }
        return segments;
    }

    private Optional<SegmentHeader> liveHeader(Segment segment) throws IOException {
        try {
            return Optional.of(segment.header(log.channels()));
        } catch (NoSuchFileException | CorruptSegmentException | UnsupportedFormatException e) {
            return Optional.empty();
        }
    }

    /** Where a file's records may also be: in their segment itself, or in parts of it that were restored before. */
    private final class Copies implements AutoCloseable {

        private final SetAsideRecords own;
        private final List<SetAsideRecords> others = new ArrayList<>();

        Copies(SetAsideFile file, SegmentHeader header) throws IOException {
            QuarantinedFile origin = file.origin().orElseThrow();
            own = SetAsideRecords.open(file.path(), origin.offset(), header, opener);
            try {
                for (Segment segment : liveSegments(origin)) {
                    if (liveHeader(segment).isPresent()) {
                        others.add(SetAsideRecords.of(segment.open(log.channels()), opener));
                    }
                }
                for (SetAsideFile other : allNow()) {
                    if ((other.restored() || done.contains(other)) && other.hasSegmentOf(file) && overlap(file, other)) {
                        others.add(SetAsideRecords.open(other.path(), other.origin().orElseThrow().offset(), header, opener));
                    }
                }
            } catch (IOException | RuntimeException e) {
                LeftOpen.close(this, e);
                throw e;
            }
        }

        private static boolean overlap(SetAsideFile one, SetAsideFile other) throws IOException {
            long start = one.origin().orElseThrow().offset();
            long otherStart = other.origin().orElseThrow().offset();
            return start < otherStart + Files.size(other.path()) && otherStart < start + Files.size(one.path());
        }

        boolean contain(Group group) throws IOException {
            for (SetAsideRecords other : others) {
                if (own.isAlsoIn(other, group)) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public void close() throws IOException {
            own.close();
            for (SetAsideRecords other : others) {
                other.close();
            }
        }
    }

    // ---------------------------------------------------------------- the result

    private void show(SetAsideFile file, String key, Totals found, CommandOutput out, TextTable table) {
        boolean any = found.records > 0;
        if (!out.isJson()) {
            table.row(file.name(), key, Figures.count(found.records), Figures.bytes(found.bytes),
                    any ? Figures.time(found.smallestMillis) : "", any ? Figures.time(found.largestMillis) : "");
            return;
        }
        out.json(json -> {
            json.writeStringField("type", "file");
            json.writeStringField("file", file.path().toString());
            json.writeStringField("key", key);
            json.writeNumberField("records", found.records);
            json.writeNumberField("bytes", found.bytes);
            if (any) {
                JsonTime.write(json, "from", found.smallestMillis);
                JsonTime.write(json, "to", found.largestMillis);
            }
            json.writeNumberField("alreadyThere", found.there);
            json.writeNumberField("expired", found.expired);
        });
    }

    private void end(CommandOutput out) {
        if (!out.isJson()) {
            out.line((appending ? "appended " : "would append ") + Figures.number(totals.records, "record") + ", " + Figures.bytes(totals.bytes)
                    + ", to " + Figures.number(streams.size(), "stream") + (appending ? "" : "; --append does"));
            tell(out, totals.there, "record", "there already");
            tell(out, totals.expired, "record", "expired since");
            tell(out, restoredBefore, "file", "restored before");
            return;
        }
        out.json(json -> {
            json.writeStringField("type", "summary");
            json.writeBooleanField("dryRun", !appending);
            json.writeNumberField("records", totals.records);
            json.writeNumberField("bytes", totals.bytes);
            json.writeNumberField("streams", streams.size());
            json.writeNumberField("alreadyThere", totals.there);
            json.writeNumberField("expired", totals.expired);
            json.writeNumberField("filesRestoredBefore", restoredBefore);
        });
    }

    private static void tell(CommandOutput out, long count, String noun, String why) {
        if (count > 0) {
            out.line("left out " + Figures.number(count, noun) + ", " + why);
        }
    }
}
