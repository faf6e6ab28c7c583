package dev.streamwal.ratis.shard;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import dev.streamwal.ratis.repair.Folders;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * The files of one shard of a replica.
 *
 * <pre>
 * log/wal     the records: a log of stream-wal
 * log/state   what is known of it at an applied index
 * incoming/   a peer's checkpoint that is being fetched
 * ready/      one that is complete, and takes the place of log/
 * outgoing/   checkpoints that peers fetch
 * damaged     the log is to be fetched from a peer, and why
 * </pre>
 *
 * <p>Why the switch is all or nothing: {@code incoming} becomes {@code ready} by one rename, when all in it is durable. From then on {@link #finishSwitch}
 * does the same whenever it is called: the old log is deleted, also where that was begun before, and {@code ready} becomes {@code log}. Before it the old log
 * is there, with all that it had.
 */
final class ShardFolder {

    static final String WAL = "wal";
    private static final String STATE = "state";

    private final Path root;

    ShardFolder(Path root) {
        this.root = root;
    }

    Path wal() {
        return log().resolve(WAL);
    }

    Path incoming() {
        return root.resolve("incoming");
    }

    Path outgoing() {
        return root.resolve("outgoing");
    }

    private Path log() {
        return root.resolve("log");
    }

    private Path ready() {
        return root.resolve("ready");
    }

    private Path damaged() {
        return root.resolve("damaged");
    }

    /** What was fetched is the log, once this returns or {@link #finishSwitch} is called later. */
    void switchToIncoming() throws IOException {
        Path unused = Files.move(incoming(), ready(), StandardCopyOption.ATOMIC_MOVE);
        DirectoryForce.force(root);
        finishSwitch();
    }

    /** Whatever was cut short is complete, or gone. */
    void finishSwitch() throws IOException {
        Files.createDirectories(root);
        Folders.delete(incoming());
        if (Files.exists(ready())) {
            Folders.delete(log());
            Path unused = Files.move(ready(), log(), StandardCopyOption.ATOMIC_MOVE);
            DirectoryForce.force(root);
            Files.deleteIfExists(damaged());
            DirectoryForce.force(root);
        }
        Files.createDirectories(log());
    }

    /** Empty where none was ever saved. */
    Optional<ShardState> readState() throws IOException {
        Path file = log().resolve(STATE);
        return Files.exists(file) ? Optional.of(ShardState.decode(Files.readAllBytes(file))) : Optional.empty();
    }

    /** Durable when it returns; until then the old state is there. */
    void saveState(ShardState state) throws IOException {
        byte[] bytes = state.encode();
        LogFile.replace(log().resolve(STATE + ".new"), log().resolve(STATE), file -> file.write(0, ByteBuffer.wrap(bytes)));
    }

    /** Beside a copy of the log, for a peer. */
    static void writeState(Path checkpoint, ShardState state) throws IOException {
        Files.write(checkpoint.resolve(STATE), state.encode());
    }

    /** From the next opening on; opening doesn't ask twice, and a marker that can't be written changes nothing else. */
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
