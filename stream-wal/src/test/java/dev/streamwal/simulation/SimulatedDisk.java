package dev.streamwal.simulation;

import dev.streamwal.simulation.NameChange.Setting;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/**
 * A disk in memory, with the machine's page cache over it: what processes see is one thing, what would be left after a power loss is
 * another. It records all that is done to it and can produce, for every moment of its history, every state that a crash at that moment
 * may leave. Everything on it goes through {@link #fileSystem()}.
 *
 * <h2>Fault model</h2>
 *
 * <p><b>The end of a process</b> ({@link #kill()}) loses nothing: the page cache stays, with what was stored through mappings.
 *
 * <p><b>A crash of the machine</b> ({@link #crashPoint(int)}) leaves
 *
 * <ul>
 *   <li>of each sector of 512 bytes any of the contents that it had since its file was last forced, each sector for itself: so what was
 *       written and not forced is lost, kept, or kept in part and in any order, and torn at sectors' borders, never within one;
 *   <li>of each file the length it had at any moment since it was last forced. Where a file was cut and the cut survived, what had been
 *       behind it is gone for good, and what is extended over it holds zeros or what was written later. Where a file was extended and its
 *       sectors weren't written back, they hold zeros;
 *   <li>of the changes to names (create, rename, link, delete, make and remove directories) that were made since the directory was last
 *       forced any subset: each for itself lost or kept, in its order. A rename is one change, also between directories, where a force
 *       of either makes it durable. What is in a directory whose own name is lost is lost;
 *   <li>whatever was forced. Forcing a file makes its content and its length durable, not its name; forcing a directory makes the names
 *       in it durable, not its own, and nothing of the files.
 * </ul>
 *
 * <p><b>Mapped files</b> share memory with the page cache. What is stored through a mapping is found by comparing it with what was there,
 * before each operation and at each {@link #mark()}; any of its sectors may have been written back with any content that it had at one of
 * these moments. A store behind the end of the file, or into a hole, would be a SIGBUS, and is an {@code AssertionError}.
 *
 * <p><b>Faults</b> ({@link FaultPlan}): a call fails and leaves nothing; a write is done by half, says so, and the next one to that file
 * fails; a disk without room takes as many bytes as fit and then refuses. A force of a file that fails leaves the pages clean: a later
 * force doesn't write them, though they can be read, and a crash may lose them, until they are written again. A force of a directory that
 * fails has no such memory.
 *
 * <p><b>Bad sectors</b> ({@link #bad}): reading them fails, by any name of the file, and whatever is written to them; mappings don't notice.
 *
 * <p>Not in the model: bytes that rot, a disk that loses what it has acknowledged (but for {@link Lies}),
 * writes that reach another place than meant.
 *
 * <p>The numbers of operations are the only clock. Thread-safe, and deterministic where one thread uses it.
 */
public final class SimulatedDisk {

    private static final long NO_LIMIT = Long.MAX_VALUE;

    private final DiskNode.Directory root;
    private final long capacitySectors;
    private final List<Operation> history = new ArrayList<>();
    private final List<Object> names = new ArrayList<>();
    private final List<DiskFile> files = new ArrayList<>();
    private final List<DiskFile> mapped = new ArrayList<>();
    private final List<PendingForce> heldForces = new ArrayList<>();
    private boolean deletedSinceHeld;
    private final List<PendingForce> lateForces = new ArrayList<>();
    private SimulatedFileSystem fileSystem = new SimulatedFileSystem(this);
    private final List<SimulatedFileSystem> beside = new ArrayList<>();
    private FaultPlan.Count faults = new FaultPlan.Count(FaultPlan.NONE);
    private DiskFile failsNext;
    private Lies lies = Lies.NONE;
    private int nodes = 1;
    private long usedSectors;
    private int calls;
    /** So many calls that only look are to come before {@link #meanwhile}. */
    private int looksBefore;
    private Runnable meanwhile;
    private volatile long readNanos;
    private final List<String> failures = new ArrayList<>();

    /** A force of a directory, among the changes to names. */
    record DirectoryForced(int operation, DiskNode.Directory directory) {}

    /** A force that was acknowledged and hasn't happened. */
    private record PendingForce(DiskFile file, int upTo, int due) {}

    /** An empty disk with room for everything. */
    public SimulatedDisk() {
        this(NO_LIMIT);
    }

    /** An empty disk. */
    public SimulatedDisk(long capacityBytes) {
        this(new DiskNode.Directory(0, Collections.emptyMap()), List.of(), 1, capacityBytes);
    }

    /** All that is there is durable. */
    SimulatedDisk(DiskNode.Directory root, List<DiskFile> files, int nodes, long capacityBytes) {
        this.root = root;
        this.nodes = nodes;
        this.capacitySectors = capacityBytes == NO_LIMIT ? NO_LIMIT : capacityBytes / DiskFile.SECTOR_BYTES;
        this.files.addAll(files);
        for (DiskFile file : files) {
            usedSectors += file.allocated();
        }
    }

    // ---------------------------------------------------------------- what tests ask for

    /** What the running process sees; another one after {@link #kill()}. */
    public synchronized SimulatedFileSystem fileSystem() {
        return fileSystem;
    }

    /** A path in {@link #fileSystem()}. */
    public Path path(String first, String... more) {
        return fileSystem().getPath(first, more);
    }

    /** A path as one more process sees it, which {@link #kill()} doesn't end. */
    public synchronized Path besidePath(String first) {
        SimulatedFileSystem other = new SimulatedFileSystem(this);
        beside.add(other);
        return other.getPath(first);
    }

    /** From now on these calls fail; counting begins. */
    public synchronized void failing(FaultPlan plan) {
        faults = new FaultPlan.Count(plan);
        failsNext = null;
    }

    /** From now on a read fails that touches these bytes of the file, under whichever name. */
    public synchronized void bad(Path path, long from, long to) {
        ((DiskFile) find((SimulatedPath) path)).bad(from, to);
    }

    /** All can be read again. */
    public synchronized void repaired(Path path) {
        bad(path, 0, 0);
    }

    /** From now on it lies. */
    public synchronized void lying(Lies newLies) {
        lies = newLies;
    }

    /** Right before the nth call that only looks, counted from 1 and from now on, something else is done; null for nothing. */
    public synchronized void meanwhile(int nth, Runnable what) {
        looksBefore = nth;
        meanwhile = what;
    }

    /** From now on a read takes so long at least; reads of several threads wait at the same time. */
    public void readsTake(long nanos) {
        readNanos = nanos;
    }

    /** Calls so far, those that only look among them. */
    public synchronized int calls() {
        return calls;
    }

    /** The calls that failed because they were meant to, or for want of room, each with the number of the last operation before it. */
    public synchronized List<String> failures() {
        return List.copyOf(failures);
    }

    /** Operations so far that changed something, or forced it, or failed to. */
    public synchronized int operations() {
        return history.size();
    }

    /** What the operation with this number was, from 1. */
    synchronized Operation operation(int number) {
        return history.get(number - 1);
    }

    /** The whole history, for people. */
    public synchronized List<String> history() {
        List<String> lines = new ArrayList<>(history.size());
        for (int i = 0; i < history.size(); i++) {
            lines.add((i + 1) + " " + history.get(i));
        }
        return lines;
    }

    /** What processes see: each path, with the bytes of a file; a directory has none, and a slash behind its name. */
    public synchronized Map<String, byte[]> content() {
        Map<String, byte[]> content = new TreeMap<>();
        takeStores();
        addContent("/", root, content);
        return content;
    }

    private static void addContent(String path, DiskNode.Directory directory, Map<String, byte[]> content) {
        directory.entries.forEach((name, node) -> {
            if (node instanceof DiskFile file) {
                byte[] bytes = new byte[(int) file.length()];
                int unused = file.read(0, ByteBuffer.wrap(bytes));
                content.put(path + name, bytes);
            } else if (node instanceof DiskNode.Directory inner) {
                content.put(path + name + "/", new byte[0]);
                addContent(path + name + "/", inner, content);
            }
        });
    }

    /** Of names, links, lengths, bytes and holes of a disk that no process uses: where it is the same, processes find the same. */
    synchronized ContentHash.Value contentHash() {
        ContentHash hash = new ContentHash();
        addTo(hash, root);
        return hash.value();
    }

    private static void addTo(ContentHash hash, DiskNode.Directory directory) {
        hash.add(directory.entries.size());
        directory.entries.forEach((name, node) -> {
            hash.add(name);
            hash.add(node instanceof DiskFile ? 1 : 0);
            if (node instanceof DiskFile file) {
                // tells which names are links to one file
                hash.add(file.links() > 1 ? file.number() : -1);
                file.addTo(hash);
            } else {
                addTo(hash, (DiskNode.Directory) node);
            }
        });
    }

    /** Differs where two histories differ in an operation or in a byte. */
    public synchronized long historyHash() {
        long hash = 17;
        for (Operation operation : history) {
            hash = hash * 1_000_003 + operation.toString().hashCode();
        }
        for (DiskFile file : files) {
            for (DiskFile.Event event : file.events()) {
                hash = hash * 31 + event.operation();
                if (event instanceof DiskFile.Written written) {
                    hash = (hash * 31 + written.sector()) * 1_000_003 + Arrays.hashCode(written.content());
                } else if (event instanceof DiskFile.Resized resized) {
                    hash = hash * 31 + resized.length();
                }
            }
        }
        return hash;
    }

    /** A moment between two calls: takes what was stored through mappings. The number of the last operation, a crash point. */
    public synchronized int mark() {
        takeStores();
        return history.size();
    }

    /** The process ends, whatever it was doing: from now on its file system refuses everything, and its mappings lead nowhere. */
    public synchronized void kill() {
        takeStores();
        for (DiskFile file : mapped) {
            file.unmap();
        }
        mapped.clear();
        fileSystem = new SimulatedFileSystem(this);
    }

    /** A crash right after the operation with this number; 0: before the first. */
    public synchronized CrashPoint crashPoint(int operation) {
        if (operation < 0 || operation > history.size()) {
            throw new IllegalArgumentException("there are " + history.size() + " operations: " + operation);
        }
        return new CrashPoint(root, names, operation, capacitySectors == NO_LIMIT ? NO_LIMIT : capacitySectors * DiskFile.SECTOR_BYTES);
    }

    long totalBytes() {
        return capacitySectors == NO_LIMIT ? NO_LIMIT : capacitySectors * DiskFile.SECTOR_BYTES;
    }

    synchronized long usableBytes() {
        return capacitySectors == NO_LIMIT ? NO_LIMIT : (capacitySectors - usedSectors) * DiskFile.SECTOR_BYTES;
    }

    // ---------------------------------------------------------------- what every call does first and last

    /** @return whether a write is to be short */
    private boolean begin(SimulatedFileSystem by, Call call, String path) throws IOException {
        if (by != fileSystem && !beside.contains(by)) {
            throw new Killed(call + " " + path);
        }
        if (call.changes()) {
            takeStores();
        }
        calls++;
        if (!faults.fails(call, path)) {
            return false;
        }
        FaultPlan.Failure failure = faults.plan().failure();
        if (call == Call.WRITE && failure.isShortWrite()) {
            return true;
        }
        throw failed(call, path, failure);
    }

    private IOException failed(Call call, String path, FaultPlan.Failure failure) {
        failures.add(history.size() + " " + call + " " + path + ": " + failure);
        if (call.changes()) {
            record(call, path, "", 0, 0, "fails: " + failure);
        }
        return failure.exception(call, path);
    }

    /** @return its number */
    private int record(Call call, String path, String other, long offset, long bytes, String outcome) {
        history.add(new Operation(call, path, other, offset, bytes, outcome));
        int number = history.size();
        for (PendingForce late : lateForces) {
            if (late.due == number) {
                late.file.forced(number, late.upTo);
            }
        }
        return number;
    }

    private void takeStores() {
        for (DiskFile file : mapped) {
            if (file.hasStores()) {
                int number = history.size() + 1;
                int sectors = file.takeStores(number);
                int same = record(Call.STORE, "#" + file.number(), "", 0, sectors, "");
                file.modified(same);
            }
        }
    }

    /** What was deleted and is still open takes room that isn't counted. */
    private void charge(DiskFile file, long sectors) {
        usedSectors += file.links() > 0 ? sectors : 0;
    }

    // ---------------------------------------------------------------- looking

    synchronized void look(SimulatedFileSystem by, Call call, String path) throws IOException {
        Runnable what = meanwhile;
        if (what != null && --looksBefore == 0) {
            meanwhile = null;
            what.run();
        }
        boolean unused = begin(by, call, path);
    }

    /** What a path stands for; null where there is nothing. */
    synchronized DiskNode find(SimulatedPath path) {
        DiskNode node = root;
        for (int i = 0; i < path.getNameCount(); i++) {
            if (!(node instanceof DiskNode.Directory directory)) {
                return null;
            }
            node = directory.entries.get(path.nameAt(i));
            if (node == null) {
                return null;
            }
        }
        return node;
    }

    DiskNode existing(SimulatedPath path) throws IOException {
        DiskNode node = find(path);
        if (node != null) {
            return node;
        }
        if (isBelowFile(path)) {
            throw new FileSystemException(path.toString(), null, "Not a directory");
        }
        throw new Missing(path.toString());
    }

    private boolean isBelowFile(SimulatedPath path) {
        for (SimulatedPath above = path.getParent(); above != null; above = above.getParent()) {
            if (find(above) instanceof DiskFile) {
                return true;
            }
        }
        return false;
    }

    private DiskNode.Directory parent(SimulatedPath path) throws IOException {
        SimulatedPath parent = path.getParent();
        if (parent == null) {
            throw new FileSystemException(path.toString(), null, "the root can't be changed");
        }
        if (existing(parent) instanceof DiskNode.Directory directory) {
            return directory;
        }
        throw new FileSystemException(path.toString(), null, "Not a directory");
    }

    synchronized List<String> list(SimulatedFileSystem by, SimulatedPath path) throws IOException {
        look(by, Call.LIST, path.toString());
        if (find(path) instanceof DiskNode.Directory directory) {
            return List.copyOf(directory.entries.keySet());
        }
        if (find(path) == null && !isBelowFile(path)) {
            throw new Missing(path.toString());
        }
        throw new NotDirectoryException(path.toString());
    }

    // ---------------------------------------------------------------- files

    int read(SimulatedFileSystem by, DiskFile file, String path, long offset, ByteBuffer target) throws IOException {
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < readNanos) {
            LockSupport.parkNanos(readNanos);
        }
        return readNow(by, file, path, offset, target);
    }

    private synchronized int readNow(SimulatedFileSystem by, DiskFile file, String path, long offset, ByteBuffer target) throws IOException {
        look(by, Call.READ, path);
        if (file.hasStores()) {
            takeStores();
        }
        if (file.isBad(offset, target.remaining())) {
            throw failed(Call.READ, path, FaultPlan.Failure.IO_ERROR);
        }
        return file.read(offset, target);
    }

    synchronized long length(SimulatedFileSystem by, DiskFile file, String path) throws IOException {
        look(by, Call.LOOK, path);
        return file.length();
    }

    synchronized int write(SimulatedFileSystem by, DiskFile file, String path, long offset, ByteBuffer source) throws IOException {
        if (file == failsNext) {
            failsNext = null;
            throw failed(Call.WRITE, path, faults.plan().failure());
        }
        boolean isShort = begin(by, Call.WRITE, path);
        int count = source.remaining();
        if (isShort) {
            if (count < 2) {
                throw failed(Call.WRITE, path, faults.plan().failure());
            }
            count /= 2;
            failsNext = file;
        }
        if (usedSectors + file.neededFor(offset, count) > capacitySectors) {
            count = fitting(file, offset, count);
            if (count == 0) {
                throw failed(Call.WRITE, path, FaultPlan.Failure.DISK_FULL);
            }
        }
        charge(file, file.neededFor(offset, count));
        int number = record(Call.WRITE, path, "", offset, count, count == source.remaining() ? "" : "short of " + source.remaining());
        file.write(number, offset, source, count);
        file.modified(number);
        return count;
    }

    private int fitting(DiskFile file, long offset, int wanted) {
        int fits = (int) Math.min(wanted, DiskFile.SECTOR_BYTES - offset % DiskFile.SECTOR_BYTES);
        if (usedSectors + file.neededFor(offset, fits) > capacitySectors) {
            return 0;
        }
        while (fits < wanted && usedSectors + file.neededFor(offset, Math.min(wanted, fits + DiskFile.SECTOR_BYTES)) <= capacitySectors) {
            fits = Math.min(wanted, fits + DiskFile.SECTOR_BYTES);
        }
        return fits;
    }

    /** Cuts or extends. */
    synchronized void resize(SimulatedFileSystem by, DiskFile file, String path, long length) throws IOException {
        boolean unused = begin(by, Call.TRUNCATE, path);
        int number = record(Call.TRUNCATE, path, "", length, 0, "");
        long before = file.allocated();
        file.resize(number, length);
        charge(file, file.allocated() - before);
        file.modified(number);
    }

    synchronized void force(SimulatedFileSystem by, DiskFile file, String path) throws IOException {
        try {
            boolean unused = begin(by, Call.FORCE, path);
        } catch (IOException e) {
            file.forceFailed(history.size());
            throw e;
        }
        if (lies.ignored().test(path)) {
            record(Call.FORCE, path, "", 0, 0, "ignored");
        } else if (lies.late().test(path)) {
            int number = record(Call.FORCE, path, "", 0, 0, "late");
            lateForces.add(new PendingForce(file, number, number + 2));
        } else if (lies.held().test(path)) {
            int number = record(Call.FORCE, path, "", 0, 0, "held back");
            heldForces.add(new PendingForce(file, number, 0));
            deletedSinceHeld = false;
        } else {
            int number = record(Call.FORCE, path, "", 0, 0, "");
            file.forced(number, number);
        }
    }

    synchronized ByteBuffer map(SimulatedFileSystem by, DiskFile file, String path, int capacity) throws IOException {
        look(by, Call.LOOK, path);
        if (file.length() < capacity) {
            resize(by, file, path, capacity);
        }
        mapped.add(file);
        return file.map(capacity);
    }

    synchronized void unmap(SimulatedFileSystem by, DiskFile file, ByteBuffer memory) {
        if (by == fileSystem) {
            takeStores();
            file.unmap();
            mapped.remove(file);
        }
        DirectMemory.give(memory);
    }

    // ---------------------------------------------------------------- names

    private int changeNames(Call call, String path, String other, Setting... settings) {
        int number = record(call, path, other, 0, 0, "");
        for (Setting setting : settings) {
            DiskNode before = setting.directory().entries.get(setting.name());
            setting.apply(setting.directory().entries);
            setting.directory().modified(number);
            link(setting.node(), 1);
            link(before, -1);
        }
        names.add(new NameChange(number, operation(number).toString(), List.of(settings)));
        return number;
    }

    private void link(DiskNode node, int by) {
        if (node instanceof DiskFile file) {
            file.linked(by);
            if (by < 0 && file.links() == 0) {
                usedSectors -= file.allocated();
            }
        }
    }

    /** @return the new file */
    synchronized DiskFile create(SimulatedFileSystem by, SimulatedPath path) throws IOException {
        boolean unused = begin(by, Call.CREATE, path.toString());
        DiskNode.Directory directory = parent(path);
        checkFree(directory, path);
        DiskFile file = DiskFile.empty(nodes++);
        files.add(file);
        file.modified(changeNames(Call.CREATE, path.toString(), "", new Setting(directory, path.name(), file)));
        return file;
    }

    synchronized void createDirectory(SimulatedFileSystem by, SimulatedPath path) throws IOException {
        if (path.getNameCount() == 0) {
            throw new Taken(path.toString());
        }
        DiskNode.Directory parent = parent(path);
        // looked at first, as who makes directories mostly finds that they are there
        checkFree(parent, path);
        boolean unused = begin(by, Call.MAKE_DIRECTORY, path.toString());
        DiskNode.Directory made = new DiskNode.Directory(nodes++, Collections.emptyMap());
        made.modified(changeNames(Call.MAKE_DIRECTORY, path.toString(), "", new Setting(parent, path.name(), made)));
    }

    private static void checkFree(DiskNode.Directory directory, SimulatedPath path) throws IOException {
        if (directory.entries.containsKey(path.name())) {
            throw new Taken(path.toString());
        }
    }

    /** @param atomic then what is there is replaced */
    synchronized void rename(SimulatedFileSystem by, SimulatedPath from, SimulatedPath to, boolean atomic) throws IOException {
        boolean unused = begin(by, Call.RENAME, from.toString());
        if (atomic) {
            // in the system's order; otherwise Java looks for the file first
            DiskNode.Directory unusedToo = parent(from);
            unusedToo = parent(to);
        }
        DiskNode moved = existing(from);
        DiskNode.Directory target = parent(to);
        DiskNode replaced = target.entries.get(to.name());
        if (moved.equals(replaced)) {
            return;
        }
        if (replaced != null && !atomic) {
            throw new Taken(to.toString());
        }
        if (replaced instanceof DiskNode.Directory directory && !directory.entries.isEmpty()) {
            throw new DirectoryNotEmptyException(to.toString());
        }
        if (to.startsWith(from)) {
            throw new FileSystemException(from.toString(), to.toString(), "Invalid argument");
        }
        changeNames(Call.RENAME, from.toString(), to.toString(), new Setting(target, to.name(), moved),
                new Setting(parent(from), from.name(), null));
    }

    synchronized void link(SimulatedFileSystem by, SimulatedPath existing, SimulatedPath link) throws IOException {
        boolean unused = begin(by, Call.LINK, link.toString());
        DiskNode file = existing(existing);
        if (!(file instanceof DiskFile)) {
            throw new FileSystemException(link.toString(), existing.toString(), "Operation not permitted");
        }
        DiskNode.Directory directory = parent(link);
        checkFree(directory, link);
        changeNames(Call.LINK, existing.toString(), link.toString(), new Setting(directory, link.name(), file));
    }

    synchronized void delete(SimulatedFileSystem by, SimulatedPath path) throws IOException {
        DiskNode node = existing(path);
        Call call = node instanceof DiskFile ? Call.DELETE : Call.REMOVE_DIRECTORY;
        boolean unused = begin(by, call, path.toString());
        if (node instanceof DiskNode.Directory directory && !directory.entries.isEmpty()) {
            throw new DirectoryNotEmptyException(path.toString());
        }
        int unusedNumber = changeNames(call, path.toString(), "", new Setting(parent(path), path.name(), null));
        deletedSinceHeld |= call == Call.DELETE;
    }

    /** A deletion is durable: so are the forces that were held back behind it. */
    private void releaseHeld(int number) {
        if (deletedSinceHeld) {
            heldForces.forEach(held -> held.file.forced(number, held.upTo));
            heldForces.clear();
        }
    }

    synchronized void forceDirectory(SimulatedFileSystem by, DiskNode.Directory directory, String path) throws IOException {
        boolean unused = begin(by, Call.FORCE_DIRECTORY, path);
        boolean ignored = lies.ignoredDirectories().test(path);
        int number = record(Call.FORCE_DIRECTORY, path, "", 0, 0, ignored ? "ignored" : "");
        if (!ignored) {
            releaseHeld(number);
            names.add(new DirectoryForced(number, directory));
        }
    }
}
