package dev.streamwal.ratis.shard;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.io.DirectoryTree;
import dev.streamwal.io.LogFile;
import dev.streamwal.ratis.repair.HeldImages;
import dev.streamwal.reader.WalReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.StreamCorruptedException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The files of one shard of a replica.
 *
 * <pre>
 * wal/                            the live log
 * wal.before/                     what was the live log of a single replica, until the next one is open
 * images/[term]-[index]/          an image: a closed log, and the state of the shard
 * images/new/                     one that is being made
 * images/fetched/                 a peer's that is being fetched, and checked
 * images/adopted-[term]-[index]/  a peer's, whole and durable: it takes the place of all others
 * damaged                         the log is to be fetched from a peer, and why
 * </pre>
 *
 * <p>An image gets its name when all in it is durable, and never changes. Only the newest one counts; it is there until the next one is. The live log is
 * thrown away at each start, and made of the newest image, so nothing of it needs to be durable.
 *
 * <p>Thread-safe as far as peers hold images; all else is for one thread.
 */
final class ShardFolder implements HeldImages {

    /** Where in an image its log is. */
    static final String WAL = "wal";
    private static final String STATE = "state";
    private static final Pattern NAME = Pattern.compile("(\\d+)-(\\d+)");
    private static final String ADOPTED = "adopted-";
    private static final int MAX_REASON_BYTES = 1 << 16;

    /**
     * A whole image.
     *
     * @param term of the last entry that was applied to it
     * @param index of that entry
     */
    record Image(long term, long index, Path folder) {

        Path wal() {
            return folder.resolve(WAL);
        }

        /**
         * @throws DamagedImageException if it is missing, damaged, or another image's
         * @throws OtherVersionException if another version wrote it
         */
        ShardState readState() throws IOException {
            ShardState state = readStateOf(folder);
            if (state.appliedTerm() != term || state.appliedIndex() != index) {
                throw new DamagedImageException("state of a shard is another image's: term=" + state.appliedTerm() + ", index=" + state.appliedIndex()
                        + ", folder=" + folder, null);
            }
            return state;
        }
    }

    private static ShardState readStateOf(Path folder) throws IOException {
        Path file = folder.resolve(STATE);
        if (!Files.exists(file)) {
            throw new DamagedImageException("image has no state of its shard: file=" + file, null);
        }
        try {
            return StateFile.read(file);
        } catch (OtherVersionException e) {
            throw e.at(file);
        } catch (StreamCorruptedException | EOFException e) {
            // what can't be read now isn't damaged
            throw new DamagedImageException(e.getMessage() + ", file=" + file, e);
        }
    }

    private final Path root;
    /** Which peers are fetching; once for each of them. */
    @GuardedBy("this")
    private final List<Path> held = new ArrayList<>();

    ShardFolder(Path root) {
        this.root = root;
    }

    /** The live log. */
    Path wal() {
        return root.resolve(WAL);
    }

    private Path images() {
        return root.resolve("images");
    }

    private Path unfinished() {
        return images().resolve("new");
    }

    /** Where a peer's image is put together. */
    Path fetched() {
        return images().resolve("fetched");
    }

    private Path damaged() {
        return root.resolve("damaged");
    }

    // ---------------------------------------------------------------- starting

    /** Leaves the newest image, or the one that was being adopted, and nothing else. To be called while nobody holds an image. */
    void clean() throws IOException {
        DirectoryForce.create(images());
        finishAdopting();
        DirectoryTree.delete(wal());
        DirectoryTree.delete(unfinished());
        DirectoryTree.delete(fetched());
        Optional<Image> newest = newest();
        for (Image each : all()) {
            if (!newest.equals(Optional.of(each))) {
                DirectoryTree.delete(each.folder());
            }
        }
    }

    /**
     * Before {@link #clean} deletes it, where no peer has another: if the image can't be opened, somebody may read it. One that was kept by a start before
     * stays: what is there now that one has begun to make of the image.
     */
    void keepLive() throws IOException {
        if (Files.exists(wal()) && !Files.exists(kept())) {
            Path unused = Files.move(wal(), kept(), StandardCopyOption.ATOMIC_MOVE);
        }
    }

    Path kept() {
        return root.resolve("wal.before");
    }

    /** The new live log is open. */
    void deleteKept() throws IOException {
        DirectoryTree.delete(kept());
    }

    Optional<Image> newest() throws IOException {
        return all().stream().max(Comparator.comparingLong(Image::index));
    }

    private List<Image> all() throws IOException {
        List<Image> all = new ArrayList<>();
        DirectoryListing.each(images(), each -> {
            Matcher name = NAME.matcher(each.getFileName().toString());
            if (name.matches()) {
                all.add(new Image(Long.parseLong(name.group(1)), Long.parseLong(name.group(2)), each));
            }
        });
        return all;
    }

    /** Makes the live log of an image, which stays as it is. */
    void restore(Image image) throws IOException {
        DirectoryTree.delete(wal());
        try (WalReader reader = WalReader.open(image.wal())) {
            reader.checkpoint(wal());
        }
    }

    // ---------------------------------------------------------------- images

    /** Makes an image of the live log, which is closed, and of the state. When it returns, this image is the one that counts, also after a crash. */
    Image makeImage(ShardState state) throws IOException {
        DirectoryTree.delete(unfinished());
        Files.createDirectories(unfinished());
        try (WalReader reader = WalReader.open(wal())) {
            reader.checkpoint(unfinished().resolve(WAL));
        }
        StateFile.write(state, unfinished().resolve(STATE));
        DirectoryTree.forceNames(unfinished());
        Path folder = images().resolve(nameOf(state));
        Path unused = Files.move(unfinished(), folder, StandardCopyOption.ATOMIC_MOVE);
        DirectoryForce.force(images());
        return new Image(state.appliedTerm(), state.appliedIndex(), folder);
    }

    /**
     * The peer's image that was fetched.
     *
     * @throws DamagedImageException if its state is missing or damaged
     * @throws OtherVersionException if another version made it
     */
    Image fetchedImage() throws IOException {
        ShardState state = readStateOf(fetched());
        return new Image(state.appliedTerm(), state.appliedIndex(), fetched());
    }

    /**
     * Makes the image that was fetched the only one: the replica's own may be what is damaged, also where they are of later entries, or of the same. To be
     * called when it is durable, and was found to be one that a shard can begin with.
     *
     * <p><b>Why a crash loses nothing.</b> The first step is one rename, which is forced. Before it nothing of the replica's own has changed, neither its
     * images nor the mark: the next start throws away what was fetched, and finds what this one has found. Behind it {@link #clean} takes the steps
     * that are left, whichever were taken, and needs no peer:
     *
     * <ol>
     *   <li>What was fetched is renamed to {@code adopted-[term]-[index]}. No image counts any more but that.
     *   <li>The replica's own images are deleted. It is forced, so that none comes back beside the new one when that has its name: one of a later entry
     *       would count instead.
     *   <li>The mark is deleted, and that is forced. What it was set for has gone.
     *   <li>The adopted image gets its name, which nothing else has by then.
     * </ol>
     *
     * <p>So at each moment there is, durably, either all that the replica had before, or the whole new image under one of two names.
     */
    void adoptFetched() throws IOException {
        Path unused = Files.move(fetched(), images().resolve(ADOPTED + nameOf(readStateOf(fetched()))), StandardCopyOption.ATOMIC_MOVE);
        DirectoryForce.force(images());
        finishAdopting();
    }

    private void finishAdopting() throws IOException {
        Optional<Path> adopted = adopted();
        if (adopted.isEmpty()) {
            return;
        }
        for (Image each : all()) {
            DirectoryTree.delete(each.folder());
        }
        DirectoryForce.force(images());
        Files.deleteIfExists(damaged());
        DirectoryForce.force(root);
        Path named = images().resolve(adopted.get().getFileName().toString().substring(ADOPTED.length()));
        Path unused = Files.move(adopted.get(), named, StandardCopyOption.ATOMIC_MOVE);
        DirectoryForce.force(images());
    }

    /** There is one at most: a start finishes it before it fetches another one. */
    private Optional<Path> adopted() throws IOException {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(images(), ADOPTED + "*")) {
            Iterator<Path> found = folders.iterator();
            return found.hasNext() ? Optional.of(found.next()) : Optional.empty();
        }
    }

    private static String nameOf(ShardState state) {
        return state.appliedTerm() + "-" + state.appliedIndex();
    }

    /** Deletes the images before this one, but for those that peers are fetching: they go with a later image, or at the next start. */
    void deleteBefore(Image newest) throws IOException {
        Set<Path> kept;
        synchronized (this) {
            kept = new HashSet<>(held);
        }
        for (Image each : all()) {
            if (each.index() < newest.index() && !kept.contains(each.folder())) {
                DirectoryTree.delete(each.folder());
            }
        }
    }

    @Override
    public synchronized Held hold() throws IOException {
        Image newest = newest().orElseThrow(() -> new IOException("replica has no image yet: folder=" + root + "; ask another one, or later"));
        held.add(newest.folder());
        return new Held(newest.folder(), newest.index());
    }

    @Override
    public synchronized void release(Held image) {
        boolean unused = held.remove(image.folder());
    }

    // ---------------------------------------------------------------- damage

    /** From the next start on; a marker that can't be written changes nothing else. */
    void wantRepair(String reason) throws IOException {
        LogFile.replace(root.resolve("damaged.new"), damaged(), file -> file.write(0, ByteBuffer.wrap(reason.getBytes(UTF_8))));
    }

    /** @throws DamagedImageException if the log is to be fetched from a peer, and why */
    void checkNoRepairIsWanted() throws DamagedImageException {
        if (isRepairWanted()) {
            throw new DamagedImageException("log was found damaged before this start: because: " + repairReason() + ", file=" + damaged(), null);
        }
    }

    /** The reason, for people to read. It stands in the mark's own file. */
    private String repairReason() {
        try {
            return LogFile.readSmall(damaged(), MAX_REASON_BYTES).map(bytes -> new String(bytes, UTF_8)).orElse("unknown");
        } catch (IOException e) {
            return "unknown, because the mark can't be read: " + e.getMessage();
        }
    }

    boolean isRepairWanted() {
        return Files.exists(damaged());
    }

    @Override
    public String toString() {
        return root.toString();
    }
}
