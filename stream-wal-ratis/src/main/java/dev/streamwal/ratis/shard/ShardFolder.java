package dev.streamwal.ratis.shard;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import dev.streamwal.ratis.repair.Folders;
import dev.streamwal.ratis.repair.HeldImages;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The files of one shard of a replica.
 *
 * <pre>
 * wal/                       the live log
 * images/[term]-[index]/     an image: a closed log, and the state of the shard
 * images/new/                one that is being made
 * images/fetched/            a peer's that is being fetched
 * damaged                    the log is to be fetched from a peer, and why
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

        /** Empty where it is damaged, or another image's. */
        Optional<ShardState> readState() throws IOException {
            if (!Files.exists(folder.resolve(STATE))) {
                return Optional.empty();
            }
            byte[] bytes = Files.readAllBytes(folder.resolve(STATE));
            try {
                return Optional.of(ShardState.decode(bytes)).filter(state -> state.appliedTerm() == term && state.appliedIndex() == index);
            } catch (IOException damaged) {
                return Optional.empty();
            }
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

    /** Leaves the newest image, and nothing else. To be called while nobody holds an image. */
    void clean() throws IOException {
        Files.createDirectories(images());
        Folders.delete(wal());
        Folders.delete(unfinished());
        Folders.delete(fetched());
        Optional<Image> newest = newest();
        for (Image each : all()) {
            if (!newest.equals(Optional.of(each))) {
                Folders.delete(each.folder());
            }
        }
    }

    Optional<Image> newest() throws IOException {
        return all().stream().max(Comparator.comparingLong(Image::index));
    }

    private List<Image> all() throws IOException {
        List<Image> all = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(images())) {
            for (Path each : folders) {
                Matcher name = NAME.matcher(each.getFileName().toString());
                if (name.matches()) {
                    all.add(new Image(Long.parseLong(name.group(1)), Long.parseLong(name.group(2)), each));
                }
            }
        }
        return all;
    }

    /** Makes the live log of an image, which stays as it is. */
    void restore(Image image) throws IOException {
        Folders.delete(wal());
        try (WalReader reader = WalReader.open(image.wal())) {
            reader.checkpoint(wal());
        }
    }

    // ---------------------------------------------------------------- images

    /** Makes an image of the live log, which is closed, and of the state. When it returns, this image is the one that counts, also after a crash. */
    Image makeImage(ShardState state) throws IOException {
        Folders.delete(unfinished());
        Files.createDirectories(unfinished());
        try (WalReader reader = WalReader.open(wal())) {
            reader.checkpoint(unfinished().resolve(WAL));
        }
        byte[] bytes = state.encode();
        Path unused = LogFile.writeNew(unfinished().resolve(STATE), file -> {
            file.write(0, ByteBuffer.wrap(bytes));
            return unfinished();
        });
        return name(unfinished(), state);
    }

    /** Makes the image that was fetched the only one: the replica's own may be what is damaged. */
    void adoptFetched() throws IOException {
        ShardState state = ShardState.decode(Files.readAllBytes(fetched().resolve(STATE)));
        Folders.delete(folder(state));
        Image adopted = name(fetched(), state);
        for (Image each : all()) {
            if (!each.equals(adopted)) {
                Folders.delete(each.folder());
            }
        }
        DirectoryForce.force(images());
        Files.deleteIfExists(damaged());
        DirectoryForce.force(root);
    }

    private Path folder(ShardState state) {
        return images().resolve(state.appliedTerm() + "-" + state.appliedIndex());
    }

    private Image name(Path complete, ShardState state) throws IOException {
        Folders.forceNames(complete);
        Path folder = folder(state);
        Path unused = Files.move(complete, folder, StandardCopyOption.ATOMIC_MOVE);
        DirectoryForce.force(images());
        return new Image(state.appliedTerm(), state.appliedIndex(), folder);
    }

    /** Deletes the images before this one, but for those that peers are fetching: they go with a later image, or at the next start. */
    void deleteBefore(Image newest) throws IOException {
        Set<Path> kept;
        synchronized (this) {
            kept = new HashSet<>(held);
        }
        for (Image each : all()) {
            if (each.index() < newest.index() && !kept.contains(each.folder())) {
                Folders.delete(each.folder());
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

    boolean isRepairWanted() {
        return Files.exists(damaged());
    }

    @Override
    public String toString() {
        return root.toString();
    }
}
