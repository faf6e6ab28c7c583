package dev.streamwal.packing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.encryption.KeysFile;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.io.FileOperation;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.LogTier;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.TierId;
import dev.streamwal.manifest.TierObject;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackTableFile;
import dev.streamwal.tier.LogInTier;
import dev.streamwal.tier.TierContent;
import dev.streamwal.tier.TierFolder;
import dev.streamwal.tier.TierNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Moves packs to the log's tier, and fetches them from there: {@link dev.streamwal.tier} has the steps, and what a crash between them leaves.
 *
 * <p>A call of the tier may hang, so none is made with a lock that appends, flushes, sealing, packing or sweeping need. Only what was done is recorded
 * under the lock of packing, which is a small write. One pass at a time; packs are fetched beside it.
 */
public final class Tiering implements PackedTier {

    /** The task's name in failures. */
    public static final String TASK = "tier";
    private static final int MAX_FAILED_DELETIONS = 10;
    private static final int MAX_FAILED_UPLOADS = 3;
    /** After so many packs the tier is told what it has. Until then, a reader that has only the tier doesn't find the packs that moved. */
    static final int MAX_PACKS_AT_ONCE = 8;

    /**
     * Settings.
     *
     * @param folder of the tier
     * @param afterMillis how long after the end of its window a pack stays in the log's directory
     * @param intervalNanos between two passes; longer after failures
     */
    public record Settings(Path folder, long afterMillis, long intervalNanos) {}

    private final PackStore store;
    private final Packer.PackedLog log;
    private final Packer.Events events;
    private final Settings settings;
    private final TierProgress progress;
    private final TierFolder folder;
    private final LongSupplier random;
    private final LongSupplier steadyClock;
    private final MergePlan.Limits limits;
    /** Held while the tier is used for a pass, or told what it has. Fair: otherwise a pass would take it again before a thread that waits. */
    private final ReentrantLock using = new ReentrantLock(true);
    private final ReentrantLock fetching = new ReentrantLock();
    /** Held while something that was done is recorded. */
    private final ReentrantLock recording = new ReentrantLock();
    private volatile boolean isEnded;

    /** Packs whose tables or footers can't be read stay where they are. */
    @GuardedBy("using")
    private final Set<Long> damaged = new HashSet<>();
    /** Packs that failed to move, for example because the tier refuses an object of that size. */
    @GuardedBy("using")
    private final Retries<Long> notMoved = new Retries<>();
    /** Objects that couldn't be deleted, for example under a legal hold. */
    @GuardedBy("using")
    private final Retries<String> notDeleted = new Retries<>();
    /** {@link PackStore#tableDamages()} when each pack in the tier last had its whole table here; less than 0 before. */
    @GuardedBy("using")
    private int wholeTables = -1;
    /** Whether the tier has nothing except what the log has in it, by the published content. */
    @GuardedBy("using")
    private boolean isTidy;
    /** Whether the last pass that listed the tier found all packs there. While one is missing each pass looks again: the log isn't healthy. */
    @GuardedBy("using")
    private boolean isComplete;
    @GuardedBy("using")
    private @Nullable TierContent published;
    /** Name of the content that this writer has published last, or tried to; empty before. */
    @GuardedBy("using")
    private String publishing = "";
    private final Backoff backoff;

    /**
     * For an open log.
     *
     * @param random for names
     * @param steadyClock in ns
     */
    public Tiering(PackStore store, Packer.PackedLog log, Packer.Events events, Settings settings, LongSupplier random, LongSupplier steadyClock) {
        this.store = store;
        this.log = log;
        this.events = events;
        this.settings = settings;
        this.progress = new TierProgress(steadyClock);
        this.folder = new TierFolder(settings.folder(), progress::answered);
        this.random = random;
        this.steadyClock = steadyClock;
        this.limits = Packer.mergeLimits(store, log);
        this.backoff = new Backoff(settings.intervalNanos());
        store.tier(this);
    }

    /**
     * Moves what is old enough.
     *
     * @return the number of packs that moved
     * @throws TierFailure if the tier fails
     * @throws IOException if a pack can't be read, or the manifest can't be written; the others were moved
     */
    public int pass() throws IOException {
        return pass(() -> false);
    }

    /** Moves some packs at a time, and lets other threads use the tier in between. If that succeeds, failures of earlier passes are over. */
    private int pass(BooleanSupplier isStopped) throws IOException {
        int moved = 0;
        IOException failed = null;
        Moved some;
        do {
            some = moveSome(isStopped);
            moved += some.packs();
            // the last try decides: it has tried again all that is still due
            failed = some.failed();
        } while (some.packs() > 0 && !isStopped.getAsBoolean());
        if (failed != null) {
            throw failed;
        }
        backoff.succeeded();
        if (!isStopped.getAsBoolean()) {
            // reports of calls that took long within this pass are over, too
            events.ended(TASK, events.begins());
        }
        return moved;
    }

    private static @Nullable IOException first(@Nullable IOException earlier, @Nullable IOException later) {
        return earlier == null ? later : earlier;
    }

    private Moved moveSome(BooleanSupplier isStopped) throws IOException {
        using.lock();
        try {
            progress.begins();
            return moved(isStopped);
        } finally {
            progress.ends();
            using.unlock();
        }
    }

    /**
     * {@link #pass()} for a background thread: failures are reported instead of thrown, and make the passes rarer.
     *
     * @param isStopped asked between two pieces of a pack
     */
    public void passAtIntervals(BooleanSupplier isStopped) {
        if (!backoff.isDue(steadyClock.getAsLong())) {
            return;
        }
        try {
            int unused = pass(isStopped);
        } catch (IOException | RuntimeException | Error e) {
            backoff.failed(steadyClock.getAsLong());
            if (!isStopped.getAsBoolean()) {
                events.failed(TASK, null, e instanceof IOException failure
                        ? IoFailure.of("moving packs to the tier", failure, null, null, WalException.NO_POSITION) : e);
            }
        }
    }

    /** For another thread than that of the passes: reports that a pass waits too long for a call of the tier, once for each such call. */
    public void reportStuckPass() {
        OptionalLong waited = progress.newlyStuckNanos();
        if (waited.isPresent() && !isEnded) {
            events.failed(TASK, null, IoFailure.of("moving packs to the tier", new TierFailure("a call hasn't returned: seconds="
                    + TimeUnit.NANOSECONDS.toSeconds(waited.getAsLong()), store.manifest().tier().map(LogTier::location).orElse("not known yet"), "",
                    "look at the tier, or open the log again to abandon the call; until the call returns, no pack moves; everything else goes on", null),
                    null, null, WalException.NO_POSITION));
        }
    }

    /** @param failed why others weren't moved, or fetched; null if nothing failed */
    private record Moved(int packs, @Nullable IOException failed) {}

    @GuardedBy("using")
    private Moved moved(BooleanSupplier isStopped) throws IOException {
        log.checkWriter();
        Manifest now = store.manifest();
        List<ListedPack> due = due(now);
        List<ListedPack> wanted = now.packsInOrder().stream().filter(pack -> now.isInTier(pack) && store.needed.isToBeFetched(pack.number())).toList();
        if (due.isEmpty() && wanted.isEmpty() && isUpToDate(now) && hasTables() && isComplete(now)) {
            return new Moved(0, null);
        }
        isTidy = false;
        isComplete = false;
        LogInTier tier = claimed(isStopped);
        IOException failed = makeTables(tier, isStopped);
        for (ListedPack pack : wanted) {
            try {
                fetch(pack);
            } catch (IOException e) {
                failed = first(failed, e);
            }
        }
        Moved some = move(tier, due, isStopped);
        failed = first(failed, some.failed());
        // also if the tier takes nothing: what has expired there makes room
        Tidied tidied = tidy(tier);
        failed = first(failed, tidied.notDeleted());
        if (failed == null) {
            failed = missing(tier, tidied.names());
            isComplete = failed == null;
        }
        // an upload that failed may be in the tier later
        isTidy &= some.failed() == null;
        return new Moved(some.packs(), failed);
    }

    private @Nullable TierFailure missing(LogInTier tier, List<String> names) {
        try {
            tier.checkHas(packsIn(store.manifest()), Set.copyOf(names));
            return null;
        } catch (TierFailure e) {
            return e;
        }
    }

    /** A pack that can't move doesn't keep others from moving; if several can't, the tier may be away. */
    @GuardedBy("using")
    private Moved move(LogInTier tier, List<ListedPack> due, BooleanSupplier isStopped) {
        if (due.isEmpty()) {
            return new Moved(0, null);
        }
        try {
            announce(tier);
        } catch (IOException e) {
            return new Moved(0, e);
        }
        int moved = 0;
        int refused = 0;
        IOException failed = null;
        for (ListedPack pack : due) {
            if (moved == MAX_PACKS_AT_ONCE || refused == MAX_FAILED_UPLOADS || isStopped.getAsBoolean()) {
                break;
            }
            try {
                moved += isMoved(tier, pack) ? 1 : 0;
                notMoved.succeeded(pack.number());
            } catch (IOException e) {
                failed = first(failed, e);
                notMoved.failed(pack.number());
                refused += e instanceof TierFailure ? 1 : 0;
            }
        }
        return new Moved(moved, failed);
    }

    /**
     * Says what the tier has, once more, before anything is put there.
     *
     * <p><b>Why two copies of a directory delete nothing of each other's</b>, though they pass at the same time. Each puts its content there, under a
     * name that the other one doesn't give, before it looks for another's content and goes on. So at least one of them finds the other's content, and
     * puts no pack there. The other one finds the first one's content before it deletes anything. Copies that were made during a pass are told apart
     * by the next pass.
     */
    @GuardedBy("using")
    private void announce(LogInTier tier) throws IOException {
        TierContent content = content(store.settled());
        log.checkWriter();
        publish(tier, content);
        checkNobodyElseWrites(tier, tier.list());
    }

    @GuardedBy("using")
    private List<ListedPack> due(Manifest now) {
        if (store.cutsLeft.isAny()) {
            // a cut may need any of them here
            return List.of();
        }
        List<Long> listed = now.packsInOrder().stream().map(ListedPack::number).toList();
        damaged.retainAll(listed);
        notMoved.retainAll(listed);
        Set<Long> unreadable = Set.copyOf(damaged);
        Retries<Long> retries = notMoved;
        List<ListedPack> here = now.packsInOrder().stream().filter(pack -> !now.isInTier(pack) && !unreadable.contains(pack.number())).toList();
        List<ListedPack> inTier = now.packsInOrder().stream().filter(now::isInTier).toList();
        return TierPlan.of(here, inTier, log.nowMillis(), settings.afterMillis(), limits).stream()
                .filter(pack -> !store.isNeeded(pack)).sorted(Comparator.comparingLong(pack -> retries.rank(pack.number()))).toList();
    }

    /** Whether the tier needs nothing: it has nothing yet, or what it has is what was published. */
    @GuardedBy("using")
    private boolean isUpToDate(Manifest now) throws IOException {
        TierContent last = published;
        return now.tier().isEmpty() || (isTidy && (last == null || last.isSame(content(now))));
    }

    private TierContent content(Manifest now) throws IOException {
        // the keys after the manifest: a key is in the file before the first record that is encrypted with it
        return new TierContent(now.ofTier(), KeysFile.bytes(store.root()).orElse(new byte[0]));
    }

    /**
     * The tier, which is this log's alone. The manifest has its id before the tier does: otherwise a tier that was marked right before a crash would
     * belong to no log.
     */
    @GuardedBy("using")
    private LogInTier claimed(BooleanSupplier isStopped) throws IOException {
        if (store.manifest().tier().isEmpty()) {
            bind(new TierId(random.getAsLong(), random.getAsLong()), 0);
        }
        LogTier bound = store.manifest().tier().orElseThrow();
        LogInTier tier = new LogInTier(folder, bound.id(), () -> isEnded || isStopped.getAsBoolean());
        checkNobodyElseWrites(tier, tier.claim(!store.manifest().objects().isEmpty()));
        if (!bound.location().equals(folder.name())) {
            bind(bound.id(), bound.serial());
        }
        return tier;
    }

    @GuardedBy("using")
    private void checkNobodyElseWrites(LogInTier tier, List<String> names) throws IOException {
        tier.checkNobodyElseWrites(names, store.manifest().tier().orElseThrow().serial(), publishing);
    }

    private void bind(TierId id, long serial) throws IOException {
        // the name of a tier that is away may take its time
        LogTier tier = new LogTier(id, serial, folder.name());
        boolean unused = recorded(() -> {
            store.bind(tier);
            return true;
        });
    }

    @GuardedBy("using")
    private boolean isComplete(Manifest now) {
        return isComplete || now.objects().isEmpty();
    }

    @GuardedBy("using")
    private boolean hasTables() {
        return wholeTables == store.tableDamages() || store.manifest().objects().isEmpty();
    }

    /**
     * Makes tables anew that have gone from the log's directory, or don't verify.
     *
     * @return why that failed; null if all are whole
     */
    @GuardedBy("using")
    private @Nullable IOException makeTables(LogInTier tier, BooleanSupplier isStopped) throws IOException {
        if (hasTables()) {
            return null;
        }
        int damages = store.tableDamages();
        IOException failed = null;
        Manifest now = store.manifest();
        for (ListedPack pack : now.packsInOrder()) {
            Optional<TierObject> object = now.object(pack.number());
            // between two tables the pass waits for no call
            progress.answered();
            try {
                if (object.isPresent() && !isStopped.getAsBoolean() && isInNeedOfTable(pack)) {
                    makeTable(tier, pack, object.get());
                    if (isInNeedOfTable(pack)) {
                        // what is in the tier was damaged before it moved
                        damaged.add(pack.number());
                    }
                }
            } catch (IOException e) {
                failed = first(failed, e);
            }
        }
        if (failed == null && !isStopped.getAsBoolean()) {
            wholeTables = damages;
        }
        return failed;
    }

    @GuardedBy("using")
    private boolean isInNeedOfTable(ListedPack pack) throws IOException {
        return !damaged.contains(pack.number()) && !PackTableFile.isWhole(store.root(), pack.number(), pack.bytes());
    }

    private void makeTable(LogInTier tier, ListedPack pack, TierObject object) throws IOException {
        try {
            PackTableFile.write(tier.reader(pack, object, store.file(pack)), store.root());
            store.tableWritten(pack);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // the file stays as it was
        }
    }

    // ---------------------------------------------------------------- to the tier

    /** Whether the pack moved; false if it was merged, deleted or asked for meanwhile, or can't be read. */
    @GuardedBy("using")
    private boolean isMoved(LogInTier tier, ListedPack pack) throws IOException {
        try {
            TierObject object = uploaded(tier, pack);
            if (object == null) {
                return false;
            }
            boolean isMoved = store.whilePacking(() -> recorded(() -> store.toTier(pack, object)));
            if (isMoved) {
                events.tiered(pack, store.file(pack), tier.location(), TierNames.pack(pack.number(), object));
            }
            return isMoved;
        } finally {
            discardTable(pack);
        }
    }

    /** @return null if the pack was merged or deleted meanwhile, or can't be read */
    @GuardedBy("using")
    private @Nullable TierObject uploaded(LogInTier tier, ListedPack pack) throws IOException {
        try (LogFile file = LogFile.reading(store.file(pack))) {
            PackReader reader = store.reader(pack);
            // first: if the disk has no room for the table, nothing is uploaded in vain
            boolean unused = recorded(() -> {
                PackTableFile.prepare(reader, store.root());
                return true;
            });
            return tier.upload(pack, random.getAsLong(), file);
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // it stays as it is, and its readers are told
            damaged.add(pack.number());
            return null;
        } catch (NoSuchFileException e) {
            if (store.manifest().pack(pack.number()).isPresent()) {
                throw e;
            }
            return null;
        }
    }

    /** Deletes a table that wasn't listed; not if the log is closed, because the next writer may use the name. */
    private void discardTable(ListedPack pack) throws IOException {
        recording.lock();
        try {
            if (!isEnded) {
                Files.deleteIfExists(PackFiles.temporaryTable(store.root(), pack.number()));
            }
        } finally {
            recording.unlock();
        }
    }

    /** Changes the log's directory or its manifest, unless the log is being closed: {@link #end} waits for this, and for no call of the tier. */
    private boolean recorded(FileOperation<Boolean> step) throws IOException {
        recording.lock();
        try {
            if (isEnded) {
                throw new IOException("the log is being closed: root=" + store.root());
            }
            return step.run();
        } finally {
            recording.unlock();
        }
    }

    // ---------------------------------------------------------------- from the tier

    @Override
    public void fetch(ListedPack pack) throws IOException {
        fetching.lock();
        try {
            Manifest now = store.manifest();
            Optional<TierObject> object = now.object(pack.number());
            if (object.isPresent() && now.tier().isPresent()) {
                fetch(pack, object.get(), new LogInTier(folder, now.tier().get().id(), () -> isEnded));
            }
        } finally {
            fetching.unlock();
        }
    }

    @Override
    public void copy(ListedPack pack, TierObject object, Path file) throws IOException {
        LogTier bound = store.manifest().tier().orElseThrow();
        try {
            // the caller waits for this: its progress says nothing of a pass
            write(pack, object, new LogInTier(new TierFolder(settings.folder()), bound.id(), () -> isEnded), file);
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    /** Each piece is checked before it is written, so what was written is the pack. */
    private static void write(ListedPack pack, TierObject object, LogInTier tier, Path target) throws IOException {
        Path unused = LogFile.writeNew(target, file -> {
            tier.readAll(pack, object, (offset, piece) -> file.write(offset, piece));
            return target;
        });
    }

    private void fetch(ListedPack pack, TierObject object, LogInTier tier) throws IOException {
        // it is fetched to be written anew; if it filled the disk, there would be no room for appends
        if (!store.hasRoomFor(pack.bytes())) {
            throw new IOException("no space left for a pack from the tier and the pack that replaces it: bytes=" + pack.bytes() + ", file=" + store.file(pack)
                    + "; free twice that many bytes");
        }
        Path fetched = PackFiles.temporaryFetched(store.root(), pack.number(), random.getAsLong());
        try {
            write(pack, object, tier, fetched);
            boolean unusedToo = store.whilePacking(() -> recorded(() -> store.fromTier(pack, object, fetched)));
        } finally {
            Files.deleteIfExists(fetched);
        }
    }

    // ---------------------------------------------------------------- what the tier has

    @Override
    public void tidy() throws IOException {
        using.lock();
        try {
            if (!isUpToDate(store.settled())) {
                isTidy = false;
                progress.begins();
                TierFailure failed = tidy(claimed(() -> false)).notDeleted();
                if (failed != null) {
                    throw failed;
                }
            }
            // otherwise the tier isn't needed
        } finally {
            progress.ends();
            using.unlock();
        }
    }

    /**
     * What is in the tier.
     *
     * @param names before something was deleted
     * @param notDeleted why something couldn't be deleted; null if nothing failed
     */
    private record Tidied(List<String> names, @Nullable TierFailure notDeleted) {}

    /** Publishes what the tier has, and then deletes what that doesn't list: a reader that has only the tier finds each listed pack. */
    @GuardedBy("using")
    private Tidied tidy(LogInTier tier) throws IOException {
        Manifest now = store.settled();
        TierContent content = content(now);
        TierContent last = published;
        List<String> names = tier.list();
        boolean isEmpty = now.objects().isEmpty() && names.stream().noneMatch(name -> TierNames.parseContent(name).isPresent());
        if (!isEmpty && (last == null || !last.isSame(content))) {
            log.checkWriter();
            publish(tier, content);
            names = tier.list();
        }
        checkNobodyElseWrites(tier, names);
        Set<String> kept = packsIn(now);
        names.stream().filter(name -> TierNames.parseContent(name).isPresent()).max(String::compareTo).ifPresent(kept::add);
        // after listing: what a later writer has put there isn't in the list
        log.checkWriter();
        TierFailure notDeleted = delete(tier, names.stream().filter(name -> isOurs(name) && !kept.contains(name)).collect(Collectors.toSet()));
        isTidy = notDeleted == null;
        return new Tidied(names, notDeleted);
    }

    private static boolean isOurs(String name) {
        return TierNames.parsePack(name).isPresent() || TierNames.parseContent(name).isPresent();
    }

    /**
     * An object that can't be deleted doesn't keep others from being deleted; if many can't be, the tier may be away.
     *
     * @return the first failure; null if there was none
     */
    @GuardedBy("using")
    private @Nullable TierFailure delete(LogInTier tier, Set<String> names) {
        notDeleted.retainAll(names);
        Retries<String> retries = notDeleted;
        TierFailure first = null;
        int failed = 0;
        boolean isAnyDeleted = false;
        for (String name : names.stream().sorted(Comparator.<String>comparingLong(retries::rank).thenComparing(each -> each)).toList()) {
            try {
                tier.delete(name);
                notDeleted.succeeded(name);
                isAnyDeleted = true;
            } catch (TierFailure e) {
                failed++;
                first = first == null ? e : first;
                notDeleted.failed(name);
                if (failed == MAX_FAILED_DELETIONS) {
                    break;
                }
            }
        }
        try {
            if (isAnyDeleted) {
                tier.forceDeletions();
            }
        } catch (TierFailure e) {
            first = first == null ? e : first;
        }
        return first;
    }

    private static Set<String> packsIn(Manifest now) {
        return now.objects().entrySet().stream().map(each -> TierNames.pack(each.getKey(), each.getValue())).collect(Collectors.toSet());
    }

    /** The manifest has the serial before the tier does: so no serial in the tier is higher than the manifest's, unless another program gave it. */
    @GuardedBy("using")
    private void publish(LogInTier tier, TierContent content) throws IOException {
        LogTier bound = store.manifest().tier().orElseThrow();
        long serial = bound.serial() + 1;
        bind(bound.id(), serial);
        publishing = TierNames.content(serial, log.incarnation(), (int) random.getAsLong());
        // if it fails, it isn't known what the tier says
        published = null;
        tier.publish(content, publishing);
        published = content;
    }

    /** From now on nothing is recorded any more, however long a call of the tier takes. */
    public void end() {
        recording.lock();
        try {
            isEnded = true;
        } finally {
            recording.unlock();
        }
    }
}
